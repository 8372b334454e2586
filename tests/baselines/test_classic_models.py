"""ETS, Theta and ARIMA: as statsmodels forecasts them, origin after origin; ridge by NumPy."""

import numpy as np
import pandas as pd
import pytest

from seqapps.baselines.forecasts import arima_fit, ets
from seqapps.baselines.forecasts.arima import Arima
from seqapps.baselines.forecasts.arima_fit import Order
from seqapps.baselines.forecasts.differencing import level_statistic, ordinary_differences
from seqapps.baselines.forecasts.ets import Ets
from seqapps.baselines.forecasts.ridge import Ridge
from seqapps.baselines.forecasts.seasonal import is_seasonal
from seqapps.baselines.forecasts.seasonal_arima import SeasonalArima
from seqapps.baselines.forecasts.theta import Theta

TIMES, SEASON, HORIZON = 127, 7, 17


def series(count=TIMES, *, seed=3, season=SEASON, memory=0.6, trend=0.0):
    """A positive season with a first-order autoregression around it."""
    random = np.random.default_rng(seed)
    noise = np.zeros(count)
    for place in range(1, count):
        noise[place] = memory * noise[place - 1] + random.normal()
    times = np.arange(count)
    return 50 + trend * times + 9 * np.sin(2 * np.pi * times / season) + noise


def kept_order(fitted):
    return fitted.model._recursion


@pytest.mark.parametrize("form", [*ets.PLAIN, *ets.SEASONAL, *ets.POSITIVE])
def test_ets_forecasts_as_statsmodels_does(form):
    values = series(trend=0.1)
    mean, _ = Ets(form).fit(values, season=SEASON, horizon=HORIZON).forecast(values)
    part = ets._prepared(values, SEASON)
    np.testing.assert_allclose(mean, ets._fitted(part, form).forecast(HORIZON), rtol=1e-9)


@pytest.mark.parametrize("form", [*ets.PLAIN, *ets.SEASONAL])
def test_deviations_of_ets_with_added_errors_are_statsmodels_own(form):
    """But for the first error, which the heuristic start makes and we leave out: 2 %."""
    values = series(trend=0.1)
    _, deviation = Ets(form).fit(values, season=SEASON, horizon=HORIZON).forecast(values)
    part = ets._prepared(values, SEASON)
    result = ets._fitted(ets._Part(pd.Series(part.values), 0, part.season, None), form)
    told = result.get_prediction(TIMES, TIMES + HORIZON - 1)
    np.testing.assert_allclose(deviation, np.sqrt(told.forecast_variance), rtol=0.02)


@pytest.mark.parametrize("form", ets.POSITIVE)
def test_deviations_of_ets_with_relative_errors_are_those_of_simulated_futures(form):
    """Of 5,003 futures; 6 % for chance and the formula, which is an approximation."""
    values = series(trend=0.1)
    _, deviation = Ets(form).fit(values, season=SEASON, horizon=HORIZON).forecast(values)
    result = ets._fitted(ets._prepared(values, SEASON), form)
    futures = result.simulate(
        HORIZON, anchor="end", repetitions=5003, rng=np.random.default_rng(3)
    )  # [horizon, futures]
    np.testing.assert_allclose(deviation, np.std(futures, axis=1), rtol=0.06)


def test_ets_takes_a_season_that_multiplies_where_it_grows_with_the_level():
    level = np.linspace(20, 200, TIMES)
    wave = 1 + 0.4 * np.sin(2 * np.pi * np.arange(TIMES) / SEASON)
    noise = np.random.default_rng(3).normal(1, 0.02, TIMES)
    assert Ets().form_of(level * wave * noise, season=SEASON)[3] == "mul"
    assert Ets().form_of(series(memory=0.0), season=SEASON)[3] == "add"
    assert Ets().form_of(series(memory=0.0), season=1)[3] == ""


def test_theta_forecasts_as_statsmodels_does():
    from statsmodels.tsa.forecasting.theta import ThetaModel

    for values, season in [(series(trend=0.3), SEASON), (series(season=1000, trend=0.3), 1)]:
        mean, deviation = Theta().fit(values, season=season, horizon=HORIZON).forecast(values)
        result = ThetaModel(
            values, period=max(season, 2), deseasonalize=season > 1, use_test=False
        ).fit()
        np.testing.assert_allclose(mean, result.forecast(HORIZON), rtol=1e-4)
        alpha, steps = result.params["alpha"], np.arange(HORIZON)
        if season == 1:  # Hyndman and Billah 2003: the deviation of smoothing with a drift
            np.testing.assert_allclose(
                deviation / deviation[0], np.sqrt(1 + steps * alpha**2), rtol=1e-3
            )


ORDERS = [
    (Arima(Order((1, 0, 1))), 1),
    (Arima(Order((2, 1, 1))), 1),
    (Arima(Order((0, 1, 1), drift=True)), 1),
    (SeasonalArima(Order((0, 1, 1), (0, 1, 1))), SEASON),
    (SeasonalArima(Order((1, 0, 0), (1, 0, 0))), SEASON),
    (SeasonalArima(Order((1, 0, 1), waves=2)), 29),
    (SeasonalArima(Order((0, 1, 1), waves=1)), 29),
]


