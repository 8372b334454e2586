"""`watch`: a monitor beside its machine, over whatever comes, to the end or to Ctrl-C."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from tiny_monitor import ANSWER, INPUTS, save

from seqapps.task import Column

NORMAL = "10,200,3"
FAULT = "18,230,3"  # pressure 8 deviations away, flow 1.5


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder where the monitor is published as `pump`."""
    folder = tmp_path_factory.mktemp("models")
    save(folder / "pump" / "1")
    return folder


@pytest.fixture
def watch(call, models):
    """Watch with the monitor; (exit code, stdout, stderr)."""
    return lambda *arguments: call("watch", "pump", *arguments, "--output", str(models))


def table(*rows):
    """csv of these rows, a second apart."""
    times = (f"2024-01-01 00:{step // 60:02}:{step % 60:02}" for step in range(len(rows)))
    lines = [f"{time},{row}" for time, row in zip(times, rows, strict=True)]
    return "\n".join(["time,pressure,flow,current", *lines]) + "\n"


@pytest.fixture
def log(tmp_path):
    """A file in which an alarm begins at step 12 and ends at step 15."""
    path = tmp_path / "log.csv"
    path.write_text(table(*[NORMAL] * 11, *[FAULT] * 3, *[NORMAL] * 5))
    return path


def test_an_alarm_is_printed_as_it_begins_and_as_it_ends(watch, log):
    code, out, err = watch(str(log))
    assert code == 0
    assert out.splitlines() == [
        "2024-01-01 00:00:11  alarm begins  2.00 times the threshold  "
        "pressure 84 %, flow 16 %, current 0 %",
        "2024-01-01 00:00:14  alarm ends  after 3 steps, at most 2.00 times the threshold",
    ]
    assert err == "19 steps, 1 alarm, 0 bad rows.\n"


def test_json_lines_tell_the_same(watch, log):
    _, out, err = watch(str(log), "--json")
    begin, end, summary = map(json.loads, out.splitlines())
    shares = begin.pop("sensors")
    assert begin == {
        "event": "begin", "time": "2024-01-01 00:00:11", "step": 12,
        "score": 8.0, "threshold": 4.0, "severity": 2.0,
    }  # fmt: skip
    assert shares == pytest.approx({"pressure": 8 / 9.5, "flow": 1.5 / 9.5, "current": 0})
    assert (end["event"], end["step"], end["steps"], end["severity"]) == ("end", 15, 3, 2.0)
    assert (summary["steps"], summary["scored"], summary["alarms"]) == (19, 15, 1)
    assert err == ""


def test_a_long_file_is_answered_as_a_pipe_that_comes_line_by_line(watch, tmp_path, monkeypatch):
    rows = [FAULT if step % 97 < 7 else NORMAL for step in range(701)]
    (tmp_path / "long.csv").write_text(table(*rows))
    _, at_once, _ = watch(str(tmp_path / "long.csv"))
    monkeypatch.setattr("seqapps.cli.following.AT_ONCE", 43)
    _, singly, _ = watch(str(tmp_path / "long.csv"))
    assert singly == at_once
    assert at_once.count("begins") == 8  # the one before the first window is among them


def test_standard_input_and_objects_are_read(watch, log, monkeypatch):
    header, *rows = log.read_text().splitlines()
    objects = [dict(zip(header.split(","), row.split(","), strict=True)) for row in rows]
    text = "\n".join(map(json.dumps, objects))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code, out, err = watch("-")
    assert (code, out) == (0, watch(str(log))[1])
    assert "The model looks at 5 steps" not in err


def test_only_some_steps_are_scored(watch, log):
    _, out, _ = watch(str(log), "--every", "7", "--json")
    begin, summary = map(json.loads, out.splitlines())
    assert (begin["step"], summary["scored"], summary["alarm_is_on"]) == (14, 2, True)


def test_bad_lines_are_told_and_left_out(watch, tmp_path):
    rows = table(*[NORMAL] * 23).splitlines()
    rows[3] = "half a li"
    rows[5] = rows[5].replace("200", "abc")
    rows[7] = rows[7].split(",")[0] + ",,,"
    rows[11] = rows[1]
    rows[13:17] = ["x"] * 4
    (tmp_path / "log.csv").write_text("\n".join(rows))
    code, out, err = watch(str(tmp_path / "log.csv"))
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        "log.csv, line 4: 1 values, but the header names 4 columns; left out.",
        "log.csv, line 6: flow is 'abc', which is no number; counts as a gap.",
        "log.csv, line 8: no value; left out.",
        "log.csv, line 12: the time 2024-01-01 00:00:00 lies before that of a line before it; "
        "left out.",
        "log.csv, line 14: 1 values, but the header names 4 columns; left out.",
        "What else is bad is counted, and told at the end.",
        "16 steps, 0 alarms, 7 bad rows, values that are no numbers: 1.",
    ]


def test_other_units_are_asked_about(watch, tmp_path):
    (tmp_path / "log.csv").write_text(table(*["10,200000,3"] * 9))
    _, out, _ = watch(str(tmp_path / "log.csv"))
    assert out == (
        "2024-01-01 00:00:04  drift  flow is 9,990 standard deviations above what was trained on: "
        "were its units changed?\n"
    )


