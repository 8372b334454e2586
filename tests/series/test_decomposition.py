"""Trend, season and remainder."""

import numpy as np
import pytest
from statsmodels.tsa.seasonal import STL

from seqapps.series.decomposition import decompose

STEPS = np.arange(263)
TREND, SEASON = 0.05 * STEPS, 2 * np.sin(2 * np.pi * STEPS / 13)
NOISE = np.random.default_rng(0).normal(scale=0.3, size=len(STEPS))


def test_the_parts_add_up_to_the_values():
    found = decompose(TREND + SEASON + NOISE, season=13)
    whole = found.trend + found.seasonal + found.remainder
    np.testing.assert_allclose(whole, TREND + SEASON + NOISE, atol=1e-9)


def test_trend_and_season_are_those_the_series_was_made_of():
    found = decompose(TREND + SEASON + NOISE, season=13)
    assert np.sqrt(np.mean((found.trend - TREND) ** 2)) < 0.1
    assert np.sqrt(np.mean((found.seasonal - SEASON) ** 2)) < 0.2


def test_the_parts_are_those_of_stl():
    """With every step computed; ours interpolates a tenth of each span."""
    values = TREND + SEASON + NOISE
    expected = STL(values, period=13, seasonal=13, robust=True).fit()
    found = decompose(values, season=13)
    np.testing.assert_allclose(found.trend, expected.trend, atol=0.03)
    np.testing.assert_allclose(found.seasonal, expected.seasonal, atol=0.03)


def test_strengths_are_one_less_the_share_of_the_remainder():
    """Hyndman and Athanasopoulos, section 4.3, by hand from the known parts."""
    found = decompose(TREND + SEASON + NOISE, season=13)
    trend = 1 - np.var(NOISE) / np.var(NOISE + TREND)
    season = 1 - np.var(NOISE) / np.var(NOISE + SEASON)
    assert found.trend_strength == pytest.approx(trend, abs=0.02)
    assert found.seasonal_strength == pytest.approx(season, abs=0.02)


def test_an_outlier_stays_in_the_remainder():
    values = TREND + SEASON + NOISE
    values[131] += 20
    found = decompose(values, season=13)
    assert found.remainder[131] == pytest.approx(20, abs=1.5)


@pytest.mark.parametrize("season", [None, 1, 211])
def test_without_two_seasons_the_trend_alone_is_smoothed(season):
    found = decompose(TREND + NOISE, season=season)
    assert found.season == 1
    assert not found.seasonal.any()
    assert found.seasonal_strength == 0
    assert np.sqrt(np.mean((found.trend - TREND) ** 2)) < 0.15


def test_of_a_long_series_the_end_is_taken_apart():
    values = np.arange(7001) % 11 + np.random.default_rng(1).normal(size=7001)
    found = decompose(values, season=11)
    assert (len(found.values), found.first) == (5000, 2001)
    np.testing.assert_array_equal(found.values, values[2001:])


def test_at_least_six_seasons_are_kept():
    values = np.sin(2 * np.pi * np.arange(8009) / 1103)
    assert len(decompose(values, season=1103).values) == 6 * 1103


def test_the_place_counts_what_is_missing_at_the_beginning():
    values = np.concatenate([np.full(17, np.nan), TREND + NOISE])
    values[40:43] = np.nan
    found = decompose(values)
    assert found.first == 17
    assert np.flatnonzero(~found.observed).tolist() == [23, 24, 25]


@pytest.mark.parametrize("values", [np.full(31, 4.0), np.arange(7.0), np.full(31, np.nan)])
def test_a_constant_or_short_series_has_no_parts(values):
    assert decompose(values) is None
