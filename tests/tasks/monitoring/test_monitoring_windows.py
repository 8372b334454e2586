"""Windows hold what they say, at their places; training is of normal operation alone."""

from dataclasses import replace

import machine
import numpy as np
import pytest
from seqapps.tasks.monitoring.task import TASK
from seqapps.tasks.monitoring.windows import windows_of

from seqapps.errors import UserError
from seqapps.task import PAST

SETTINGS = replace(TASK.settings, **{**machine.SMALL, "lookback": 5, "stride": 3, "smooth": 2})
START, MINUTE = 1_700_000_000, 60


def by_hand(steps=13, **facts):
    """Three sensors whose values say where they are: 100 * sensor + step."""
    values = np.arange(steps)[:, None] + np.array([100, 200, 300])
    anomaly = np.zeros(steps, "float32")
    return {
        "series": "hand", "names": "current\nflow\nheat", "anomaly": anomaly,
        "times": START + MINUTE * np.arange(steps, dtype="int64"),
        "values": values.astype("float32"), "failure": 0, **facts,
    }  # fmt: skip


def steps_of(windows):
    return [case["step"] for case in windows]


def test_a_window_holds_values_and_truth_at_their_places():
    row = by_hand(held_out=True, failure=START + 11 * MINUTE)
    row["anomaly"][6:] = 1
    first, second, third = windows_of([row], SETTINGS)
    assert steps_of([first, second, third]) == [4, 7, 10]
    np.testing.assert_array_equal(second["values"][:, 0], [103, 104, 105, 106, 107])
    np.testing.assert_array_equal(second["values"][-1], [107, 207, 307])
    np.testing.assert_array_equal(second["anomaly"], [0, 1, 1])  # of steps 5, 6 and 7
    np.testing.assert_array_equal(second["times"], START + MINUTE * np.array([5, 6, 7]))
    assert second["to_failure"] == 4  # it breaks at step 11
    assert len(second[PAST]) == 8


@pytest.mark.parametrize("frequency", ["rows", "1min"])
def test_a_failure_after_the_record_is_as_far_as_its_time_says(frequency):
    """As of a part that chooses, where the failure lies in the part that judges."""
    row = by_hand(held_out=True, failure=START + 100 * MINUTE - 1)
    cases = windows_of([row], replace(SETTINGS, frequency=frequency))
    assert [case["to_failure"] for case in cases] == [96, 93, 90]


def test_no_step_is_judged_twice():
    row = machine.row(2, fault=(0, 101), held_out=True)
    cases = windows_of([row], replace(SETTINGS, lookback=23, stride=7))
    times = np.concatenate([case["times"] for case in cases])
    assert (np.diff(times) == MINUTE).all()
    told = np.concatenate([case["anomaly"] for case in cases])
    np.testing.assert_array_equal(told, row["anomaly"][23 - 7 :][: len(told)])


def test_of_a_held_out_part_no_step_before_it_is_judged():
    cases = windows_of([by_hand(17, held_out=True, first=7)], SETTINGS)
    judged = np.concatenate([case["times"] for case in cases])
    assert judged.min() == START + 7 * MINUTE


def test_a_machine_that_does_not_break_has_no_time_to_failure():
    assert all(np.isnan(case["to_failure"]) for case in windows_of([by_hand()], SETTINGS))


def test_training_windows_hold_no_anomaly():
    row = by_hand(29)
    row["anomaly"][[13]] = 1
    cases = windows_of([row], SETTINGS)
    held = [{*range(case["step"] - 4, case["step"] + 1)} for case in cases]
    assert held and not any(13 in steps for steps in held)
    assert steps_of(windows_of([{**row, "held_out": True}], SETTINGS)) == list(range(4, 29, 3))


def test_sensors_come_in_the_order_of_the_settings():
    cases = windows_of([by_hand()], replace(SETTINGS, sensors="heat,current"))
    np.testing.assert_array_equal(cases[0]["values"][0], [300, 100])


@pytest.mark.parametrize(
    ("wrong", "told"), [([], [0, 0, 0]), ([4], [0, 0, 1]), ([2, 4], [1, 1, 1])]
)
def test_steps_that_are_missing_on_the_grid_are_gaps_and_an_event_goes_on_over_them(wrong, told):
    row = by_hand(held_out=True)
    row["anomaly"][wrong] = 1
    kept = np.delete(np.arange(13), 3)
    row = {**row, **{name: row[name][kept] for name in ("times", "values", "anomaly")}}
    first = windows_of([row], replace(SETTINGS, frequency="1min"))[0]
    np.testing.assert_array_equal(first["values"][:, 0], [100, 101, 102, np.nan, 104])
    np.testing.assert_array_equal(first["anomaly"], told)  # of steps 2, 3 and 4


def test_an_unknown_anomaly_counts_as_normal():
    row = by_hand()
    row["anomaly"][4] = np.nan
    assert windows_of([row], SETTINGS)[0]["anomaly"].tolist() == [0, 0, 0]


def test_settling_takes_all_sensors_and_finds_the_frequency():
    settings = TASK.settle(replace(SETTINGS, sensors="", frequency="auto"), [by_hand()])
    assert settings.sensors == "current,flow,heat"
    assert settings.frequency == "1min"
    chosen = TASK.settle(replace(SETTINGS, sensors="heat, flow"), [by_hand()])
    assert chosen.sensors == "heat,flow"


def test_series_of_different_steps_are_told():
    seconds = by_hand(series="other", times=START + np.arange(13, dtype="int64"))
    with pytest.raises(UserError, match="the steps of 'hand' are 1min, those of 'other' 1s"):
        TASK.settle(replace(SETTINGS, frequency="auto"), [by_hand(), seconds])


@pytest.mark.parametrize(
    ("options", "row", "says"),
    [
        ({"sensors": "current,flaw"}, {}, r"no column of numbers 'flaw'.*Did you mean 'flow'"),
        ({"frequency": "fortnight"}, {}, "frequency = 'fortnight': expected a number"),
        ({"lookback": 97}, {}, "lookback = 97 steps, the longest series has 13"),
        ({}, {"anomaly": np.ones(13)}, "has a window of normal operation"),
    ],
)
def test_settling_says_what_does_not_fit_the_data(options, row, says):
    with pytest.raises(UserError, match=says):
        TASK.settle(replace(SETTINGS, **options), [by_hand(**row)])


def test_a_series_without_a_sensor_is_named():
    with pytest.raises(UserError, match=r"short: no column of numbers 'heat'"):
        windows_of([by_hand(series="short", names="current\nflow\nheal")], SETTINGS)


@pytest.mark.parametrize("name", ["smooth", "duration", "stride"])
def test_a_window_tells_alarms_alone(name):
    with pytest.raises(ValueError, match=f"{name} = 5.* must each be below lookback = 5"):
        replace(SETTINGS, **{name: 5})


def test_the_scaler_learns_normal_steps_alone():
    row = by_hand()
    row["anomaly"][9:] = 1
    row["values"][9:] = 1e6
    state = TASK.fit(iter([row]), SETTINGS)
    np.testing.assert_allclose(state["center"], [104, 204, 304])
    np.testing.assert_allclose(state["scale"], np.arange(9).std())
