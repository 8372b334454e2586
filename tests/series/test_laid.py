"""What laying series on a grid took is counted over all of them, and said in lines."""

import numpy as np
import pytest
from seqapps.tasks.forecasting.task import Settings

from seqapps.series.grid import DAY, common_frequency, holes_of
from seqapps.series.laid import laid

START = 1_700_006_400  # a midnight
MONDAY = START + 5 * DAY


def rows(*steps, count=101, without=()):
    """A series for each step in seconds."""
    kept = np.delete(np.arange(count), list(without))
    return [{"series": f"{step} s", "times": START + step * kept} for step in steps]


def told(found, frequency):
    return laid(found, Settings(frequency=frequency))


def test_a_grid_that_fits_is_not_worth_a_line():
    assert told(rows(3600, 3600), "1h") == ""
    assert told(rows(3600, 3600), "rows") == ""


def test_observations_that_a_coarse_grid_drops_are_counted():
    line = told(rows(3600, 3600, count=48), "1d")
    assert line.startswith("a step each 1d: ")
    assert "90 of 96 observations share a step with a later one, which counts" in line


def test_steps_that_nobody_observed_are_counted():
    assert told(rows(60, without=[3, 4, 7]), "1min") == (
        "a step each 1min: 3 steps of this grid were not observed and are gaps"
    )


def test_where_each_observation_is_a_step_holes_in_the_times_are_told():
    line = told(rows(3600, without=[7, *range(20, 68)]), "rows")
    assert line.startswith(
        "each observation is a step: 2 holes in the times, the longest of 2 days"
    )
    assert "--set frequency=1h makes gaps of them" in line


@pytest.mark.parametrize(
    ("times", "found"),
    [
        (np.arange(31), (0, 0)),  # steps without times
        (MONDAY + DAY * np.array([0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 14]), (0, 0)),  # business days
        (MONDAY + DAY * np.array([0, 1, 2, 3, 4, 7, 9, 10, 11, 14]), (1, 2 * DAY)),
        (np.array([0, 3, 5, 11, 14, 20, 1000, 1002]), (1, 980)),  # of no frequency
        (np.array([5, 9]), (0, 0)),
    ],
)
def test_holes_are_steps_that_the_times_leave_out(times, found):
    assert holes_of(times) == found


def test_series_of_other_steps_are_told_where_observations_are_steps():
    assert "1min in 1, 1s in 2" in told(rows(1, 60, 1), "rows")


def test_the_longest_series_tells_the_frequency_of_all():
    assert common_frequency([*rows(60, count=5), *rows(3600)], needed=23) == "1h"


def test_settings_without_a_frequency_tell_nothing():
    assert laid(rows(60, without=[3]), object()) == ""
