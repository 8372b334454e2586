"""Gaps are filled by straight lines between what was observed, and counted."""

import numpy as np
import pytest

from seqapps.series.gapless import without_gaps

INF, NAN = np.inf, np.nan


def test_a_gap_is_filled_by_a_straight_line():
    found = without_gaps(np.array([2.0, NAN, NAN, 8.0, 7.0]))
    assert found.values.tolist() == [2, 4, 6, 8, 7]
    assert found.observed.tolist() == [True, False, False, True, True]
    assert (found.missing, found.interpolated, found.longest_gap) == (2, 2, 2)


def test_nothing_is_made_up_before_the_first_or_after_the_last_observed_step():
    found = without_gaps(np.array([NAN, NAN, NAN, 5.0, 3.0, NAN, NAN]))
    assert found.values.tolist() == [5, 3]
    assert (found.first, found.missing, found.interpolated, found.longest_gap) == (3, 5, 0, 0)


def test_an_infinite_value_is_missing_and_counted_apart():
    found = without_gaps(np.array([1.0, INF, 3.0, -INF, NAN, 9.0]))
    assert found.values.tolist() == [1, 2, 3, 5, 7, 9]
    assert (found.missing, found.infinite, found.longest_gap) == (3, 2, 2)


@pytest.mark.parametrize("values", [[], [NAN] * 5, [INF, NAN]])
def test_a_series_without_any_observed_step_is_empty(values):
    found = without_gaps(np.array(values))
    assert len(found.values) == 0
    assert found.missing == len(values)
    assert not found.constant


def test_several_series_at_once_are_refused():
    with pytest.raises(ValueError, match=r"\(7, 3\)"):
        without_gaps(np.zeros([7, 3]))
