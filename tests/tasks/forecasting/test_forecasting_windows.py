"""Rows become cases in which every value is at its place; a shift of one step is seen."""

import numpy as np
import pandas as pd
import pytest
from hand_made_series import DAY, NAMED, START, row_of, settings_of
from seqapps.tasks.forecasting.task import TASK

from seqapps.errors import UserError
from seqapps.task import PAST

STEPS = 67
SIZES = {"lookback": 13, "horizon": 5}
COUNT = np.arange(STEPS, dtype="float64")
# The columns stand in an order that is nobody's.
COLUMNS = {
    "plan": 4000 + COUNT, "b": 2000 + 2 * COUNT, "other": 3000 + COUNT, "a": 1000 + COUNT,
}  # fmt: skip


def cases_of(*rows, **options):
    settings = settings_of(*rows, **{**SIZES, **options})
    return TASK.cases(rows, settings)


@pytest.fixture(scope="module")
def cases():
    return cases_of(row_of(COLUMNS), **NAMED)


def test_the_first_window_is_what_was_written_down_by_hand(cases):
    first = cases[0]
    np.testing.assert_array_equal(first["values"][:, 0], np.arange(1000, 1013))
    np.testing.assert_array_equal(first["values"][:, 1], np.arange(2000, 2026, 2))
    np.testing.assert_array_equal(first["values"][:, 2], np.arange(3000, 3013))
    np.testing.assert_array_equal(first["values"][:, 3], np.arange(4000, 4013))
    np.testing.assert_array_equal(first["truth"][:, 0], np.arange(1013, 1018))
    np.testing.assert_array_equal(first["truth"][:, 1], np.arange(2026, 2036, 2))
    np.testing.assert_array_equal(first["future"][:, 0], np.arange(4013, 4018))
    assert (first["values"].shape, first["truth"].shape, first["future"].shape) == (
        (13, 4), (5, 2), (5, 1),
    )  # fmt: skip
    np.testing.assert_array_equal(first["times"], START + DAY * np.arange(13, 18))
    assert (first["start"], first["series"], len(first[PAST])) == (START, "mill", 13)


def test_the_last_window_ends_with_the_series(cases):
    assert len(cases) == STEPS - 13 - 5 + 1
    last = cases[-1]
    assert last["truth"][-1].tolist() == [1066, 2132]
    assert last["future"][-1].tolist() == [4066]
    assert last["times"][-1] == START + 66 * DAY
    assert last["start"] == START + DAY * (66 - 13 - 5 + 1)


def test_the_units_of_scores_are_each_target_s_own(cases):
    """Seven days ahead `a` grows by 7, `b` by 14."""
    assert cases[0]["scale"].tolist() == [7, 14]
    np.testing.assert_allclose(cases[0]["deviation"], [COUNT.std(), 2 * COUNT.std()], rtol=1e-6)


def test_the_units_of_scores_are_those_of_the_training_part_alone():
    values = np.where(COUNT < 37, COUNT, 37 + 100 * (COUNT - 37))
    row = row_of({"v": values}, first=41, training=37, held_out=True)
    case = TASK.cases([row], settings_of(row_of({"v": COUNT}), **SIZES))[0]
    assert case["scale"].tolist() == [7]
    np.testing.assert_allclose(case["deviation"], [np.arange(37).std()], rtol=1e-6)


def test_of_data_of_others_the_units_of_scores_are_those_of_all_of_it():
    row = row_of({"v": 3 * COUNT}, first=0, training=0, held_out=True)
    case = TASK.cases([row], settings_of(row, **SIZES))[0]
    assert case["scale"].tolist() == [21]


def test_a_target_that_one_training_part_lacks_does_not_change_the_other_one_s_units():
    never = np.where(COUNT < 37, np.nan, COUNT * 5)
    after = np.where(COUNT < 37, COUNT, 1000 + 9 * COUNT)
    row = row_of({"never": never, "v": after}, first=41, training=37, held_out=True)
    case = TASK.cases([row], settings_of(row, **SIZES))[0]
    assert case["scale"].tolist() == [35, 7]


def test_a_constant_series_has_units_of_one():
    case = cases_of(row_of({"v": np.full(STEPS, 3.0)}))[0]
    assert (case["scale"].tolist(), case["deviation"].tolist()) == ([1], [1])


def test_a_day_without_observation_is_a_step_of_its_own():
    row = row_of({"v": COUNT})
    for name in ("times", "values"):
        row[name] = np.delete(row[name], 3, axis=0)
    case = cases_of(row)[0]
    assert np.flatnonzero(np.isnan(case["values"][:, 0])).tolist() == [3]
    np.testing.assert_array_equal(np.delete(case["values"][:, 0], 3), np.delete(np.arange(13), 3))
    np.testing.assert_array_equal(case["truth"][:, 0], np.arange(13, 18))
    assert case["times"][0] == START + 13 * DAY


