"""The share of true tokens falls as told; what is put in their place is the model's own."""

import numpy as np
import pytest
import tensorflow as tf

from seqapps.layers.scheduled_sampling import FALLS, ScheduledSampling

IDS = tf.constant([[1, 5, 6, 7], [1, 8, 0, 0]])
LIKELIEST = [[11, 12, 13, 14], [15, 16, 17, 18]]
LOGITS = tf.one_hot(LIKELIEST, 19)


def test_the_model_s_own_token_stands_one_place_later():
    layer = ScheduledSampling(0.0, 1)
    layer(IDS, LOGITS, training=True)  # the first step has a share of 1
    mixed = layer(IDS, LOGITS, training=True)
    np.testing.assert_array_equal(mixed, [[1, 11, 12, 13], [1, 15, 0, 0]])


def test_the_first_step_forces_all():
    layer = ScheduledSampling(0.0, 1000)
    np.testing.assert_array_equal(layer(IDS, LOGITS, training=True), IDS)


def test_answers_are_never_mixed():
    layer = ScheduledSampling(0.0, 1)
    layer(IDS, LOGITS, training=True)
    np.testing.assert_array_equal(layer(IDS, LOGITS), IDS)


def test_about_the_share_is_kept():
    layer = ScheduledSampling(0.3, 1)
    ids = tf.fill([101, 103], 5)
    layer(ids, tf.one_hot(tf.fill([101, 103], 7), 11), training=True)
    mixed = layer(ids, tf.one_hot(tf.fill([101, 103], 7), 11), training=True).numpy()
    assert 0.28 < np.mean(mixed[:, 1:] == 5) < 0.32
    assert np.all(mixed[:, 0] == 5)


@pytest.mark.parametrize("fall", FALLS)
def test_the_share_falls_from_one_to_its_end(fall):
    layer = ScheduledSampling(0.4, 1000, fall)
    shares = [float(layer.forcing(tf.constant(float(step)))) for step in range(0, 2001, 50)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.99
    assert shares[20] == pytest.approx(0.4 + 0.6 * (0.0 if fall == "linear" else 0.01), abs=1e-4)
    assert shares[-1] == pytest.approx(0.4, abs=1e-3)


def test_the_paper_s_inverse_sigmoid():
    """k / (k + exp(i / k)): half of the fall at i = k log k."""
    layer = ScheduledSampling(0.0, 1000, "inverse_sigmoid")
    halves = [i for i in range(1001) if float(layer.forcing(tf.constant(float(i)))) >= 0.5]
    i = halves[-1]
    ks = np.linspace(1, 1000, 200_000)
    k = ks[np.argmin(np.abs(ks * np.log(ks) - i))]
    assert k / (k + np.exp(1000 / k)) == pytest.approx(0.01, abs=5e-4)


def test_an_unknown_fall_is_named():
    with pytest.raises(ValueError, match="fall='steep'"):
        ScheduledSampling(0.5, 10, "steep")
