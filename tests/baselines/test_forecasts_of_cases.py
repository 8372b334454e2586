"""Classic forecasters as baselines: a model for each series and target, whatever the series."""

import itertools
import logging

import numpy as np
import pytest

from seqapps.baselines.forecasts.adapter import FEW, MOST_CHOICES, forecasts
from seqapps.baselines.forecasts.arima import Arima
from seqapps.baselines.forecasts.arima_fit import Order
from seqapps.baselines.forecasts.drift import Drift
from seqapps.baselines.forecasts.ets import Ets
from seqapps.baselines.forecasts.exponential import Exponential
from seqapps.baselines.forecasts.last_value import LastValue
from seqapps.baselines.forecasts.moving_average import MovingAverage
from seqapps.baselines.forecasts.ridge import Ridge
from seqapps.baselines.forecasts.seasonal_arima import SeasonalArima
from seqapps.baselines.forecasts.seasonal_naive import SeasonalNaive
from seqapps.baselines.forecasts.theta import Theta
from seqapps.metrics.forecasts import coverage_80, coverage_95, mae, pinball
from seqapps.metrics.judge import values_of
from seqapps.series.windows import Series, Windows

CLASSICS = {
    "last": LastValue(), "drift": Drift(), "seasonal": SeasonalNaive(), "average": MovingAverage(),
    "exponential": Exponential(),
    "ets": Ets(), "theta": Theta(), "arima": Arima(), "seasonal_arima": SeasonalArima(),
    "ridge": Ridge(),
}  # fmt: skip
# Where the choice of an order is not what is tested, one order is enough.
QUICK = {**CLASSICS, "seasonal_arima": SeasonalArima(Order((1, 0, 0), (0, 1, 1)))}
LOOKBACK, HORIZON, TARGETS, CHANNELS, SEASON = 11, 5, 2, 3, 7
INTERVALS = ("mean", "lower", "upper", "lower_80", "upper_80")


def noisy(count, *, seed=3, season=SEASON):
    random = np.random.default_rng(seed)
    times = np.arange(count)[:, None]
    return 20 + 3 * np.sin(2 * np.pi * times / season) + random.normal(size=[count, CHANNELS])


def cut(series, origin):
    return {
        "series": series.name,
        "values": series.values[origin - LOOKBACK : origin],
        "past": series.values[:origin],
        "truth": series.values[origin : origin + HORIZON, :TARGETS],
    }


def windows(values, *, name="a", first=0, held_out=False, most=None):
    times = np.arange(len(values), dtype="int64")
    part = Series(name, times, values.astype("float32"), first, held_out)
    return Windows([part], cut, lookback=LOOKBACK, horizon=HORIZON, most=most)


def split(values, *, most=None):
    """(training windows, test windows) of one series, cut at three quarters."""
    border = len(values) * 3 // 4
    return windows(values[:border]), windows(values, first=border, held_out=True, most=most)


def assert_same(told, other):
    for one, again in zip(told, other, strict=True):
        for kind in INTERVALS:
            np.testing.assert_array_equal(one[kind], again[kind])


def predictor(classic, cases, *, season=SEASON):
    return forecasts(classic, season=season, horizon=HORIZON, targets=TARGETS)(cases)


@pytest.mark.parametrize("name", CLASSICS)
def test_a_response_has_a_number_for_each_step_and_target_in_order(name):
    train, test = split(noisy(157), most=3)
    for told in predictor(QUICK[name], train)(test):
        assert set(told) == set(INTERVALS)
        assert all(np.shape(told[kind]) == (HORIZON, TARGETS) for kind in INTERVALS)
        order = [np.array(told[kind]) for kind in
                 ("lower", "lower_80", "mean", "upper_80", "upper")]  # fmt: skip
        assert all((low <= high).all() for low, high in itertools.pairwise(order))


