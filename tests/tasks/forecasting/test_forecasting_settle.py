"""What only the data tell is found, and what does not fit them is told."""

import numpy as np
import pytest
from hand_made_series import DAY, NAMED, START, everything, row_of, settings_of, sine

from seqapps.errors import UserError


def test_all_columns_are_forecast_where_none_is_named():
    found = settings_of(everything())
    assert (found.target, found.covariates, found.future) == ("plan,b,other,a", "", "")


def test_what_is_known_in_advance_is_no_target():
    found = settings_of(everything(), future="plan")
    assert (found.target, found.covariates, found.future) == ("b,other,a", "", "plan")


def test_the_other_columns_are_covariates():
    found = settings_of(everything(), target="a", future="plan")
    assert (found.target, found.covariates, found.future) == ("a", "b,other", "plan")


def test_no_covariates_are_read_where_that_is_said():
    assert settings_of(everything(), target="a", covariates="none").covariates == ""


def test_names_keep_the_order_in_which_they_are_said():
    found = settings_of(everything(), target=" b , a", covariates="plan, other")
    assert (found.target, found.covariates) == ("b,a", "plan,other")


def test_a_target_among_the_covariates_is_told_to_the_model_once():
    assert settings_of(everything(), target="a", covariates="a,other").covariates == "other"


def test_settled_settings_stay_as_they_are():
    row = everything()
    once = settings_of(row, **NAMED, season=0)
    again = settings_of(row, **{name: getattr(once, name) for name in (*NAMED, "season")})
    assert again == once


@pytest.mark.parametrize("key", ["target", "covariates", "future"])
def test_a_wrong_name_is_told_with_the_nearest(key):
    with pytest.raises(UserError, match=f"{key} = 'othre': .*Did you mean 'other'"):
        settings_of(everything(), **{key: "othre"})


def test_a_column_cannot_be_forecast_and_known_in_advance():
    with pytest.raises(UserError, match="future = 'a': 'a' is forecast, so it is not known"):
        settings_of(everything(), target="a,b", future="a")


def test_where_all_is_known_in_advance_nothing_is_left_to_forecast():
    with pytest.raises(UserError, match="no column of numbers is left to forecast"):
        settings_of(row_of({"v": sine()}), future="v")


@pytest.mark.parametrize(("step", "name"), [(3600, "1h"), (DAY, "1d"), (7 * DAY, "7d")])
def test_the_frequency_is_that_of_the_times(step, name):
    row = row_of({"v": sine()}, times=START + step * np.arange(211))
    assert settings_of(row).frequency == name


def test_a_frequency_that_is_said_stays():
    assert settings_of(row_of({"v": sine()}), frequency="2d").frequency == "2d"


def test_a_frequency_that_is_none_is_told():
    with pytest.raises(UserError, match="frequency = '1week': expected a number and one of"):
        settings_of(row_of({"v": sine()}), frequency="1week")


def test_lines_that_are_steps_have_no_time():
    row = row_of({"v": sine()}, times=np.arange(211))
    assert settings_of(row).frequency == "rows"


def test_the_season_is_that_of_the_first_target():
    row = row_of({"a": sine(period=17), "b": sine(period=11)})
    assert settings_of(row, season=0).season == 17
    assert settings_of(row, season=0, target="b").season == 11


def test_a_season_is_counted_in_steps_of_the_grid():
    row = row_of({"v": sine(period=13)})
    kept = np.random.default_rng(0).random(211) > 0.2
    row |= {name: row[name][kept] for name in ("times", "values")}
    assert settings_of(row, season=0).season == 13


def test_a_series_without_season_has_one_step():
    walk = np.cumsum(np.random.default_rng(5).normal(size=211))
    assert settings_of(row_of({"v": walk}), season=0).season == 1


def test_windows_are_measured_from_the_season_that_the_data_show():
    row = row_of({"v": sine(period=13)})
    assert settings_of(row, season=0, window="season", lookback=26).season == 13
    with pytest.raises(UserError, match=r"lookback = 25 holds no change .* Set lookback to 26"):
        settings_of(row, season=0, window="season", lookback=25)


@pytest.mark.parametrize("season", [0, 1])
def test_windows_of_a_series_without_season_cannot_be_measured_from_one(season):
    walk = np.cumsum(np.random.default_rng(5).normal(size=211))
    with pytest.raises(UserError, match="window = 'season': the series shows no season"):
        settings_of(row_of({"v": walk}), season=season, window="season")


@pytest.mark.parametrize("transform", ["wavelet", "bands"])
def test_windows_too_short_for_wavelets_are_told(transform):
    row = row_of({"v": sine()})
    assert settings_of(row, transform=transform, lookback=14, segment=7).transform == transform
    with pytest.raises(UserError, match=r"lookback = 13 is too short .* Set lookback to 14"):
        settings_of(row, transform=transform, lookback=13)


def test_the_longest_series_tells_frequency_and_season():
    short = row_of({"v": sine(7)}, times=START + 31 * np.cumsum(np.arange(7)), series="short")
    found = settings_of(short, row_of({"v": sine(period=13)}), season=0)
    assert (found.frequency, found.season) == ("1d", 13)


@pytest.mark.parametrize(("step", "own"), [(3600, "1h"), (7 * DAY, "7d")])
def test_series_of_different_steps_are_told(step, own):
    other = row_of({"v": sine(101)}, times=START + step * np.arange(101), series="fan")
    with pytest.raises(UserError, match=f"'mill' are 1d, those of 'fan' {own}; .* set frequency"):
        settings_of(row_of({"v": sine()}), other)


def test_a_frequency_that_is_said_holds_for_series_of_other_steps():
    weeks = row_of({"v": sine(101)}, times=START + 7 * DAY * np.arange(101), series="fan")
    assert settings_of(row_of({"v": sine()}), weeks, frequency="1d").frequency == "1d"


def test_a_grid_that_would_be_nearly_empty_is_told():
    with pytest.raises(UserError, match=r"of 5,041 steps .* only 211 were"):
        settings_of(row_of({"v": sine()}), frequency="1h")


@pytest.mark.parametrize(
    ("times", "problem"),
    [
        (np.arange(211), "frequency = 'rows' knows no times"),
        (np.arange("1700", "1911", dtype="datetime64[Y]"), "steps of 12mo are all at the same"),
    ],
)
def test_a_calendar_that_tells_nothing_is_told(times, problem):
    times = times.astype("datetime64[s]").astype("int64")
    with pytest.raises(UserError, match=f"calendar = true: .*{problem}"):
        settings_of(row_of({"v": sine()}, times=times), calendar=True)
