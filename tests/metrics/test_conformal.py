"""Bands set by some errors hold what they say of others."""

import numpy as np
import pytest

from seqapps.layers.bands import LEVELS
from seqapps.metrics.conformal import factor_of, offsets_of, widths_of

SHAPE = (401, 7, 3)  # cases, horizon, targets
WIDTHS = np.array([1.0, 10.0, 0.1])  # of each target's errors
GROWTH = np.linspace(1, 3, 7)[:, None]  # of errors by step ahead


def drawn(seed, *, noise="normal", size=SHAPE):
    random = np.random.default_rng(seed)
    return getattr(random, noise)(size=size) * WIDTHS * GROWTH


def points(size=SHAPE):
    return np.zeros([*size, 5])


def shares_inside(quantiles, truth):
    return [
        (
            (quantiles[..., low] <= truth) & (truth <= quantiles[..., 4 - low]) | np.isnan(truth)
        ).mean(axis=(0, 1))
        for low in (0, 1)
    ]


@pytest.mark.parametrize("noise", ["normal", "laplace", "standard_cauchy"])
def test_bands_hold_what_they_say_of_new_errors(noise):
    offsets = offsets_of(drawn(0, noise=noise), points(), levels=LEVELS)
    wide, narrow = shares_inside(points() + offsets, drawn(1, noise=noise))
    np.testing.assert_allclose(wide, 0.95, atol=0.02)
    np.testing.assert_allclose(narrow, 0.8, atol=0.03)


@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_quantiles_that_are_too_narrow_or_too_wide_are_mended(factor):
    normal = np.array([-1.96, -1.2816, 0, 1.2816, 1.96])
    quantiles = np.broadcast_to(factor * normal * (WIDTHS * GROWTH)[..., None], [*SHAPE, 5])
    offsets = offsets_of(drawn(0), quantiles, levels=LEVELS)
    wide, narrow = shares_inside(quantiles + offsets, drawn(1))
    np.testing.assert_allclose(wide, 0.95, atol=0.02)
    np.testing.assert_allclose(narrow, 0.8, atol=0.03)
    assert ((offsets[..., 4] > 0) == (factor < 1)).all()


def test_bands_are_as_wide_as_each_target_s_errors_and_grow_as_they_do():
    offsets = offsets_of(drawn(0), points(), levels=LEVELS)
    bands = offsets[..., [0, 1, 3, 4]]
    np.testing.assert_allclose(bands[:, 1] / bands[:, 0], 10, rtol=0.2)
    np.testing.assert_allclose(bands[:, 2] / bands[:, 0], 0.1, rtol=0.2)
    np.testing.assert_allclose(offsets[6, :, 4] / offsets[0, :, 4], 3, rtol=0.3)


def test_offsets_ascend_and_leave_the_median():
    offsets = offsets_of(drawn(0), points(), levels=LEVELS)
    assert offsets.shape == (7, 3, 5)
    assert (np.diff(offsets, axis=-1) > 0).all()
    assert (offsets[..., 2] == 0).all()
    np.testing.assert_array_equal(offsets, -offsets[..., ::-1])


def test_the_width_is_the_score_of_its_rank():
    """Of errors 1 to 19 the 80 % band is the 16th, the 95 % band the 19th: ceil(20 * share)."""
    truth = np.arange(1.0, 20)[:, None, None]
    offsets = offsets_of(truth, points([19, 1, 1]), levels=LEVELS)
    np.testing.assert_allclose(offsets.ravel(), [-19, -16, 0, 16, 19])


def test_of_few_errors_the_largest_is_the_band():
    offsets = offsets_of(np.array([[[1.0]], [[-4.0]]]), points([2, 1, 1]), levels=LEVELS)
    np.testing.assert_allclose(offsets.ravel(), [-4, -4, 0, 4, 4])


def test_a_truth_that_is_not_known_tells_nothing():
    truth = drawn(0)
    known = offsets_of(truth[:300], points()[:300], levels=LEVELS)
    truth[300:] = np.nan
    np.testing.assert_array_equal(offsets_of(truth, points(), levels=LEVELS), known)


def test_a_step_that_was_never_known_takes_what_its_target_has():
    truth = drawn(0)
    truth[:, 3] = np.nan
    offsets = offsets_of(truth, points(), levels=LEVELS)
    assert np.isfinite(offsets).all()
    bands = offsets[3][:, [0, 1, 3, 4]]
    np.testing.assert_allclose(bands[1] / bands[0], 10, rtol=0.2)


def test_without_any_truth_bands_have_no_width():
    truth = drawn(0)
    truth[:, :, 1] = np.nan
    offsets = offsets_of(truth, points(), levels=LEVELS)
    assert (offsets[:, 1] == 0).all()
    assert (offsets[:, 0, 4] > 0).all()
    assert (offsets_of(np.full(SHAPE, np.nan), points(), levels=LEVELS) == 0).all()


def test_forecasts_without_error_have_bands_of_hardly_any_width():
    offsets = offsets_of(np.zeros(SHAPE), points(), levels=LEVELS)
    assert np.abs(offsets).max() < 1e-9


def restless(seed):
    """How much went on before each case: a few times as much in some as in others."""
    return np.random.default_rng(seed).lognormal(sigma=0.8, size=[SHAPE[0], SHAPE[2]])


def test_where_errors_follow_the_spread_bands_do_and_hold_for_calm_and_restless_cases_alike():
    """Of three targets one is as restless as the spread says, one half so, one whatever it says."""
    follow = np.array([1.0, 0.5, 0.0])

    def errors(seed):
        spread = restless(seed)
        usual = spread / restless(0).mean(axis=0)
        return drawn(seed) * (1 - follow + follow * usual)[:, None], spread

    offsets, width = widths_of(errors(0)[0], points(), errors(0)[1], levels=LEVELS)
    assert width[0].tolist() == [1.0, 0.5, 0.0]
    truth, spread = errors(1)
    quantiles = factor_of(spread, width)[:, None, :, None] * offsets
    one = offsets_of(errors(0)[0], points(), levels=LEVELS)
    np.testing.assert_array_equal(offsets[:, 2], one[:, 2])
    calm = spread[:, 0] < np.median(spread[:, 0])
    for some in (calm, ~calm):
        np.testing.assert_allclose(shares_inside(quantiles[some], truth[some])[1], 0.8, atol=0.05)
    same = shares_inside(np.broadcast_to(one, quantiles.shape)[calm], truth[calm])[1]
    assert same[0] > 0.9


def test_few_cases_have_one_width():
    spread = restless(0)[:39]
    truth = drawn(0)[:39] * spread[:, None]
    offsets, width = widths_of(truth, points([39, 7, 3]), spread, levels=LEVELS)
    assert (width == 0).all()
    np.testing.assert_array_equal(offsets, offsets_of(truth, points([39, 7, 3]), levels=LEVELS))


def test_without_any_change_or_any_truth_bands_have_one_width():
    _, width = widths_of(drawn(0), points(), np.zeros([SHAPE[0], SHAPE[2]]), levels=LEVELS)
    assert (width[0] == 0).all()
    offsets, width = widths_of(np.full(SHAPE, np.nan), points(), restless(0), levels=LEVELS)
    assert (width == 0).all()
    assert (offsets == 0).all()
