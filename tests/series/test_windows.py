"""Windows hold what they say, lie in their part, and are cut only when they are asked for."""

import numpy as np
import pytest

from seqapps.series.windows import Series, Windows, histories
from seqapps.task import PAST


def cut(series, origin):
    return {
        "values": series.values[origin - 3 : origin],
        "truth": series.values[origin : origin + 2, :1],
        "series": series.name,
        "origin": origin,
        PAST: series.values[:origin],
    }


def series(steps, name="a", **facts):
    values = np.arange(2 * steps, dtype="float32").reshape(steps, 2)
    return Series(name, np.arange(steps), values, **facts)


def windows(*given, **how):
    return Windows(given, cut, lookback=3, horizon=2, **how)


def origins(found):
    return [case["origin"] for case in found]


def test_the_first_and_the_last_window_fit_the_series_exactly():
    found = windows(series(7))
    assert origins(found) == [3, 4, 5]
    np.testing.assert_array_equal(found[0]["values"][:, 0], [0, 2, 4])
    np.testing.assert_array_equal(found[-1]["truth"], [[10], [12]])


def test_of_a_held_out_part_only_what_follows_lies_in_it():
    found = windows(series(11, first=6, held_out=True))
    assert origins(found) == [6, 7, 8, 9]
    np.testing.assert_array_equal(found[0]["values"][:, 0], [6, 8, 10])


def test_several_series_follow_one_another():
    found = windows(series(7), series(4, "short"), series(6, "b"))
    assert [(case["series"], case["origin"]) for case in found] == [
        ("a", 3), ("a", 4), ("a", 5), ("b", 3), ("b", 4),
    ]  # fmt: skip


def test_at_most_so_many_origins_of_what_is_held_out_are_evenly_spread():
    train, test = series(103), series(103, held_out=True)
    assert len(windows(train, most=5)) == 99
    assert origins(windows(test, most=5)) == [3, 27, 52, 77, 101]
    assert len(windows(test, most=5).every()) == 99


def test_stride_and_what_is_wanted_thin_the_origins():
    assert origins(windows(series(13), stride=4)) == [3, 7, 11]
    found = windows(series(13), wanted=lambda each, places: places % 2 == 0)
    assert origins(found) == [4, 6, 8, 10]


def test_positions_work_as_in_a_list():
    found = windows(series(7))
    assert origins(found[1:]) == [4, 5]
    with pytest.raises(IndexError, match="window 3 of 3"):
        found[3]
    assert len(windows()) == 0


def test_nothing_is_copied_and_ten_million_steps_take_no_windows():
    values = np.zeros([10**7, 1], "float32")
    found = windows(Series("long", np.arange(10**7), values))
    assert len(found) == 10**7 - 4
    assert np.shares_memory(found[5 * 10**6]["values"], values)


def test_histories_are_all_that_cases_show():
    found = windows(series(7), series(6, "b"))
    whole = histories(found)
    np.testing.assert_array_equal(whole["a"], series(7).values)
    shown = histories(list(found))
    assert shown.keys() == whole.keys()
    np.testing.assert_array_equal(shown["b"][:, 0], whole["b"][:, 0])
    np.testing.assert_array_equal(shown["b"][:4, 1], whole["b"][:4, 1])
    assert np.isnan(shown["b"][4:, 1]).all()  # no target: what followed is not shown