@pytest.mark.parametrize("name", CLASSICS)
def test_each_target_is_forecast_from_its_own_past_alone(name):
    train, test = split(noisy(157), most=3)
    told = predictor(QUICK[name], train)(test)
    changed = noisy(157)
    changed[:, 1:] = noisy(157, seed=5)[:, 1:] ** 2
    train, test = split(changed, most=3)
    again = predictor(QUICK[name], train)(test)
    for one, other in zip(told, again, strict=True):
        np.testing.assert_array_equal(np.array(one["mean"])[:, 0], np.array(other["mean"])[:, 0])
        assert not np.allclose(np.array(one["mean"])[:, 1], np.array(other["mean"])[:, 1])


@pytest.mark.parametrize("name", CLASSICS)
def test_nothing_after_the_origin_changes_a_forecast(name):
    values = noisy(157)
    train, test = split(values)
    told = predictor(QUICK[name], train)(test[:7])
    changed = values.copy()
    changed[117 + 7 :] += 100  # test windows begin at 117
    again = predictor(QUICK[name], train)(split(changed)[1][:7])
    assert_same(told, again)


@pytest.mark.parametrize("name", CLASSICS)
def test_the_order_of_cases_does_not_matter(name):
    """A model that goes on from origin to origin goes back as well."""
    train, test = split(noisy(157), most=7)
    cases = [*test, train[3]]
    told = predictor(QUICK[name], train)(cases)
    order = [4, 0, 7, 6, 2, 2, 1]
    again = predictor(QUICK[name], train)([cases[place] for place in order])
    for place, other in zip(order, again, strict=True):
        np.testing.assert_allclose(told[place]["mean"], other["mean"], rtol=1e-9)


@pytest.mark.parametrize("name", CLASSICS)
def test_a_series_that_training_did_not_show_is_learnt_from_its_own_past(name):
    train, test = split(noisy(157), most=2)
    strange = [{**case, "series": "strange"} for case in test]
    told = predictor(QUICK[name], train)(strange)
    own = predictor(QUICK[name], windows(strange[0]["past"], name="strange"))(strange)
    for one, other in zip(told, own, strict=True):
        np.testing.assert_allclose(one["mean"], other["mean"], rtol=1e-6)


def test_cases_without_a_name_are_of_one_series():
    train, test = split(noisy(157), most=2)
    cases = [{key: case[key] for key in ("values", "past", "truth")} for case in test]
    parts = [{key: case[key] for key in ("values", "past", "truth")} for case in train]
    told = predictor(LastValue(), parts)(cases)
    assert told[0]["mean"][0] == pytest.approx(cases[0]["past"][-1, :TARGETS])


def test_a_season_can_be_found_by_a_function_of_the_training_part():
    train, test = split(noisy(157), most=2)
    seen = []

    def season_of(values):
        seen.append(values)
        return SEASON

    told = predictor(SeasonalNaive(), train, season=season_of)(test)
    assert [len(values) for values in seen] == [117, 117]
    assert_same(told, predictor(SeasonalNaive(), train)(test))


ODD = {
    "empty": np.zeros(0),
    "one value": np.array([3.0]),
    "three values": np.array([3.0, 1.0, 2.0]),
    "constant": np.full(53, 3.7),
    "never observed": np.full(53, np.nan),
    "observed once": np.where(np.arange(53) == 7, 2.0, np.nan),
    "infinite": np.where(np.arange(53) % 11 == 7, np.inf, noisy(53)[:, 0]),
    "a step": np.repeat([0.0, 1.0], [41, 37]),
    "a line": np.arange(53.0),
    "a pure season": np.tile(np.arange(7.0), 11),
    "mostly gaps": np.where(np.arange(101) % 5 == 2, noisy(101)[:, 0], np.nan),
    "gaps at both ends": np.where(np.abs(np.arange(101) - 50) < 31, noisy(101)[:, 0], np.nan),
    "large": noisy(53)[:, 0] * 1e30,
    "small": noisy(53)[:, 0] * 1e-30,
    "counts": np.random.default_rng(3).poisson(0.2, 101).astype("float64"),
}


