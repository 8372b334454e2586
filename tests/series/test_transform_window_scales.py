"""Scales of each window by itself, beside NumPy."""

import keras
import numpy as np
import pytest

from seqapps.errors import UserError
from seqapps.series.transforms.logarithm import signed_exp, signed_log
from seqapps.series.transforms.reversible import window_scale

BATCH, LOOKBACK, HORIZON, CHANNELS = 3, 11, 7, 5
RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(3, 2, [BATCH, LOOKBACK, CHANNELS]).astype("float32")


def with_gaps():
    values = VALUES.copy()
    values[0, 4:, 0] = np.nan
    values[0, 0, 1] = np.inf
    values[1, :, 2] = np.nan
    values[2, :, 3] = 0.1
    return values


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_mean_and_deviation_are_of_the_observed_steps():
    values = with_gaps()
    center, scale = map(array, window_scale(values))
    seen = np.where(np.isfinite(values), values, np.nan)
    for window in range(BATCH):
        for channel in range(CHANNELS):
            steps = seen[window, :, channel]
            steps = steps[np.isfinite(steps)]
            if (window, channel) in [(1, 2), (2, 3)]:
                continue
            assert center[window, 0, channel] == pytest.approx(steps.mean(), rel=1e-5)
            expected = np.sqrt(steps.var() + 1e-5)
            assert scale[window, 0, channel] == pytest.approx(expected, rel=1e-5)


def test_a_constant_and_an_unobserved_channel_have_scale_1():
    center, scale = map(array, window_scale(with_gaps()))
    assert (center[1, 0, 2], scale[1, 0, 2]) == (0, 1)
    assert (center[2, 0, 3], scale[2, 0, 3]) == (pytest.approx(0.1), 1)


def test_a_long_constant_is_one_whatever_the_rounding_of_its_mean():
    values = np.full([1, 10_007, 1], 12345.678, "float32")
    assert array(window_scale(values).scale) == 1


def test_a_mask_leaves_steps_out():
    mask = (RANDOM.random(VALUES.shape) < 0.7).astype("float32")
    mask[:, :2] = 1
    given = window_scale(np.where(mask > 0, VALUES, 1e9).astype("float32"), mask)
    expected = window_scale(np.where(mask > 0, VALUES, np.nan))
    for one, other in zip(given, expected, strict=True):
        np.testing.assert_array_equal(array(one), array(other))


def test_the_last_observed_value_may_be_the_center():
    values = with_gaps()
    center, scale = map(array, window_scale(values, by="last"))
    expected = values[:, -1].copy()
    expected[0, 0] = values[0, 3, 0]
    expected[1, 2] = 0
    np.testing.assert_array_equal(center[:, 0], expected)
    np.testing.assert_array_equal(scale, 1)


@pytest.mark.parametrize("by", ["mean", "last"])
def test_what_was_taken_off_is_put_back_on_what_follows(by):
    scale = window_scale(VALUES, by=by)
    after = RANDOM.normal(size=[BATCH, HORIZON, CHANNELS]).astype("float32")
    np.testing.assert_allclose(array(scale.unscaled(scale.scaled(after))), after, atol=1e-5)
    scaled = array(scale.scaled(VALUES))
    if by == "mean":
        np.testing.assert_allclose(scaled.mean(axis=1), 0, atol=1e-5)
        np.testing.assert_allclose(scaled.std(axis=1), 1, atol=1e-4)
    else:
        np.testing.assert_array_equal(scaled[:, -1], 0)


def test_a_shift_and_a_stretch_of_a_window_are_put_back_whole():
    """A model in the middle sees the same, and its answer is shifted and stretched alike."""
    scale, other = window_scale(VALUES), window_scale(VALUES * 8 - 100)
    np.testing.assert_allclose(
        array(other.scaled(VALUES * 8 - 100)), array(scale.scaled(VALUES)), atol=1e-4
    )
    answer = RANDOM.normal(size=[BATCH, HORIZON, CHANNELS]).astype("float32")
    np.testing.assert_allclose(
        array(other.unscaled(answer)), array(scale.unscaled(answer)) * 8 - 100, rtol=1e-3
    )


def test_a_model_holds_it_and_learns_through_gaps():
    inputs = keras.Input([LOOKBACK, CHANNELS])
    scale = window_scale(inputs)
    seen = keras.ops.isfinite(inputs)
    scaled = keras.ops.where(seen, scale.scaled(inputs), keras.ops.zeros_like(inputs))
    outputs = scale.unscaled(keras.layers.Dense(CHANNELS)(scaled))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    loss = model.train_on_batch(with_gaps(), np.zeros_like(VALUES))
    assert np.isfinite(loss)
    assert np.isfinite(array(model(with_gaps()))).all()


def test_an_unknown_way_is_refused():
    with pytest.raises(UserError, match="Did you mean 'mean'"):
        window_scale(VALUES, by="meen")


def test_the_signed_logarithm_is_numpys_and_comes_back():
    values = np.array([-1e6, -3.0, -1e-9, 0, 2e-7, 1, 7e8, np.nan])
    given = signed_log(values, 5.0).numpy()
    expected = np.sign(values) * np.log1p(np.abs(values) / 5)
    np.testing.assert_allclose(given, expected, rtol=1e-12)
    np.testing.assert_allclose(signed_exp(given, 5.0), values, rtol=1e-12)


def test_a_logarithm_needs_an_offset():
    with pytest.raises(UserError, match="offset 0; expected more than 0"):
        signed_log(1.0, 0)
