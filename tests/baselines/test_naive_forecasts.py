"""Last value, drift, season and moving average: by a plain loop over the series."""

import math

import numpy as np
import pytest

from seqapps.baselines.forecasts.drift import Drift
from seqapps.baselines.forecasts.errors import completed
from seqapps.baselines.forecasts.exponential import Exponential
from seqapps.baselines.forecasts.gaps import bridged, carried
from seqapps.baselines.forecasts.last_value import LastValue
from seqapps.baselines.forecasts.moving_average import MovingAverage
from seqapps.baselines.forecasts.seasonal_naive import SeasonalNaive

TIMES, SEASON, HORIZON = 101, 7, 17


def wandering(count=TIMES, *, seed=3, gaps=0.0):
    random = np.random.default_rng(seed)
    values = random.normal(0.2, 1, count).cumsum()
    values[1:-1][random.random(count - 2) < gaps] = np.nan
    return values


def told(classic, values, history=None, *, season=SEASON, horizon=HORIZON):
    fitted = classic.fit(values, season=season, horizon=horizon)
    return fitted.forecast(values if history is None else history)


def last_known(values):
    return next(value for value in values[::-1] if value == value)


def test_the_last_value_stays():
    values = wandering()
    values[-3:] = np.nan
    mean, _ = told(LastValue(), values)
    np.testing.assert_array_equal(mean, np.full(HORIZON, values[-4]))


def test_drift_goes_on_as_it_went_from_the_first_to_the_last_known_value():
    values = np.array([np.nan, 2.0, np.nan, 9.0, 8.0, np.nan])  # 2 a step from 1 to 4
    mean, _ = told(Drift(), values, horizon=3)
    np.testing.assert_allclose(mean, [12.0, 14.0, 16.0])


def test_the_value_of_a_season_ago_comes_again():
    values = wandering()
    mean, _ = told(SeasonalNaive(), values)
    expected = list(values)
    for _ in range(HORIZON):
        expected.append(expected[-SEASON])
    np.testing.assert_array_equal(mean, expected[TIMES:])


def test_a_gap_a_season_ago_takes_the_season_before():
    values = wandering(21)
    values[16] = np.nan  # place 2 of the season, last known at 9
    mean, _ = told(SeasonalNaive(), values, horizon=SEASON)
    assert mean[2] == values[9]
    assert mean[3] == values[17]


def test_the_moving_average_is_the_mean_of_the_last_window():
    values = wandering(gaps=0.2)
    fitted = MovingAverage().fit(values, season=SEASON, horizon=5)
    mean, _ = fitted.forecast(values)
    np.testing.assert_allclose(mean, np.full(5, np.nanmean(values[-fitted.model.size :])))


def test_the_window_is_long_where_values_are_noise_and_short_where_they_wander():
    noise = np.random.default_rng(3).normal(size=503)
    for values, expected in [(noise, range(34, 90)), (noise.cumsum(), range(2, 3))]:
        assert MovingAverage().fit(values, season=1, horizon=3).model.size in expected


def test_a_step_counts_decay_times_as_much_as_the_one_after_it():
    """Decay 1/2: of 8, 4, a gap, 2 and 6 the weights are 1, 2, 0, 8 and 16 of 27: 128 / 27."""
    values = np.array([8.0, 4.0, np.nan, 2.0, 6.0])
    mean, deviation = told(Exponential(0.5), values, horizon=2)
    np.testing.assert_allclose(mean, [128 / 27] * 2)
    # One step ahead of 8 is 4; the first 16/3 has a gap for truth, the second one 2, 32/11 has 6.
    errors = np.array([4 - 8, 2 - 16 / 3, 6 - 32 / 11])
    assert deviation[0] == pytest.approx(np.sqrt(np.mean(errors**2)))


def test_exponential_smoothing_has_the_decay_of_riskmetrics_and_forgets_where_it_began():
    """As the recursion s = 0.94 s + 0.06 x has it, which after 300 steps knows no beginning."""
    values = wandering(401)
    level = 17.0
    for value in values:
        level = 0.94 * level + 0.06 * value
    mean, _ = told(Exponential(), values)
    np.testing.assert_allclose(mean, np.full(HORIZON, level), rtol=1e-6)
    gone = np.concatenate([values, np.full(1000, np.nan)])
    mean, _ = told(Exponential(), values, gone)  # nothing within reach: the last value
    np.testing.assert_allclose(mean, np.full(HORIZON, values[-1]))


@pytest.mark.parametrize("gaps", [0.0, 0.3])
@pytest.mark.parametrize("classic", [LastValue(), SeasonalNaive()])
def test_deviations_are_root_mean_squared_errors_of_every_origin_in_training(classic, gaps):
    """One forecast after another from a history that is cut there."""
    values = wandering(gaps=gaps)
    _, deviation = told(classic, values)
    for step in (1, 5, 11, 17):
        errors = []
        for origin in range(1, TIMES - step + 1):
            history = values[:origin]
            if isinstance(classic, SeasonalNaive):
                place = origin + step - 1
                same = values[place % SEASON : origin : SEASON]
                known = same[~np.isnan(same)]
            else:
                known = history[~np.isnan(history)]
            if len(known):
                errors.append(values[origin + step - 1] - known[-1])
        assert deviation[step - 1] == pytest.approx(np.sqrt(np.nanmean(np.square(errors))))


def test_the_deviation_of_a_random_walk_grows_with_the_root_of_the_steps():
    """Of 2,003 steps of deviation 1; 5 % for chance."""
    values = np.random.default_rng(3).normal(size=2003).cumsum()
    _, deviation = told(LastValue(), values)
    np.testing.assert_allclose(deviation, np.sqrt(np.arange(1, HORIZON + 1)), rtol=0.05)


def test_deviations_beyond_the_training_part_grow_as_those_of_a_random_walk():
    _, deviation = told(LastValue(), wandering(11), horizon=29)
    assert deviation[28] == pytest.approx(deviation[7] * math.sqrt(29 / 8))


def test_missing_deviations_are_filled_in():
    found = completed(np.array([np.nan, 2.0, np.nan, 4.0, np.nan]))
    np.testing.assert_allclose(found, [2.0, 2.0, 3.0, 4.0, 4.0 * math.sqrt(5 / 4)])


def test_carrying_forward_uses_nothing_of_what_comes():
    values = wandering(gaps=0.4)
    for place in range(TIMES):
        assert carried(values)[place] == last_known(values[: place + 1])


def test_bridges_follow_the_season():
    """A pure season with gaps comes back; a straight line would cut its tops off."""
    season = np.tile([0.0, 3.0, 9.0, 4.0, 1.0], 11)
    values = season.copy()
    values[[7, 22, 23, 36]] = np.nan
    np.testing.assert_allclose(bridged(values, 5), season, atol=0.7)
    assert np.abs(bridged(values) - season).max() > 5
