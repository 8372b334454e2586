"""Correlations by lag and the Ljung-Box test, beside those of statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.tsa.stattools import pacf

from seqapps.series.autocorrelation import autocorrelation, ljung_box


def process(phi, *, time=2003, seed=0):
    values = np.random.default_rng(seed).normal(size=time)
    for step in range(1, time):
        values[step] += phi * values[step - 1]
    return values


def test_the_autocorrelation_is_the_mean_product_of_distances():
    values = process(0.7, time=101)
    away = values - values.mean()
    found = autocorrelation(values, lags=5)
    for lag in range(6):
        by_hand = (away[lag:] * away[: 101 - lag]).sum() / np.square(away).sum()
        assert found.acf[lag] == pytest.approx(by_hand, abs=1e-9)


def test_the_partial_one_is_that_of_statsmodels():
    values = process(0.7, time=307)
    found = autocorrelation(values, lags=23)
    np.testing.assert_allclose(found.pacf, pacf(values, nlags=23, method="ldbiased"), atol=1e-9)


def test_only_the_first_lag_of_an_ar1_process_tells_anything_of_its_own():
    found = autocorrelation(process(0.7), lags=11)
    assert found.pacf[1] == pytest.approx(0.7, abs=0.05)
    assert np.abs(found.pacf[2:]).max() < 0.07
    assert found.acf[2] == pytest.approx(0.49, abs=0.07)


def test_95_of_100_correlations_of_noise_are_within_the_bound():
    found = autocorrelation(process(0.0, time=20011), lags=400)
    assert np.mean(np.abs(found.acf[1:]) < found.bound) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize(("season", "time", "lags"), [(None, 503, 40), (24, 503, 60), (7, 29, 13)])
def test_lags_reach_over_two_seasons_where_there_are_so_many(season, time, lags):
    assert len(autocorrelation(process(0.5, time=time), season=season).acf) == 1 + lags


@pytest.mark.parametrize("fitted", [0, 2])
def test_ljung_box_is_that_of_statsmodels(fitted):
    values = process(0.1, time=307)
    found = ljung_box(values, season=7, fitted=fitted)
    expected = acorr_ljungbox(values, lags=[14], model_df=fitted)
    assert found.lags == 14
    assert found.statistic == pytest.approx(expected["lb_stat"].iloc[0], rel=1e-9)
    assert found.p_value == pytest.approx(expected["lb_pvalue"].iloc[0], rel=1e-9)


def test_residuals_that_are_correlated_are_said_to_be():
    assert "correlated" in ljung_box(process(0.5)).sentence
    assert "look like noise" in ljung_box(process(0.0, seed=1)).sentence


@pytest.mark.parametrize("values", [np.ones(31), np.arange(3.0), np.full(31, np.nan)])
def test_a_constant_or_very_short_series_has_none(values):
    assert autocorrelation(values) is None
    assert ljung_box(values) is None