def test_a_file_shorter_than_a_window_is_told(watch, tmp_path):
    (tmp_path / "log.csv").write_text(table(NORMAL, NORMAL))
    code, out, err = watch(str(tmp_path / "log.csv"))
    assert (code, out) == (0, "")
    assert err.startswith("Nothing was scored: the model looks at 5 steps.\n2 steps, 0 alarms")


def test_steps_that_are_missing_are_gaps_where_the_model_has_a_frequency(call, tmp_path):
    save(tmp_path / "pump" / "1", settings='frequency = "1s"\n')
    rows = table(*[NORMAL] * 11).splitlines()
    (tmp_path / "log.csv").write_text("\n".join([*rows[:4], *rows[6:]]))
    model = ("pump", "--output", str(tmp_path))
    _, out, _ = call("watch", *model, str(tmp_path / "log.csv"), "--json")
    told = json.loads(out)
    assert (told["steps"], told["gaps"], told["scored"]) == (9, 2, 6)


@pytest.mark.parametrize(
    ("name", "content", "options", "says"),
    [
        ("log.csv", None, (), ["log.csv: no such file"]),
        ("log.csv", "time,pressure,current\n", (), ["no column 'flow'", "Known: current,"]),
        ("log.csv", table(NORMAL), ("--time", "tim"), ["Did you mean 'time'"]),
        ("log.parquet", "x", (), ["parquet is not read line by line"]),
        ("log.csv.gz", "x", (), ["not whole gzip data"]),
        ("log.csv.gz", "x", ("--follow",), ["--follow is for plain files"]),
    ],
)
def test_the_users_mistakes_end_it(watch, tmp_path, name, content, options, says):
    if content is not None:
        (tmp_path / name).write_text(content)
    code, out, err = watch(str(tmp_path / name), *options)
    assert (code, out) == (2, "")
    assert err.startswith("Error: ") and all(part in err for part in says), err


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"answer": {"score": ANSWER["score"]}}, "not a monitor"),
        ({"inputs": {"values": Column("series", "", (5, 3))}}, "not a monitor"),
        ({"inputs": {**INPUTS, "place": Column("text", "")}}, "beside values it takes place"),
    ],
)
def test_a_model_that_is_no_monitor_is_refused(call, tmp_path, changes, says):
    save(tmp_path / "pump" / "1", **changes)
    code, _, err = call("watch", "pump", str(tmp_path / "log.csv"), "--output", str(tmp_path))
    assert code == 2 and says in err, err


class Watching:
    """A process that watches; what it prints is gathered while it runs."""

    def __init__(self, *arguments, stdin=None):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "seqapps", "watch", *map(str, arguments)],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        )  # fmt: skip
        self.out, self.err = [], []
        self._threads = [
            threading.Thread(target=kept.extend, args=(stream,))
            for kept, stream in [(self.out, self.process.stdout), (self.err, self.process.stderr)]
        ]
        for thread in self._threads:
            thread.start()

    def until(self, condition):
        limit = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < limit and self.process.poll() is None, self.err
            time.sleep(0.05)

    def ended(self):
        code = self.process.wait(30)
        for thread in self._threads:
            thread.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return code


def test_a_growing_file_is_followed_until_ctrl_c(models, log):
    whole = log.read_text()
    cut = whole.index("18,") + 1  # within the first bad value
    log.write_text(whole[:30])
    watching = Watching("pump", log, "--follow", "--output", models)
    with log.open("a") as file:
        file.write(whole[30:100])
        file.flush()
        watching.until(lambda: any("before the first score" in line for line in watching.err))
        file.write(whole[100:cut])
        file.flush()
        time.sleep(0.5)  # longer than a look at the file: half a line is no line
        file.write(whole[cut:])
    watching.until(lambda: len(watching.out) == 2)
    watching.process.send_signal(signal.SIGINT)
    assert watching.ended() == 130
    assert [line.split("  ")[1] for line in watching.out] == ["alarm begins", "alarm ends"]
    assert "19 steps, 1 alarm, 0 bad rows.\n" in watching.err


@pytest.mark.long
def test_a_pipe_is_answered_while_it_is_open_until_sigterm(models):
    watching = Watching("pump", "--output", models, stdin=subprocess.PIPE)
    stdin = watching.process.stdin
    stdin.write(table(*[NORMAL] * 7, FAULT))
    stdin.flush()
    watching.until(lambda: watching.out)
    watching.process.terminate()
    assert watching.ended() == 143
    stdin.close()
    assert watching.err[-1] == "8 steps, 1 alarm (the last one is still on), 0 bad rows.\n"


@pytest.mark.long
def test_a_reader_that_has_enough_ends_it_quietly(models, tmp_path):
    rows = [FAULT if step % 11 < 3 else NORMAL for step in range(3001)]
    (tmp_path / "log.csv").write_text(table(*rows))
    command = f"{sys.executable} -m seqapps watch pump {tmp_path}/log.csv --output {models}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -1"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (0, 1, "")
