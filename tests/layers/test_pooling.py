"""Pooling looks at real steps only; NumPy computes the same by hand."""

import keras
import numpy as np
import pytest

from seqapps.layers.pooling import AttentionPooling, LastPooling, MaxPooling, MeanPooling

BATCH, TIME, UNITS, HIDDEN = 5, 7, 3, 11
MASK = np.array(
    [
        [1, 1, 1, 1, 1, 1, 1],
        [1, 1, 1, 0, 0, 0, 0],
        [1, 0, 1, 1, 0, 0, 1],  # holes
        [0, 0, 0, 0, 1, 0, 0],  # padded on the left as well
        [0, 0, 0, 0, 0, 0, 0],  # nothing real
    ],
    bool,
)
STATES = np.random.default_rng(0).normal(-3, 1, [BATCH, TIME, UNITS]).astype("float32")


@pytest.fixture
def attention():
    layer = AttentionPooling(HIDDEN)
    layer.build([None, None, UNITS])
    random = np.random.default_rng(1)
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.weights])
    return layer


def attention_by_hand(layer, states, mask):
    """Yang et al. 2016, eq. 5 to 7, row by row and step by step."""
    kernel, bias, query = (np.asarray(weight, "float64") for weight in layer.get_weights())
    pooled = np.zeros([len(states), states.shape[2]])
    weights = np.zeros(states.shape[:2])
    for row, steps in enumerate(mask):
        real = np.flatnonzero(steps)
        logits = [(np.tanh(states[row, t] @ kernel + bias) @ query)[0] for t in real]
        shares = np.exp(logits) / np.sum(np.exp(logits))
        for t, share in zip(real, shares, strict=True):
            weights[row, t] = share
            pooled[row] += share * states[row, t]
    return pooled, weights


def test_max_pooling_without_a_mask_is_keras_own():
    expected = keras.layers.GlobalMaxPooling1D()(STATES)
    np.testing.assert_array_equal(MaxPooling()(STATES), expected)


def test_max_pooling_takes_the_highest_of_the_real_steps():
    """All states are about -3, so that a zero from padding would win."""
    pooled = np.asarray(MaxPooling()(STATES, mask=MASK))
    assert pooled.shape == (BATCH, UNITS)
    for row in range(BATCH - 1):
        np.testing.assert_array_equal(pooled[row], STATES[row, MASK[row]].max(axis=0))


def test_max_pooling_of_nothing_real_is_zero():
    np.testing.assert_array_equal(MaxPooling()(STATES, mask=MASK)[-1], np.zeros(UNITS))


def test_attention_pooling_agrees_with_numpy(attention):
    pooled, weights = attention(STATES, mask=MASK), attention.shares(STATES, MASK)
    expected_pooled, expected_weights = attention_by_hand(attention, STATES, MASK)
    np.testing.assert_allclose(pooled, expected_pooled, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights, expected_weights, rtol=1e-5, atol=1e-6)


def test_attention_pooling_without_a_mask_looks_at_every_step(attention):
    pooled, weights = attention(STATES), attention.shares(STATES)
    everywhere = np.ones([BATCH, TIME])
    expected_pooled, expected_weights = attention_by_hand(attention, STATES, everywhere)
    np.testing.assert_allclose(pooled, expected_pooled, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights, expected_weights, rtol=1e-5, atol=1e-6)


def test_attention_weights_sum_to_one_over_real_steps_and_are_zero_elsewhere(attention):
    weights = np.asarray(attention.shares(STATES, MASK))
    np.testing.assert_allclose(weights.sum(axis=1), [1, 1, 1, 1, 0], atol=1e-6)
    assert (weights[~MASK] == 0).all()
    assert (weights[MASK] > 0).all()


def test_mean_pooling_is_the_mean_of_the_real_steps():
    pooled = np.asarray(MeanPooling()(STATES, mask=MASK))
    for row in range(BATCH - 1):
        expected = STATES[row, MASK[row]].mean(axis=0)
        np.testing.assert_allclose(pooled[row], expected, rtol=1e-5)


def test_last_pooling_takes_the_last_real_step():
    pooled = np.asarray(LastPooling()(STATES, mask=MASK))
    for row, step in enumerate([6, 2, 6, 4]):
        np.testing.assert_array_equal(pooled[row], STATES[row, step])


