"""`seqapps tune` as a user meets it: real trainings, in processes, killed and gone on with."""

import csv
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from seqapps import start
from seqapps.cli import main
from seqapps.runs import Run

SMALL = (
    "--data", "sample:toy", "--set", "vectors=none", "--set", "wide=false", "--set", "units=16",
    "--set", "epochs=1", "--set", "gradient_batches=0",
)  # fmt: skip
FEW = "only = ['learning_rate', 'units']"


def call(capsys, *arguments):
    """(exit code, stdout, stderr) of the command line in this process."""
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    return exit_.value.code or 0, *capsys.readouterr()


def trials(folder):
    """The table of a search."""
    with (folder / "trials.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_search_leaves_trained_runs_best_settings_and_a_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("space.toml").write_text(FEW)
    code, out, err = call(
        capsys, "tune", "sentiment", *SMALL, "--trials", "2", "--space", "space.toml", "--name", "s"
    )
    assert code == 0, err
    folder = Path("runs/sentiment/s")
    first, second = trials(folder)
    assert (first["state"], first["how"], first["units"]) == ("done", "start", "16")
    assert second["learning_rate"] != first["learning_rate"]
    best = min(trials(folder), key=lambda trial: float(trial["log_loss"]))
    assert out.splitlines()[-1].endswith(f"seqapps export runs/sentiment/{best['run']}")
    settings = tomllib.loads((folder / "best.toml").read_text())
    assert settings["units"] == int(best["units"])
    assert settings == Run(folder.parent / best["run"]).read_record()["settings"]
    assert not Run(folder.parent / best["run"]).evaluation.exists()  # no test case was looked at
    assert "<svg" in (folder / "report.html").read_text()


def test_more_jobs_than_cores_are_refused_before_anything_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cores = start.cores()
    code, _, err = call(capsys, "tune", "sentiment", *SMALL, "--jobs", str(cores + 1))
    assert code == 2
    assert f"--jobs {cores + 1}: more trials at a time than the {cores} cores" in err
    assert list(tmp_path.iterdir()) == []


def test_the_space_is_printed_and_nothing_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, out, _ = call(capsys, "tune", "sentiment", "--show-space", "--set", "learning_rate=0.007")
    assert code == 0
    assert tomllib.loads(out)["learning_rate"] == {"low": 0.0007, "high": 0.07, "log": True}
    assert list(tmp_path.iterdir()) == []


def test_a_search_of_other_settings_under_the_same_name_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "sentiment" / "s"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    code, _, err = call(capsys, "tune", "sentiment", *SMALL, "--name", "s")
    assert code == 2
    assert "holds files but no tune.toml" in err
    assert (folder / "notes.txt").exists()


def test_a_new_search_does_not_write_over_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run = Run(tmp_path / "runs" / "sentiment" / "s-007")
    run.folder.mkdir(parents=True)
    run.record.write_text("mine")
    code, _, err = call(capsys, "tune", "sentiment", *SMALL, "--name", "s")
    assert code == 2
    assert "s-007 is a run already" in err
    assert run.record.read_text() == "mine"
    assert not (tmp_path / "runs" / "sentiment" / "s").exists()


@pytest.mark.long
def test_a_search_that_was_killed_or_stopped_keeps_its_trials_and_goes_on(tmp_path):
    (tmp_path / "space.toml").write_text(FEW)
    command = [
        sys.executable, "-m", "seqapps", "tune", "sentiment", *SMALL, "--space", "space.toml",
        "--name", "s", "--trials", "4",
    ]  # fmt: skip

    def start():
        return subprocess.Popen(
            command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        )  # fmt: skip

    def until(process, begin):
        for line in process.stderr:
            if line.startswith(begin):
                return
        raise AssertionError(f"it ended without {begin!r}")

    first = start()
    until(first, "trial 1:")
    first.kill()
    first.communicate()
    second = start()
    until(second, "trial 2:")
    second.send_signal(signal.SIGINT)
    out, err = second.communicate()
    assert second.returncode == 130
    assert "Go on with: seqapps tune sentiment" in err
    folder = tmp_path / "runs" / "sentiment" / "s"
    kept = trials(folder)
    assert [each["state"] for each in kept[:3]] == ["done"] * 3
    assert (folder / "best.toml").exists()
    third = start()
    out, err = third.communicate()
    assert third.returncode == 0, err
    assert "Best settings" in out
    assert trials(folder)[:3] == kept[:3]
    assert len(trials(folder)) == 4
