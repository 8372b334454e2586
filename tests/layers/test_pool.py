"""The pool of several opinions, and the fit of its weights."""

import keras
import numpy as np
import pytest
from scipy.special import softmax

from seqapps.layers.pool import LogPool
from seqapps.training.calibrate import fit_pool

CASES, MEMBERS, LABELS = 997, 3, 5


def test_the_pool_is_the_softmax_of_the_weighted_logits():
    logits = np.random.default_rng(0).normal(size=[7, MEMBERS, LABELS]).astype("float32")
    pool = LogPool()
    pool.build([None, MEMBERS, LABELS])
    weights = np.array([0.2, 1.1, 0.0], "float32")
    pool.set_weights([weights])
    expected = softmax((logits * weights[:, None]).sum(axis=1), axis=1)
    np.testing.assert_allclose(pool(logits), expected, rtol=1e-5)


def test_before_calibration_members_count_the_same_and_are_not_trained():
    pool = LogPool()
    pool.build([None, MEMBERS, LABELS])
    np.testing.assert_allclose(pool.get_weights()[0], [1 / 3] * MEMBERS)
    assert not pool.trainable_weights


@pytest.fixture(scope="module")
def drawn():
    """(true logits [cases, labels], labels drawn from their softmax)."""
    random = np.random.default_rng(1)
    logits = random.normal(scale=2, size=[CASES * 10, LABELS])
    chances = softmax(logits, axis=1)
    truth = np.array([random.choice(LABELS, p=row) for row in chances])
    return logits, truth


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_of_one_member_is_found_again(drawn, temperature):
    logits, truth = drawn
    (weight,) = fit_pool(logits[:, None, :] * temperature, truth)
    assert weight == pytest.approx(1 / temperature, rel=0.05)


def test_a_member_that_knows_nothing_gets_no_weight(drawn):
    logits, truth = drawn
    noise = np.random.default_rng(2).normal(size=logits.shape)
    knows, guesses = fit_pool(np.stack([logits, noise], axis=1), truth)
    assert knows == pytest.approx(1, rel=0.05)
    assert 0 <= guesses < 0.05


def test_without_temperature_the_weights_sum_to_one(drawn):
    logits, truth = drawn
    weights = fit_pool(np.stack([3 * logits, logits], axis=1), truth, temperature=False)
    assert weights.sum() == pytest.approx(1)


def test_where_nothing_helps_the_members_keep_their_say():
    """The logits speak against the truth: no weight above zero is better than none."""
    truth = np.array([0, 1, 0, 1])
    logits = -np.eye(2)[truth][:, None, :] * np.ones([1, 2, 1])
    np.testing.assert_allclose(fit_pool(logits, truth), [0.5, 0.5])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in keras
def test_a_saved_pool_keeps_its_weights(tmp_path):
    inputs = keras.Input([2, 3])
    model = keras.Model(inputs, LogPool(name="scores")(inputs))
    model.get_layer("scores").set_weights([np.array([0.3, 0.9], "float32")])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.get_layer("scores").get_weights()[0], [0.3, 0.9])
