"""Scores of a few tokens: those of all where it answers, and what their draws are on average."""

import keras
import numpy as np
import pytest

from seqapps.layers.pooling import FAR_BELOW
from seqapps.layers.sampled_logits import SampledLogits
from seqapps.training.losses import sampled_cross_entropy

VOCABULARY, UNITS = 23, 5


@pytest.fixture
def tensors():
    """(states [2, 3, 5], targets [2, 3], kernel [23, 5], bias [23])."""
    random = np.random.default_rng(0)
    states = random.normal(size=[2, 3, UNITS]).astype("float32")
    kernel = random.normal(size=[VOCABULARY, UNITS]).astype("float32")
    bias = random.normal(size=[VOCABULARY]).astype("float32")
    return states, np.array([[1, 4, 0], [22, 4, 7]]), kernel, bias


ORDER = np.random.default_rng(5).permutation(VOCABULARY)  # ids, the most frequent first


def layer_with(kernel, bias, samples, *, tied=False, order=None):
    embedding = None
    if tied:
        embedding = keras.layers.Embedding(VOCABULARY, UNITS)
        embedding.build([None, None])
        embedding.set_weights([kernel])
    layer = SampledLogits(VOCABULARY, samples, order=order, embedding=embedding)
    layer.build((None, None, UNITS), (None, None))
    layer.bias.assign(bias)
    if not tied:
        layer.kernel.assign(kernel)
    return layer


@pytest.mark.parametrize("tied", [False, True])
def test_answers_score_every_token(tensors, tied):
    states, _, kernel, bias = tensors
    told = layer_with(kernel, bias, 3, tied=tied)(states)
    np.testing.assert_allclose(told, states @ kernel.T + bias, atol=1e-5)


def expected_counts(samples, order=None):
    """How often each id is drawn, of draws where P(rank) falls about as 1 / rank."""
    ranks = np.arange(VOCABULARY) if order is None else np.argsort(order)  # of the ids
    return samples * np.log((ranks + 2) / (ranks + 1)) / np.log(VOCABULARY + 1)


by_order = pytest.mark.parametrize("order", [None, ORDER], ids=["by id", "by order"])


@by_order
def test_frequent_tokens_are_drawn_more_often(tensors, order):
    _, _, kernel, bias = tensors
    layer = layer_with(kernel, bias, 20_000, order=order)
    drawn = np.bincount(np.asarray(layer._drawn()), minlength=VOCABULARY)
    np.testing.assert_allclose(drawn, expected_counts(20_000, order), rtol=0.25)


def test_an_order_that_lacks_a_token_is_refused():
    with pytest.raises(ValueError, match=r"order has 23 ids; expected each of 0 to 22 once\."):
        SampledLogits(VOCABULARY, 3, order=[0, *range(VOCABULARY - 1)])


@by_order
def test_the_first_score_is_the_true_token_s_less_the_logarithm_of_its_expected_count(
    tensors, order
):
    states, targets, kernel, bias = tensors
    told = np.asarray(layer_with(kernel, bias, 3, order=order)(states, targets, training=True))
    assert told.shape == (2, 3, 1 + 3)
    full = np.take_along_axis(states @ kernel.T + bias, targets[..., None], axis=-1)[..., 0]
    wanted = full - np.log(expected_counts(3, order))[targets]
    np.testing.assert_allclose(told[..., 0], wanted, atol=1e-5)


@by_order
def test_on_average_the_others_sum_to_what_all_others_do(tensors, order):
    """E sum_j exp(score_j) over draws = sum of exp(logit) over all tokens but the true one."""
    states, targets, kernel, bias = tensors
    layer = layer_with(kernel, bias, 5000, order=order)
    told = np.asarray(layer(states, targets, training=True)).astype("float64")
    raised = np.exp(states @ kernel.T + bias).astype("float64")
    true = np.take_along_axis(raised, targets[..., None], axis=-1)[..., 0]
    wanted = raised.sum(axis=-1) - true
    np.testing.assert_allclose(np.exp(told[..., 1:]).sum(axis=-1), wanted, rtol=0.1)


def test_a_drawn_token_that_is_the_true_one_does_not_count(tensors):
    states, targets, kernel, bias = tensors
    told = np.asarray(layer_with(kernel, bias, 5000)(states, targets, training=True))
    hidden = (told[..., 1:] == FAR_BELOW).sum(axis=-1)
    np.testing.assert_allclose(hidden, expected_counts(5000)[targets], rtol=0.25)


def test_the_loss_is_that_of_the_first_among_the_scores():
    scores = np.log([[[0.5, 0.25, 0.25], [0.2, 0.2, 0.4], [9.0, 1.0, 1.0]]]).astype("float32")
    loss = np.asarray(sampled_cross_entropy(np.array([[3, 5, 0]]), scores))
    # -log(1/2), -log(1/4), and padding; the mean over three is that over the two tokens
    np.testing.assert_allclose(loss, [[1.5 * np.log(2), 1.5 * np.log(4), 0]], atol=1e-5)