def test_last_pooling_of_two_directions_takes_each_at_its_own_end():
    """Of 3 units the first one reads forward, the others from the end: done at the first step."""
    pooled = np.asarray(LastPooling(bidirectional=True)(STATES, mask=MASK))
    for row, (first, last) in enumerate([(0, 6), (0, 2), (0, 6), (4, 4)]):
        np.testing.assert_array_equal(pooled[row, :1], STATES[row, last, :1])
        np.testing.assert_array_equal(pooled[row, 1:], STATES[row, first, 1:])


def test_last_pooling_agrees_with_keras_own_last_states():
    """A bidirectional LSTM that returns no sequences gives the same vector."""
    vectors = np.random.default_rng(2).normal(size=[BATCH, TIME, UNITS]).astype("float32")
    right_padded = np.arange(TIME) < np.array([7, 3, 1, 5, 2])[:, None]
    reader = keras.layers.Bidirectional(keras.layers.LSTM(5, return_sequences=True))
    pooled = LastPooling(bidirectional=True)(reader(vectors, mask=right_padded), mask=right_padded)
    short = keras.layers.Bidirectional(keras.layers.LSTM(5))
    short.build(vectors.shape)
    short.set_weights(reader.get_weights())
    np.testing.assert_allclose(pooled, short(vectors, mask=right_padded), rtol=1e-5, atol=1e-6)


LAYERS = {
    "max": MaxPooling,
    "mean": MeanPooling,
    "last": LastPooling,
    "last_of_two": lambda: LastPooling(bidirectional=True),
    "attention": lambda: AttentionPooling(HIDDEN),
}


@pytest.fixture(params=LAYERS)
def pooling(request, attention):
    """Each layer, as a function of states and mask that gives the pooled states."""
    return attention if request.param == "attention" else LAYERS[request.param]()


def test_nothing_real_is_zero(pooling):
    assert not np.asarray(pooling(STATES, mask=MASK)[-1]).any()
    assert not np.asarray(pooling.shares(STATES, MASK)[-1]).any()


def test_shares_sum_to_one_over_the_real_steps(pooling):
    shares = np.asarray(pooling.shares(STATES, MASK))
    np.testing.assert_allclose(shares.sum(axis=1), [1, 1, 1, 1, 0], atol=1e-6)
    assert (shares[~MASK] == 0).all()
    np.testing.assert_allclose(np.sum(pooling.shares(STATES), axis=1), np.ones(BATCH), atol=1e-6)


def test_shares_of_max_pooling_count_the_units_that_a_step_gives():
    states = np.array([[[1.0, 5.0, 0.0], [3.0, 2.0, 9.0], [2.0, 1.0, 1.0]]], "float32")
    np.testing.assert_allclose(MaxPooling().shares(states), [[1 / 3, 2 / 3, 0]], rtol=1e-6)


def test_what_lies_under_the_mask_changes_nothing(pooling):
    other = np.where(MASK[:, :, None], STATES, 97.0).astype("float32")
    np.testing.assert_array_equal(pooling(STATES, mask=MASK), pooling(other, mask=MASK))


def test_more_padding_changes_nothing(pooling):
    longer = np.pad(STATES, [(0, 0), (0, 4), (0, 0)])
    mask = np.pad(MASK, [(0, 0), (0, 4)])
    np.testing.assert_allclose(pooling(longer, mask=mask), pooling(STATES, mask=MASK), rtol=1e-5)


def test_the_mask_ends_here(pooling):
    assert pooling.compute_mask(STATES, MASK) is None


def model_with(layer):
    ids = keras.Input([None], dtype="int64")
    states = keras.layers.Embedding(13, UNITS, mask_zero=True)(ids)
    return keras.Model(ids, layer(states))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in keras
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_a_model_answers_the_same_after_saving_and_loading(layer, tmp_path):
    ids = np.array([[3, 5, 0, 0], [7, 0, 11, 2], [0, 0, 0, 0]])
    model = model_with(layer())
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model(ids), loaded(ids))


def test_the_embeddings_mask_reaches_the_layer():
    """Row 0 has one real step; pooled, it is that step's vector."""
    model = model_with(MaxPooling())
    vectors = model.layers[1].get_weights()[0]
    np.testing.assert_array_equal(model(np.array([[0, 3, 0]]))[0], vectors[3])


def test_the_configuration_holds_the_units():
    layer = AttentionPooling.from_config(AttentionPooling(HIDDEN, name="pooling").get_config())
    assert (layer.units, layer.name) == (HIDDEN, "pooling")
