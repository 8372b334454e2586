"""A run that is killed anywhere ends well when the same command is repeated."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SEQAPPS = str(Path(sys.executable).with_name("seqapps"))
COMMAND = [
    SEQAPPS, "run", "sentiment", "--data", "sample:toy", "--name", "killed",
    "--set", "epochs=3", "--set", "units=3", "--set", "embedding=5", "--set", "batch_tokens=300",
    "--set", "patience=3", "--set", "wide=false",
]  # fmt: skip


def start(folder):
    return subprocess.Popen(
        COMMAND, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(folder):
    done = subprocess.run(COMMAND, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def wait_for(condition, process, *, at_most=120):
    limit = time.monotonic() + at_most
    while not condition():
        assert process.poll() is None, f"ended by itself: {process.stderr.read()}"
        assert time.monotonic() < limit, "waited too long"
        time.sleep(0.02)


def result(folder):
    """(evaluation, history, answers) that a run comes to, without times."""
    run = folder / "runs" / "sentiment" / "killed"
    evaluation = json.loads((run / "evaluation.json").read_text())
    del evaluation["seconds"]
    # The last two columns are seconds and CPU-seconds.
    lines = (run / "history.csv").read_text().splitlines()
    history = [line.rsplit(",", 2)[0] for line in lines]
    return evaluation, history, (run / "answers.jsonl.gz").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    finish(folder)
    return folder


def rounds_done(folder):
    file = folder / "runs" / "sentiment" / "killed" / "history.csv"
    return len(file.read_text().splitlines()) - 1 if file.exists() else 0


def test_a_run_killed_and_then_stopped_by_two_presses_ends_as_one_never_disturbed(
    undisturbed, tmp_path
):
    process = start(tmp_path)
    wait_for(lambda: rounds_done(tmp_path) >= 1, process)
    process.kill()
    process.communicate()
    assert rounds_done(tmp_path) < 3
    assert not (tmp_path / "saved_models").exists()

    process = start(tmp_path)
    wait_for(lambda: rounds_done(tmp_path) >= 2, process)
    for _ in range(2):  # the second may come when the process is ending already
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "going on after round" in err
    assert "Stopping after this round; press again to stop at once." in err
    assert "Go on with: seqapps run sentiment --data sample:toy --name killed" in err
    assert "Traceback" not in err

    finish(tmp_path)
    assert result(tmp_path) == result(undisturbed)


@pytest.mark.parametrize(
    "left",
    [
        "published.json", "report.html",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("evaluation.json", "model")),
    ],
)  # fmt: skip
def test_a_run_killed_after_any_stage_goes_on_from_there(undisturbed, tmp_path, left):
    """What a kill before `left` was there leaves behind, and the same end."""
    later = ["model", "evaluation.json", "report.html", "published.json"]
    shutil.copytree(undisturbed, tmp_path, dirs_exist_ok=True)
    run = tmp_path / "runs" / "sentiment" / "killed"
    for name in later[later.index(left) :]:
        shutil.rmtree(run / name) if (run / name).is_dir() else (run / name).unlink()
    (run / ".model.seqapps-partial-abcd1234").mkdir()  # half an export
    if left == "model":  # a kill between the last checkpoint and its line in the history
        lines = (run / "history.csv").read_text().splitlines(keepends=True)
        (run / "history.csv").write_text("".join(lines[:-1]))
    finish(tmp_path)
    expected, *others = result(undisturbed)
    again, *other_results = result(tmp_path)
    assert not (run / ".model.seqapps-partial-abcd1234").exists()
    # A new export is a new version; the same export is published once, even when the note of it
    # was lost.
    assert again.pop("version") == expected.pop("version") + (left == "model")
    assert (again, other_results) == (expected, others)


@pytest.mark.long
def test_the_first_press_in_the_export_stops_at_once(undisturbed, tmp_path):
    process = start(tmp_path)
    run = tmp_path / "runs" / "sentiment" / "killed"
    wait_for(lambda: list(run.glob(".model.seqapps-partial-*")), process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopping after this round" not in err
    assert "Go on with: seqapps run sentiment" in err
    assert "Traceback" not in err
    assert not list(run.glob("*model*"))
    finish(tmp_path)
    assert result(tmp_path) == result(undisturbed)


@pytest.mark.long
def test_a_run_killed_at_many_moments_ends_as_one_never_killed(undisturbed, tmp_path):
    """kill -9 every few seconds until a run gets through."""
    for attempt in range(20):
        process = start(tmp_path)
        try:
            process.communicate(timeout=7 + attempt)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        else:
            break
    finish(tmp_path)
    assert result(tmp_path) == result(undisturbed)
    assert sorted(path.name for path in (tmp_path / "saved_models/sentiment").glob("[0-9]*")) == [
        "1"
    ]