@pytest.mark.parametrize(
    ("frequency", "freq", "start"),
    [("1mo", "MS", "2019-01-01"), ("1mo", "ME", "2019-01-31"), ("1b", "B", "2019-01-01"),
     ("3mo", "3MS", "2019-01-01"), ("15min", "15min", "2019-01-01")],
)  # fmt: skip
def test_times_are_those_of_the_frequency(frequency, freq, start):
    """With a gap, so that the times are made and not only handed on."""
    index = pd.date_range(start, periods=STEPS, freq=freq)
    times = index.to_numpy().astype("datetime64[s]").astype("int64")
    row = row_of({"v": COUNT}, times=times)
    for name in ("times", "values"):
        row[name] = np.delete(row[name], 15, axis=0)
    settings = settings_of(row, **SIZES)
    assert settings.frequency == frequency
    case = TASK.cases([row], settings)[0]
    np.testing.assert_array_equal(case["times"], times[13:18])
    assert np.isnan(case["truth"][:, 0]).tolist() == [False, False, True, False, False]
    assert case["start"] == times[0]


@pytest.mark.parametrize("gone", [[], [23], [40, 41]], ids=["whole", "a_gap", "gap_before"])
def test_a_part_that_is_held_out_begins_at_its_first_step(gone):
    """What is given may reach back into training, and what follows never does."""
    row = row_of({"v": COUNT})
    for name in ("times", "values"):
        row[name] = np.delete(row[name], gone, axis=0)
    first = 43 - len(gone)
    row |= {"first": first, "training": first, "held_out": True}
    found = TASK.cases([row], settings_of(row_of({"v": COUNT}), **SIZES, origins=0))
    firsts = [case["truth"][0, 0] for case in found]
    assert firsts == list(range(43, STEPS - 5 + 1))
    assert found[0]["values"][-1, 0] == 42 or np.isnan(found[0]["values"][-1, 0])


def test_at_most_so_many_origins_judge_and_all_of_them_train():
    row = row_of({"v": COUNT})
    settings = settings_of(row, **SIZES, origins=3)
    held = {**row, "first": 42, "training": 37, "held_out": True}
    assert [case["truth"][0, 0] for case in TASK.cases([held], settings)] == [42, 52, 62]
    assert len(TASK.cases([row], settings)) == STEPS - 13 - 5 + 1


def test_a_window_whose_truth_is_all_unknown_is_left_out():
    values = COUNT.copy()
    values[30:41] = np.nan
    origins = {case["times"][0] for case in cases_of(row_of({"v": values}))}
    left_out = {START + DAY * step for step in range(13, 63)} - origins
    assert left_out == {START + DAY * step for step in range(30, 37)}


def test_series_of_one_table_follow_one_another_under_their_names():
    rows = row_of({"v": COUNT}, series="x"), row_of({"v": 100 + COUNT[:31]}, series="y")
    found = cases_of(*rows)
    assert [case["series"] for case in found] == ["x"] * 50 + ["y"] * 14
    assert found[50]["values"][0, 0] == 100


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({}, r"longest training part has 17 steps; a window takes 18 \(lookback = 13, horizon = 5"),
        ({"first": 5, "held_out": True}, r"part that is held out, .* has 17 steps; a window"),
    ],
)
def test_series_that_are_too_short_are_told_with_what_a_window_takes(facts, problem):
    row = row_of({"v": COUNT[:17]}, **facts)
    with pytest.raises(UserError, match=problem):
        TASK.cases([row], settings_of(row_of({"v": COUNT}), **SIZES))


def test_a_horizon_longer_than_what_is_held_out_is_told():
    row = row_of({"v": COUNT}, first=64, training=50, held_out=True)
    with pytest.raises(UserError, match="held out has 3 steps; a window of it takes 5"):
        TASK.cases([row], settings_of(row_of({"v": COUNT}), **SIZES))


def test_a_target_that_was_never_observed_is_told():
    row = row_of({"v": np.full(STEPS, np.nan), "w": COUNT})
    with pytest.raises(UserError, match=r"target = 'v': in no window .* \(--target\)"):
        settings_of(row, **SIZES, target="v")


def test_a_series_without_a_channel_is_told_by_its_name():
    rows = row_of({"v": COUNT, "w": COUNT}), row_of({"v": COUNT, "ww": COUNT}, series="b")
    with pytest.raises(UserError, match=r"b: no column of numbers 'w'\. Did you mean 'ww'"):
        cases_of(*rows)


def test_windows_that_overlap_are_resampled_together():
    """Origins of every third day, a horizon of 5 and a season of 7: blocks of 7 / 3."""
    row = row_of({"v": COUNT})
    settings = settings_of(row, **SIZES, stride=3)
    found = TASK.blocks(settings, TASK.cases([row], settings))
    assert (found.length, found.times[:3]) == (2, [START + DAY * step for step in (13, 16, 19)])
