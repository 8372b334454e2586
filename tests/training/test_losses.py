"""The loss of tokens, by hand and against NumPy."""

import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from seqapps.training.losses import smoothed_cross_entropy, token_cross_entropy

BATCH, TIME, VOCABULARY = 3, 5, 7


def given(counts):
    """Random logits, and targets of which each row has so many."""
    random = np.random.default_rng(0)
    logits = random.normal(size=[BATCH, TIME, VOCABULARY], scale=3).astype("float32")
    targets = random.integers(1, VOCABULARY, [BATCH, TIME])
    return np.where(np.arange(TIME) < np.array(counts)[:, None], targets, 0), logits


def test_a_token_costs_its_negative_log_probability():
    """Of two tokens and a padding, with chances 1/2, 1/4 and whatever: scaled up by 3 / 2."""
    chances = np.array([[[1 / 4, 1 / 2, 1 / 4], [1 / 2, 1 / 4, 1 / 4], [1, 1, 1]]], "float32")
    loss = token_cross_entropy(np.array([[1, 2, 0]]), np.log(chances))
    np.testing.assert_allclose(loss, [[1.5 * np.log(2), 1.5 * np.log(4), 0]], rtol=1e-6)


@pytest.mark.parametrize("counts", [[5, 5, 5], [2, 0, 5], [0, 1, 0]], ids=str)
def test_the_mean_over_all_steps_is_the_mean_over_the_tokens(counts):
    targets, logits = given(counts)
    chances = np.take_along_axis(log_softmax(logits, axis=-1), targets[:, :, None], 2)[:, :, 0]
    expected = -chances[targets > 0].mean()
    loss = token_cross_entropy(targets, logits)
    assert loss.shape == (BATCH, TIME)
    assert float(np.mean(loss)) == pytest.approx(expected, rel=1e-5)


def test_padding_alone_costs_nothing():
    targets, logits = given([0, 0, 0])
    assert not np.any(token_cross_entropy(targets, logits))


def test_fit_tells_the_mean_over_the_tokens():
    """Keras divides by all steps, so that the number it tells is ours."""
    targets, logits = given([2, 0, 5])
    inputs = keras.Input([TIME, VOCABULARY])
    model = keras.Model(inputs, keras.layers.Identity()(inputs))
    model.compile("sgd", token_cross_entropy)
    chances = np.take_along_axis(log_softmax(logits, axis=-1), targets[:, :, None], 2)[:, :, 0]
    loss = model.evaluate(logits, targets, batch_size=BATCH, verbose=0)
    assert loss == pytest.approx(-chances[targets > 0].mean(), rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
def test_smoothed_targets_give_a_share_to_all_tokens(smoothing):
    targets, logits = given([2, 5, 3])
    wanted = (1 - smoothing) * np.eye(VOCABULARY)[targets] + smoothing / VOCABULARY
    each = -(wanted * log_softmax(logits, axis=-1)).sum(axis=-1)
    loss = smoothed_cross_entropy(smoothing)(targets, logits)
    assert float(np.mean(loss)) == pytest.approx(each[targets > 0].mean(), rel=1e-5)
    assert np.all(np.asarray(loss)[targets == 0] == 0)
