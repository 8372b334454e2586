"""Frequencies are seen in times, and series are laid on their steps without losing any."""

import numpy as np
import pandas as pd
import pytest

from seqapps.errors import UserError
from seqapps.series.grid import (
    check_frequency,
    frequency_of,
    on_grid,
    parsed,
    steps_from,
)

PANDAS = {"15min": "15min", "1h": "h", "1d": "D", "7d": "7D", "1b": "B", "1mo": "MS", "3mo": "3MS",
          "11s": "11s", "12mo": "YS"}  # fmt: skip


def times_of(frequency, count, start="2019-01-01"):
    index = pd.date_range(start, periods=count, freq=frequency)
    return index.to_numpy().astype("datetime64[s]").astype("int64")


@pytest.mark.parametrize("name", PANDAS)
def test_a_frequency_is_seen_and_its_steps_are_those_of_pandas(name):
    times = times_of(PANDAS[name], 61)
    assert frequency_of(times) == name
    np.testing.assert_array_equal(steps_from(int(times[0]), 61, name), times)


def test_the_last_days_of_months_are_months():
    assert frequency_of(times_of("ME", 17)) == "1mo"


def test_gaps_do_not_hide_a_frequency():
    random = np.random.default_rng(3)
    times = times_of("h", 500)
    assert frequency_of(times[random.random(500) > 0.3]) == "1h"


def test_times_by_chance_have_none():
    times = np.cumsum(np.random.default_rng(3).integers(1, 1000, 500))
    assert frequency_of(times) == "rows"


def test_a_weekly_series_is_not_one_of_business_days():
    assert frequency_of(times_of("W-WED", 41)) == "7d"


def test_holidays_are_gaps_of_business_days():
    times = times_of("B", 61)
    some = np.delete(times, [7, 23])
    grid = on_grid(some, "1b")
    assert (len(grid.times), grid.gaps, grid.moved, grid.dropped) == (61, 2, 0, 0)
    np.testing.assert_array_equal(np.flatnonzero(grid.place < 0), [7, 23])
    np.testing.assert_array_equal(grid.times, times)


def test_a_series_without_gaps_stays_as_it_is():
    times = times_of("h", 53)
    grid = on_grid(times, "1h")
    assert grid.place is None
    assert grid.times is times


def test_what_lies_between_two_steps_goes_to_the_nearer_one_and_the_last_of_a_step_counts():
    times = np.array([0, 3600 + 60, 3600 + 120, 3 * 3600 - 60])
    grid = on_grid(times, "1h")
    assert grid.place.tolist() == [0, 2, -1, 3]
    assert (grid.gaps, grid.moved, grid.dropped) == (1, 3, 1)


def test_of_rows_every_observation_is_a_step():
    times = np.array([0, 5, 6, 1000])
    grid = on_grid(times, "rows")
    assert grid.place is None
    assert grid.times is times


def test_a_grid_that_would_be_nearly_empty_is_refused():
    with pytest.raises(UserError, match=r"frequency = '1s': of 172,801 steps .* only 3 were"):
        on_grid(np.array([0, 86400, 172800]), "1s")


@pytest.mark.parametrize("given", ["hourly", "0d", "1y", "-1h", ""])
def test_what_is_no_frequency_is_told(given):
    with pytest.raises(UserError, match="such as 15min"):
        check_frequency(given)


def test_the_number_may_be_left_out():
    assert parsed("d") == (1, "d")
    assert check_frequency("rows") == "rows"


def test_steps_that_are_numbered_have_no_time():
    assert frequency_of(np.arange(31)) == "rows"
    assert frequency_of(np.arange(31) + 10**9) == "1s"


def test_last_days_of_months_stay_last_days_where_one_is_missing():
    times = times_of("ME", 17, start="2019-01-31")
    grid = on_grid(np.delete(times, [4, 9]), "1mo")
    np.testing.assert_array_equal(grid.times, times)
    np.testing.assert_array_equal(np.flatnonzero(grid.place < 0), [4, 9])
