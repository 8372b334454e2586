"""Scales learnt from training values, chunk by chunk."""

import numpy as np
import pytest

from seqapps.series.transforms.scaling import robust, standard

STEPS, CHANNELS = 997, 5
RANDOM = np.random.default_rng(0)


def training_values():
    """Channels: wide, narrow around a million, with outliers, constant, without any value."""
    values = RANDOM.normal(size=[STEPS, CHANNELS]) * [31, 5, 1, 0, 1] + [0, 1e6, 7, 0.1, 0]
    values[::53, 2] = 1e4
    values[RANDOM.random(values.shape) < 0.2] = np.nan
    values[5, 0], values[7, 0] = np.inf, -np.inf
    values[:, 4] = np.nan
    return values


VALUES = training_values()
SEEN = [column[np.isfinite(column)] for column in VALUES.T]


def chunks(values, size):
    return [values[start : start + size] for start in range(0, len(values), size)]


@pytest.mark.parametrize("size", [STEPS, 101, 1])
def test_standard_is_mean_and_deviation_of_what_was_observed(size):
    scale = standard(chunks(VALUES, size))
    expected = [seen.mean() for seen in SEEN[:4]]
    np.testing.assert_allclose(scale.center, [*expected, 0], rtol=1e-12, atol=1e-12)
    expected = [seen.std() for seen in SEEN[:3]]
    np.testing.assert_allclose(scale.scale, [*expected, 1, 1], rtol=1e-6)


def test_robust_is_median_and_quartiles_of_what_was_observed():
    scale = robust(chunks(VALUES, 101))
    expected = [np.median(seen) for seen in SEEN[:4]]
    np.testing.assert_allclose(scale.center, [*expected, 0])
    quartiles = [np.subtract(*np.percentile(seen, [75, 25])) / 1.349 for seen in SEEN[:3]]
    np.testing.assert_allclose(scale.scale, [*quartiles, 1, 1], rtol=1e-6)


def test_outliers_do_not_move_the_robust_scale():
    assert robust([VALUES]).scale[2] == pytest.approx(1, rel=0.1)
    assert standard([VALUES]).scale[2] > 1000


def test_the_robust_scale_is_of_a_bounded_sample_however_the_values_are_cut():
    few = [robust(chunks(VALUES, size), sample=211, seed=3) for size in (STEPS, 101, 1)]
    for each in few[1:]:
        np.testing.assert_array_equal(each.center, few[0].center)
        np.testing.assert_array_equal(each.scale, few[0].scale)
    other = robust([VALUES], sample=211, seed=4)
    assert other.center[0] != few[0].center[0]
    every = robust([VALUES])
    assert few[0].scale[0] == pytest.approx(every.scale[0], rel=0.3)
    assert few[0].scale[0] != every.scale[0]


def test_the_sample_is_drawn_alike_from_early_and_late_values():
    rising = np.arange(10_000.0)[:, None]
    assert robust(chunks(rising, 499), sample=500).center[0] == pytest.approx(5000, abs=700)


def test_a_channel_that_is_mostly_zero_has_the_deviation_as_its_robust_scale():
    values = np.zeros([97, 1])
    values[:11] = 3
    assert robust([values]).scale[0] == pytest.approx(values.std())


def test_a_constant_that_is_rounded_differently_is_a_constant():
    values = np.float64([[0.1], [np.float32(0.1)], [0.1]])
    assert standard([values]).scale == [1]


def test_scaled_values_come_back():
    scale = standard([VALUES])
    values = VALUES[:101].astype("float32")
    scaled = scale.scaled(values)
    assert scaled.dtype == "float32"
    np.testing.assert_allclose(
        scaled[:, 0], (values[:, 0] - SEEN[0].mean()) / SEEN[0].std(), rtol=1e-5, atol=1e-6
    )
    back, seen = scale.unscaled(scaled), np.isfinite(values)
    lost = np.abs(np.where(seen, back, 0) - np.where(seen, values, 0))
    assert np.all(lost <= 1e-6 * (np.abs(scale.center) + scale.scale + 1))
    np.testing.assert_array_equal(np.isfinite(scaled), np.isfinite(values))


def test_tensors_are_scaled_in_their_own_type():
    import tensorflow as tf

    scale = standard([VALUES])
    for kind in ("float32", "float64"):
        scaled = scale.scaled(tf.constant(VALUES, kind))
        assert scaled.dtype == kind
        np.testing.assert_allclose(scaled, scale.scaled(VALUES.astype(kind)), rtol=1e-6)


def test_no_values_are_refused():
    with pytest.raises(ValueError, match="received no chunk"):
        standard([])
    with pytest.raises(ValueError, match="received no chunk"):
        robust([])
