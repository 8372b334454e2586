"""What ADF and KPSS say together."""

import warnings

import numpy as np
import pytest
from statsmodels.datasets import co2
from statsmodels.tsa.stattools import adfuller, kpss

from seqapps.series.stationarity import stationarity


def noise(seed, time=401):
    return np.random.default_rng(seed).normal(size=time)


def kinds(make):
    return [stationarity(make(seed)).kind for seed in range(20)]


def test_noise_about_a_mean_is_stationary():
    assert kinds(noise).count("stationary") >= 17  # KPSS errs in 1 of 20


def test_noise_about_a_line_is_trend_stationary():
    assert kinds(lambda seed: noise(seed) + 0.03 * np.arange(401)).count("trend-stationary") >= 17


def test_a_random_walk_is_difference_stationary():
    assert kinds(lambda seed: np.cumsum(noise(seed))).count("difference-stationary") >= 15


def test_a_random_walk_is_differenced_once_and_its_changes_not_at_all():
    found = [stationarity(np.cumsum(noise(seed))).differences for seed in range(20)]
    assert np.mean(found) >= 0.9
    changes = [stationarity(noise(seed)).differences for seed in range(20)]
    assert np.mean(changes) <= 0.1


@pytest.mark.parametrize(("regression", "name"), [("c", "adf"), ("ct", "adf_trend")])
@pytest.mark.parametrize("phi", [0.5, 0.95])
def test_the_adf_p_value_is_that_of_statsmodels_choosing_lags_itself(regression, name, phi):
    values = noise(3, 307)
    for step in range(1, len(values)):
        values[step] += phi * values[step - 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = adfuller(values, regression=regression, autolag="AIC")[1]
    assert getattr(stationarity(values), name) == pytest.approx(expected, rel=1e-9)


def test_the_kpss_p_value_is_that_of_statsmodels():
    values = noise(4, 307) + 0.001 * np.arange(307)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = kpss(values, regression="c", nlags="auto")[1]
    assert stationarity(values).kpss == pytest.approx(expected, rel=1e-9)


def test_a_strong_season_is_taken_out_first_and_to_be_differenced():
    season = 3 * np.sin(2 * np.pi * np.arange(401) / 12)
    found = stationarity(noise(5) * 0.5 + season, season=12)
    assert (found.differences, found.seasonal_differences) == (0, 1)
    assert "difference over 12 steps" in found.sentence


def test_carbon_dioxide_is_a_stock_with_a_season():
    found = stationarity(co2.load_pandas().data["co2"].to_numpy(), season=52)
    assert found.kind == "difference-stationary"
    assert (found.differences, found.seasonal_differences) == (1, 1)
    assert "stock" in found.sentence


def test_of_a_long_series_the_last_5000_steps_are_tested():
    """A walk that stands still at last is stationary there."""
    found = stationarity(np.concatenate([np.cumsum(noise(6, 7001)), noise(7, 5003)]))
    assert (found.kind, found.steps) == ("stationary", 5000)


@pytest.mark.parametrize(
    "values",
    [np.full(53, 2.0), np.arange(53.0), noise(0, 19), np.full(53, np.nan)],
    ids=["constant", "line", "short", "all missing"],
)
def test_what_cannot_be_tested_is_not(values):
    assert stationarity(values) is None
