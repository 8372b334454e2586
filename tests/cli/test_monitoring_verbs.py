"""A monitor from a table of sensors to alarms, by the command line alone; and its bad inputs."""

import csv
import json

import numpy as np
import pytest

from seqapps.cli import main

SENSORS = ("current", "flow", "heat")
SETS = ("lookback=23", "stride=7", "smooth=5", "duration=2", "units=11", "code=2", "epochs=2",
        "gradient_batches=0")  # fmt: skip
START = np.datetime64("2024-03-01T00:00:00")


def readings(steps, *, fault=None, seed=0):
    """Three sensors that one load drives; from the fault on the second one is elsewhere."""
    random = np.random.default_rng(seed)
    load = np.sin(np.arange(steps) / 17)
    values = [23, 7, 61] + load[:, None] * [5, -2, 11] + 0.3 * random.normal(size=[steps, 3])
    if fault is not None:
        values[fault:, 1] -= 9
    return values


def write(file, values, *, anomaly=None, times=None, names=SENSORS):
    if times is None:
        times = START + np.arange(len(values)) * np.timedelta64(60, "s")
    with file.open("w", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(["time", *names, *(["anomaly"] if anomaly is not None else [])])
        for step, (time, row) in enumerate(zip(times, values, strict=True)):
            table.writerow([time, *row, *([anomaly[step]] if anomaly is not None else [])])


def run_in(folder, *arguments):
    """`seqapps run monitoring` in a folder; returns that folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SEQAPPS_CACHE", str(folder / "cache"))
        sets = [part for each in SETS for part in ("--set", each)]
        with pytest.raises(SystemExit) as exit_:
            main(["run", "monitoring", "--quiet", "--name", "first", *sets, *arguments])
    assert not exit_.value.code
    return folder


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """A folder in which a monitor was trained on pump.csv, whose test part has a fault."""
    folder = tmp_path_factory.mktemp("labelled")
    write(folder / "pump.csv", readings(701, fault=661), anomaly=(np.arange(701) >= 661) * 1)
    return run_in(folder, "--data", "pump.csv")


@pytest.fixture
def inside(labelled, monkeypatch):
    monkeypatch.chdir(labelled)
    monkeypatch.setenv("SEQAPPS_CACHE", str(labelled / "cache"))
    return labelled


def test_a_fault_in_the_test_part_is_found(inside):
    found = json.loads((inside / "runs/monitoring/first/evaluation.json").read_text())
    assert found["model"]["events_found"]["value"] == 1
    assert found["model"]["missed_alarm_rate"]["value"] < 0.2
    assert "lead_time" not in found["model"]  # nothing broke
    assert found["chosen_on"] == "test"  # validation has no fault that a chart could find
    assert set(found["baselines"]) >= {"shewhart", "ewma", "t_squared", "isolation_forest"}


def test_the_report_tells_the_alarm_and_its_sensor(inside):
    page = (inside / "runs/monitoring/first/report.html").read_text()
    assert "Scores and alarms" in page and "The alarms" in page
    assert "flow" in page
    assert "Groups of like windows" not in page  # nobody asked for them


def test_new_data_are_judged(inside, call):
    fault = (np.arange(211) >= 101) * 1
    write(inside / "new.csv", readings(211, fault=101, seed=5), anomaly=fault)
    code, out, err = call("evaluate", "monitoring", "--data", "new.csv")
    assert code == 0, err
    assert "27 cases" in out + err and "events_found" in out + err


def test_new_data_without_a_sensor_are_refused(inside, call):
    write(inside / "less.csv", readings(97)[:, :2], names=SENSORS[:2])
    code, _, err = call("evaluate", "monitoring", "--data", "less.csv")
    assert code == 2
    assert "no column of numbers 'heat'" in err


@pytest.mark.long
def test_with_a_reference_a_machine_at_another_level_is_watched_from_its_beginning(
    tmp_path, monkeypatch, call
):
    write(tmp_path / "pump.csv", readings(701, fault=661), anomaly=(np.arange(701) >= 661) * 1)
    run_in(tmp_path, "--data", "pump.csv", "--set", "reference=101", "--set", "margin=1.3")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "other.csv", 100 + 3 * readings(211, fault=171, seed=5))
    code, out, err = call("watch", "monitoring", "other.csv", "--json")
    assert code == 0, err
    events = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert events[-1]["scored"] == 111
    begun = [event for event in events if event["event"] == "begin"]
    assert begun and 171 < begun[-1]["step"] < 190
    code, out, err = call("predict", "monitoring", "--file", "other.csv", "--json")
    assert code == 0, err
    assert json.loads(out)["alarm"] == 1
    code, out, err = call("evaluate", "monitoring", "--data", "pump.csv")
    assert code == 0, err


@pytest.mark.long
def test_without_labels_there_is_a_monitor_and_nothing_that_can_be_missed(tmp_path):
    write(tmp_path / "pump.csv", readings(701))
    run_in(tmp_path, "--data", "pump.csv")
    found = json.loads((tmp_path / "runs/monitoring/first/evaluation.json").read_text())
    assert found["model"].keys() == {
        "false_alarm_rate", "false_alarms", "normal_level"
    }  # fmt: skip
    assert all(np.isfinite(score["value"]) for score in found["model"].values())
    assert found["goal"]["metric"] == "false_alarm_rate"


BAD = {}


def bad(*says, sets=()):
    """Register a maker of a bad pump.csv: what the message must hold, in this order."""

    def register(make):
        BAD[make.__name__] = (make, says, sets)
        return make

    return register


@bad("lookback = 23 steps, the longest series has 15")
def fewer_steps_than_one_window(file):
    write(file, readings(19))


@bad("sensor 'flow' has no value in the training part", "sensors=current,heat")
def a_sensor_that_was_never_read(file):
    values = readings(211)
    values[:, 1] = np.nan
    write(file, values)


@bad("sensor 'current' has no value")
def nothing_but_infinity(file):
    write(file, np.full([211, 3], np.inf))


@bad("no column of numbers", "Did you mean 'flow'", sets=["sensors=current,flaw"])
def a_sensor_that_is_not_there(file):
    write(file, readings(211))


@bad("no column of numbers 'heat'", sets=["sensors=current,heat"])
def a_column_of_text(file):
    values = readings(211).astype(object)
    values[:, 2] = "warm"
    write(file, values)


@bad("only 169 were observed", sets=["frequency=1s"])
def a_frequency_that_is_not_the_data_s(file):
    write(file, readings(211))


@bad("has a window of normal operation")
def nothing_normal(file):
    write(file, readings(211), anomaly=np.ones(211, int))


@bad("bands", "multiples of frame", sets=["bands=4"])
def frames_that_do_not_fit(file):
    write(file, readings(211))


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_gets_one_message_and_leaves_nothing(name, tmp_path, monkeypatch, call):
    make, says, sets = BAD[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    make(tmp_path / "pump.csv")
    given = [part for each in (*SETS, *sets) for part in ("--set", each)]
    code, _, err = call("run", "monitoring", "--data", "pump.csv", "--quiet", *given)
    assert code == 2, err
    place = 0
    for part in says:
        assert part in err[place:]
        place = err.index(part, place)
    assert not (tmp_path / "saved_models").exists()


def test_untidy_times_and_values_are_told_of(tmp_path, monkeypatch, call):
    values = readings(211)
    values[7, 0] = np.inf
    times = START + np.arange(211) * np.timedelta64(60, "s")
    times[[11, 13]] = times[[13, 11]]
    times[17] = times[16]
    write(tmp_path / "pump.csv", values, times=times)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))
    code, out, err = call("data", "monitoring", "--data", "pump.csv")
    assert code == 0, err
    told = out + err
    assert "1 infinite values count as gaps" in told
    assert "go back in time; sorted" in told
    assert "1 lines have the time of another line" in told