@pytest.mark.parametrize("season", [7, 53])
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", CLASSICS)
def test_an_odd_series_is_answered_with_finite_numbers(name, kind, season):
    values = ODD[kind]
    fitted = CLASSICS[name].fit(values, season=season, horizon=13)
    for history in (values, values[:0], np.full(5, np.nan), np.append(values, [1.0, np.nan])):
        mean, deviation = fitted.forecast(history)
        assert mean.shape == deviation.shape == (13,)
        assert np.isfinite(mean).all() and np.isfinite(deviation).all() and (deviation >= 0).all()


@pytest.mark.parametrize("name", [name for name in CLASSICS if name != "last"])
def test_a_constant_series_stays_constant_and_the_log_says_so(name, caplog):
    with caplog.at_level(logging.WARNING):
        fitted = CLASSICS[name].fit(np.full(101, 3.7), season=SEASON, horizon=HORIZON)
    assert "it is constant at 3.7; the last value instead" in caplog.text
    mean, deviation = fitted.forecast(np.full(103, 3.7))
    np.testing.assert_array_equal(mean, 3.7)
    np.testing.assert_array_equal(deviation, 0.0)


class Counted:
    """A forecaster of two forms that counts what it is asked for."""

    def __init__(self, form=None, asked=None):
        self.form, self.asked = form, [] if asked is None else asked

    def fit(self, training, *, season, horizon):
        self.asked.append(("fit", self.form))
        return LastValue().fit(training, season=season, horizon=horizon)

    def form_of(self, training, *, season):
        self.asked.append(("choose", None))
        return "rare" if training[0] < 1 else "common"

    def with_form(self, form):
        return Counted(form, self.asked)


def many(count):
    return [
        {"series": f"{number}", "past": np.full([7, CHANNELS], number, "float32"),
         "truth": np.zeros([HORIZON, TARGETS], "float32")}
        for number in range(count)
    ]  # fmt: skip


def test_of_many_series_a_few_choose_the_form_and_all_are_fitted_with_it():
    classic = Counted()
    predictor(classic, many(MOST_CHOICES // TARGETS + 1))
    chosen = [kind for kind, _ in classic.asked].count("choose")
    fits = [form for kind, form in classic.asked if kind == "fit"]
    assert chosen == FEW
    assert fits == ["common"] * (MOST_CHOICES + TARGETS)


def test_of_few_series_each_chooses_its_own_form():
    classic = Counted()
    predictor(classic, many(MOST_CHOICES // TARGETS))
    assert classic.asked == [("fit", None)] * MOST_CHOICES


@pytest.mark.parametrize("classic", [Ets(), Arima(), SeasonalArima()])
def test_what_chooses_a_form_fits_the_same_with_that_form_alone(classic):
    values = noisy(157)[:, 0]
    form = classic.form_of(values, season=SEASON)
    told, again = (
        each.fit(values, season=SEASON, horizon=HORIZON).forecast(values)
        for each in (classic, classic.with_form(form))
    )
    np.testing.assert_allclose(told, again, rtol=1e-9)


@pytest.mark.parametrize("name", ["seasonal", "ets", "theta", "seasonal_arima", "ridge"])
def test_what_knows_of_seasons_beats_the_last_value_and_its_intervals_hold(name):
    """131 origins that overlap, so that shares are within some 7 points of what they should be."""
    metrics = {"mae": mae(), "pinball": pinball(), "80": coverage_80(), "95": coverage_95()}
    train, test = split(noisy(541))
    found, plain = (
        values_of(metrics, test, predictor(classic, train)(test))
        for classic in (CLASSICS[name], LastValue())
    )
    assert found["mae"] < 0.75 * plain["mae"]
    assert found["pinball"] < 0.75 * plain["pinball"]
    assert found["80"] == pytest.approx(0.8, abs=0.07)
    assert found["95"] == pytest.approx(0.95, abs=0.05)
