"""Six ways to look, against NumPy; masks; sizes that do not fit."""

import numpy as np
import pytest
import tensorflow as tf

from seqapps.layers.cross_attention import KINDS, CrossAttention

BATCH, TIME, SOURCE, UNITS = 3, 5, 7, 22
LENGTHS = [7, 4, 1]


@pytest.fixture
def tensors():
    random = np.random.default_rng(0)
    queries = random.normal(size=[BATCH, TIME, UNITS]).astype("float32")
    memory = random.normal(size=[BATCH, SOURCE, UNITS]).astype("float32")
    return queries, memory, np.arange(SOURCE) < np.array(LENGTHS)[:, None]


def softmax(scores, mask):
    scores = np.where(mask, scores, -np.inf)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def numpy_attention(layer, queries, memory, mask):
    """(contexts, weights) by the formulas of the docstring."""
    w = {v.path.split("/", 1)[1]: v.numpy() for v in layer.weights}

    def dense(name, values):
        return values @ w[f"{name}/kernel"] + w.get(f"{name}/bias", 0.0)

    mask = mask[:, None, :]
    if layer.kind == "multi_head":

        def heads(values):
            parts = values.reshape(*values.shape[:2], layer.heads, -1)
            return parts.transpose(0, 2, 1, 3)

        query, key = heads(dense("from_query", queries)), heads(dense("from_memory", memory))
        scores = np.einsum("bhtd,bhsd->bhts", query, key) / np.sqrt(query.shape[-1])
        weights = softmax(scores, mask[:, None])
        context = np.einsum("bhts,bhsd->bthd", weights, heads(dense("values", memory)))
        return dense("out", context.reshape(*queries.shape[:2], -1)), weights.mean(axis=1)
    if layer.kind == "additive":
        both = dense("from_query", queries)[:, :, None] + dense("from_memory", memory)[:, None]
        scores = (np.tanh(both) @ w["scorer/kernel"])[..., 0]
    else:
        asked = queries if layer.kind == "dot" else dense("to_memory", queries)
        scores = np.einsum("btu,bsu->bts", asked, memory)
    if layer.kind == "local":
        share = 1 / (1 + np.exp(-np.tanh(dense("place", queries)) @ w["place_scorer/kernel"]))
        away = np.arange(memory.shape[1]) - share * (mask.sum(axis=-1, keepdims=True) - 1)
        scores = scores - away**2 / (2 * (layer.window / 2) ** 2)
        mask = mask & (np.abs(away) <= layer.window)
    weights = softmax(scores, mask)
    return np.einsum("bts,bsu->btu", weights, memory), weights


@pytest.mark.parametrize("kind", KINDS)
def test_contexts_and_weights_are_those_of_the_formula(kind, tensors):
    layer = CrossAttention(kind, UNITS, heads=2, window=2)
    context, weights = layer(*map(tf.constant, tensors))
    wanted = numpy_attention(layer, *tensors)
    np.testing.assert_allclose(context, wanted[0], atol=1e-5)
    np.testing.assert_allclose(weights, wanted[1], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_sum_to_one_and_padding_gets_nothing(kind, tensors):
    *_, mask = tensors
    _, weights = CrossAttention(kind, UNITS, heads=2)(*map(tf.constant, tensors))
    np.testing.assert_allclose(tf.reduce_sum(weights, axis=-1), 1.0, atol=1e-6)
    assert np.all(weights.numpy()[~np.broadcast_to(mask[:, None], weights.shape)] == 0)


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_in_padding_changes_nothing(kind, tensors):
    queries, memory, mask = tensors
    layer = CrossAttention(kind, UNITS, heads=2, window=3)
    before = layer(*map(tf.constant, tensors))
    other = np.where(mask[:, :, None], memory, 17.0).astype("float32")
    longer = np.pad(other, [[0, 0], [0, 3], [0, 0]], constant_values=-5.0)
    after = layer(tf.constant(queries), tf.constant(longer), np.pad(mask, [[0, 0], [0, 3]]))
    np.testing.assert_allclose(after[0], before[0], atol=1e-5)
    np.testing.assert_allclose(after[1][:, :, :SOURCE], before[1], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_an_overview_stands_beside_contexts_of_the_other_steps(kind, tensors):
    """Weights [batch, time, source - 1] are as if the memory began behind it."""
    queries, memory, mask = tensors
    mask = mask | [True, True, *[False] * (SOURCE - 2)]  # each row has a step to look at
    layer = CrossAttention(kind, UNITS, heads=2, window=2, overview=True)
    context, weights = layer(*map(tf.constant, (queries, memory, mask)))
    wanted = numpy_attention(layer, queries, memory[:, 1:], mask[:, 1:])
    np.testing.assert_allclose(context[..., :UNITS], wanted[0], atol=1e-5)
    np.testing.assert_allclose(weights, wanted[1], atol=1e-6)
    beside = np.broadcast_to(memory[:, :1], queries.shape)
    np.testing.assert_array_equal(context[..., UNITS:], beside)


def test_each_query_may_have_a_mask_of_its_own(tensors):
    queries, memory, _ = tensors
    seen = np.arange(SOURCE) <= np.arange(TIME)[:, None]
    layer = CrossAttention("multi_head", UNITS, heads=2)
    context, weights = layer(tf.constant(queries), tf.constant(memory), tf.constant(seen[None]))
    assert np.all(weights.numpy()[:, ~seen] == 0)
    seen = tf.ones([BATCH, 1], "bool")
    first, _ = layer(tf.constant(queries[:, :1]), tf.constant(memory[:, :1]), seen)
    np.testing.assert_allclose(context[:, :1], first, atol=1e-5)


def test_a_source_without_any_step_has_no_weights(tensors):
    queries, memory, _ = tensors
    nothing = tf.zeros([BATCH, SOURCE], "bool")
    context, weights = CrossAttention("general", UNITS)(queries, memory, nothing)
    assert np.all(weights.numpy() == 0)
    assert np.all(context.numpy() == 0)


def test_dot_compares_what_has_the_same_size():
    layer = CrossAttention("dot", UNITS)
    with pytest.raises(ValueError, match="queries of 5 with a memory of 3"):
        layer.build((None, None, 5), (None, None, 3))


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="kind='cosine'"):
        CrossAttention("cosine", 3)


def test_it_is_made_anew_from_its_configuration(tensors):
    layer = CrossAttention("local", UNITS, window=3, name="look")
    layer(*map(tf.constant, tensors))
    again = CrossAttention.from_config(layer.get_config())
    again.build((None, None, UNITS), (None, None, UNITS))
    again.set_weights(layer.get_weights())
    for one, other in zip(layer(*tensors), again(*tensors), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_in_16_bits_weights_are_numbers_and_sum_to_one_or_to_nothing(tensors, kind):
    queries, memory, mask = tensors
    mask = mask.copy()
    mask[2] = False
    _, weights = CrossAttention(kind, units=UNITS, heads=2, window=2, dtype="float16")(
        queries, memory, mask=mask
    )
    np.testing.assert_allclose(
        np.asarray(weights).astype("float32").sum(axis=-1),
        [[1] * TIME, [1] * TIME, [0] * TIME],
        atol=3e-3,
    )