@pytest.mark.parametrize(("classic", "season"), ORDERS)
@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_arima_forecasts_as_statsmodels_does_when_values_are_appended(classic, season, gaps):
    """The same parameters in a model of the levels, which gets what follows without a new fit."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    values = series(season=season if season > 1 else 1000)
    values[5:][np.random.default_rng(3).random(TIMES - 5) < gaps] = np.nan
    fitted = classic.fit(values[:101], season=season, horizon=HORIZON)
    model, order = kept_order(fitted), classic.order
    part, columns = model.part, model.regressors.columns
    left = (values - part.middle) / part.scale - columns(0, TIMES) @ model.weights
    _, result = arima_fit._fit(part, order)
    statsmodel = SARIMAX(
        left[:101],
        order=order.plain,
        seasonal_order=arima_fit._with_season(order.seasonal, season),
    ).filter([*result.params, result.scale])
    for origin in (101, 103, 127):
        if origin > 101:
            statsmodel = statsmodel.append(left[statsmodel.nobs : origin], refit=False)
        told = statsmodel.get_forecast(HORIZON)
        expected = told.predicted_mean + columns(origin, HORIZON) @ model.weights
        mean, deviation = fitted.forecast(values[:origin])
        np.testing.assert_allclose(mean, part.middle + part.scale * expected, rtol=1e-5)
        np.testing.assert_allclose(deviation, part.scale * told.se_mean, rtol=1e-4)


def test_arima_finds_the_memory_that_made_the_series():
    """Of 1,009 steps with 0.8: within three standard errors, sqrt((1 - 0.64) / 1009) = 0.019."""
    values = series(1009, memory=0.8, season=10**9)
    recursion = kept_order(Arima(Order((1, 0, 0))).fit(values, season=1, horizon=3))
    assert recursion.filter.transition[0, 0] == pytest.approx(0.8, abs=0.057)


def test_seasons_of_more_than_24_steps_are_waves_and_not_states():
    values = series(509, season=53)
    recursion = kept_order(SeasonalArima().fit(values, season=53, horizon=3))
    assert recursion.regressors.waves >= 1
    assert len(recursion.filter.design) <= 5


def test_seasonal_arima_foresees_the_season():
    values = series(TIMES + HORIZON, memory=0.0)
    mean, deviation = (
        SeasonalArima().fit(values[:TIMES], season=SEASON, horizon=HORIZON).forecast(values[:TIMES])
    )
    assert np.abs(mean - values[TIMES:]).mean() < 1.3  # the noise itself: 0.8
    assert np.mean(np.abs(mean - values[TIMES:]) < 1.96 * deviation) > 0.8


def test_the_statistic_for_differences_is_that_of_statsmodels():
    from statsmodels.tsa.stattools import kpss

    values = series()
    with pytest.warns():  # of p-values beyond its table, and of how it will answer
        expected = kpss(values, regression="c", nlags=5)[0]
    assert level_statistic(values, lags=5) == pytest.approx(expected)


def test_a_series_is_differenced_until_it_stays_at_a_level():
    noise = np.random.default_rng(3).normal(size=503)
    found = [
        ordinary_differences(each) for each in (noise, noise.cumsum(), noise.cumsum().cumsum())
    ]
    assert found == [0, 1, 2]


def test_a_trend_is_no_season():
    assert is_seasonal(series(trend=0.3), SEASON)
    assert not is_seasonal(series(trend=0.3), 5)
    assert not is_seasonal(np.arange(101.0) + np.random.default_rng(3).normal(size=101), 7)


def test_ridge_forecasts_a_linear_recurrence():
    """x[t] = 1.6 x[t-1] - 0.9 x[t-2] + noise of 0.01: what a loop gives."""
    random, values = np.random.default_rng(3), [1.0, 0.9]
    for _ in range(401):
        values.append(1.6 * values[-1] - 0.9 * values[-2] + random.normal(0, 0.01))
    values = np.array(values)
    mean, _ = Ridge().fit(values, season=1, horizon=5).forecast(values)
    expected = list(values)
    for _ in range(5):
        expected.append(1.6 * expected[-1] - 0.9 * expected[-2])
    np.testing.assert_allclose(mean, expected[-5:], atol=0.02)


def test_ridge_agrees_with_its_normal_equations():
    values = series()
    fitted = Ridge().fit(values, season=1, horizon=3).model
    windows = np.lib.stride_tricks.sliding_window_view(values, fitted.lags + 3)
    given, told = windows[:, : fitted.lags], windows[:, fitted.lags :]
    base = given[:, -1:] if fitted.centre == "last" else np.full((len(given), 1), values.mean())
    scaled, wanted = (given - base) / values.std(), (told - base) / values.std()
    scaled_mean, wanted_mean = scaled.mean(axis=0), wanted.mean(axis=0)
    centred = scaled - scaled_mean
    gram = centred.T @ centred + fitted.model.alpha * np.eye(fitted.lags)
    weights = np.linalg.solve(gram, centred.T @ (wanted - wanted_mean))
    last = values[-fitted.lags :]
    level = base[0, 0] if fitted.centre == "none" else last[-1]
    expected = wanted_mean + ((last - level) / values.std() - scaled_mean) @ weights
    mean, _ = fitted.forecast(values)
    np.testing.assert_allclose(mean, level + values.std() * expected, rtol=1e-6)


def test_ridge_reaches_back_a_season_that_is_longer_than_its_lags():
    """347 numbers without any order, again and again: only those of a season ago foretell them."""
    random = np.random.default_rng(3)
    values = np.tile(random.normal(size=347), 7) + random.normal(0, 0.1, 7 * 347)
    known = values[: 6 * 347 + 98]
    fitted = Ridge().fit(known, season=347, horizon=5)
    assert fitted.model.lags < 347
    mean, _ = fitted.forecast(known)
    np.testing.assert_allclose(mean, values[6 * 347 + 98 :][:5], atol=0.6)
