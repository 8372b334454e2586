"""The simulated pump keeps to its physics; its faults begin where they say and look right."""

import numpy as np
import pytest
from seqapps.tasks.monitoring.pump import (
    BROKEN,
    FAULTS,
    SENSORS,
    STEP,
    _working_point,
    runs_of_test,
    runs_of_train,
    runs_of_valid,
)

from seqapps.baselines.shewhart import Shewhart
from seqapps.data.source import digest_of_code

DRIVE, FREE, CURRENT, SPEED, PRESSURE, FLOW, TEMPERATURE, VALVE = range(8)


@pytest.fixture(scope="module")
def runs():
    return {
        "train": list(runs_of_train()), "valid": list(runs_of_valid()), "test": list(runs_of_test())
    }  # fmt: skip


@pytest.fixture(scope="module")
def normal(runs):
    return np.concatenate([run["values"] for run in runs["train"]])


def with_fault(runs, fault):
    return [run for run in runs["valid"] + runs["test"] if run["fault"] == fault]


def known(*columns):
    return np.isfinite(np.sum(columns, axis=0))


def test_training_runs_are_normal_and_the_others_know_each_fault(runs):
    assert not any(run["anomaly"].any() for run in runs["train"])
    for split in ("valid", "test"):
        found = [run["fault"] for run in runs[split]]
        assert set(found) == {"", *FAULTS}
        assert all(run["anomaly"].any() == (run["fault"] != "") for run in runs[split])


def test_rows_are_always_the_same_and_no_two_are_alike(runs):
    for run, again in zip(runs["valid"], runs_of_valid(), strict=True):
        np.testing.assert_array_equal(run["values"], again["values"])
    names = [run["series"] for split in runs.values() for run in split]
    first = [run["values"][1, 1] for split in runs.values() for run in split]
    assert len(set(names)) == len(names) == len(set(first))


def test_a_cache_can_tell_when_the_rows_change():
    assert digest_of_code([runs_of_train, runs_of_valid, runs_of_test])


def test_times_go_on_by_a_minute_and_later_splits_are_later(runs):
    before = 0
    for run in (run for split in runs.values() for run in split):
        assert run["times"].dtype == "int64" and run["times"][0] > before
        assert (np.diff(run["times"]) == STEP).all()
        assert len(run["values"]) == len(run["times"]) == len(run["anomaly"])
        before = run["times"][-1]


def test_a_fault_lasts_from_its_onset_to_the_end(runs):
    for fault in FAULTS:
        for run in with_fault(runs, fault):
            assert (np.diff(run["anomaly"]) >= 0).all()
            assert 0.3 < 1 - run["anomaly"].mean() < 0.7


def test_pressure_and_flow_keep_to_the_affinity_laws(normal):
    """At one opening of the valve, head and flow squared give the speed squared."""
    some = normal[known(*normal.T)]
    head, flow, speed = some[:, PRESSURE] / 0.0981, some[:, FLOW] / 100, some[:, SPEED] / 2900
    np.testing.assert_allclose((head + 22 * flow**2) / 60, speed**2, atol=0.02)


def test_pump_and_pipe_agree_at_the_working_point():
    speed, valve, leak = np.array([0.7, 0.9, 1.0]), np.array([0.5, 0.8, 1.0]), np.full(3, 0.13)
    flow, head = _working_point(speed, valve, leak)
    np.testing.assert_allclose(head, 60 * speed**2 - 22 * (flow + leak) ** 2)
    np.testing.assert_allclose(head, 12 + 26 * flow**2 / valve**2)


def test_temperature_follows_the_load_late(normal):
    """The correlation with the current is highest some time after it."""
    run = np.nan_to_num(normal[:2880] - np.nanmean(normal[:2880], axis=0))
    shifted = [
        np.corrcoef(run[: 2880 - lag, CURRENT], run[lag:, TEMPERATURE])[0, 1]
        for lag in range(0, 120, 5)
    ]
    assert 3 <= int(np.argmax(shifted)) <= 15  # 15 to 75 minutes


def test_few_readings_are_lost(normal):
    assert 0.0003 < np.isnan(normal).mean() < 0.003


def test_wear_shakes_the_driven_end_most_until_the_pump_fails(runs):
    for run in with_fault(runs, "bearing_wear"):
        after = run["anomaly"] == 1
        assert run["failure"] == run["times"][-1]
        last = np.nanmean(run["values"][-20:, [DRIVE, FREE]], axis=0)
        usual = np.nanmean(run["values"][~after][:, [DRIVE, FREE]], axis=0)
        assert np.nanmax(run["values"][:, DRIVE]) == pytest.approx(BROKEN, abs=0.7)
        assert last[0] / usual[0] > last[1] / usual[1] > 1.5
    others = [run for split in runs.values() for run in split if run["fault"] != "bearing_wear"]
    assert all(run["failure"] == 0 for run in others)


def test_wear_grows_ever_faster(runs):
    for run in with_fault(runs, "bearing_wear"):
        parts = np.array_split(run["values"][run["anomaly"] == 1][:, DRIVE], 4)
        second, third, fourth = (np.nanmedian(part) for part in parts[1:])
        assert fourth - third > abs(third - second)


def test_a_leak_takes_flow_and_pressure_from_what_speed_and_valve_promise(runs):
    """Head by the pipe is right for the flow that is left; by the pump it is too low for it."""
    for run in with_fault(runs, "leak"):
        head, flow = run["values"][:, PRESSURE] / 0.0981, run["values"][:, FLOW] / 100
        missing = 60 * (run["values"][:, SPEED] / 2900) ** 2 - 22 * flow**2 - head  # [time]
        assert abs(np.nanmean(missing[run["anomaly"] == 0])) < 0.1
        assert np.nanmean(missing[-300:]) > 1


def test_a_stuck_sensor_repeats_one_value(runs):
    for run in with_fault(runs, "stuck_sensor"):
        after = run["values"][run["anomaly"] == 1]
        assert (np.nanmax(after, axis=0) == np.nanmin(after, axis=0)).sum() == 1


def test_a_drift_moves_one_sensor_as_a_straight_line(runs):
    """Where the pump's equations tell a reading, what is left over grows with time."""
    found = 0
    for run in with_fault(runs, "sensor_drift"):
        head, flow = run["values"][:, PRESSURE] / 0.0981, run["values"][:, FLOW] / 100
        off = 60 * (run["values"][:, SPEED] / 2900) ** 2 - 22 * flow**2 - head
        after = (run["anomaly"] == 1) & np.isfinite(off)
        found += abs(np.corrcoef(np.arange(len(off))[after], off[after])[0, 1]) > 0.9
    assert found == 2  # of a drifting pressure or flow; the others drift in other sensors


def test_limits_of_single_sensors_do_not_solve_it(runs, normal):
    """Under half of the anomalous steps at 1 % false alarms, though wear is seen in the end."""
    chart = Shewhart.fit(normal)
    limit = np.quantile(chart.score(normal).scores, 0.99)
    told = {
        fault: np.concatenate(
            [
                chart.score(run["values"][run["anomaly"] == 1]).scores > limit
                for run in runs["test"]
                if run["fault"] == fault
            ]
        )
        for fault in FAULTS
    }
    assert np.concatenate([*told.values()]).mean() < 0.5
    assert told["bearing_wear"].mean() > 0.2


def test_sensors_are_named_with_their_units():
    assert len(SENSORS) == len(set(SENSORS)) == 8
