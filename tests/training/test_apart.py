"""What another process tells of a training is done here: said, drawn, answered, raised.

The other process is a few lines that speak as the worker does, so that nothing has to be trained.
"""

import dataclasses
import errno
import os
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from seqapps import backends
from seqapps.errors import RunError, UserError
from seqapps.interruption import AT_ONCE, Interruption
from seqapps.progress import Progress
from seqapps.training import apart

# Reads its task and its job, then runs what is given; `tell` is a line of the worker.
WORKER = """
import json, os, pickle, sys
def tell(**message):
    print(json.dumps(message), flush=True)
name, plugins = pickle.load(sys.stdin.buffer)
job = pickle.load(sys.stdin.buffer)
{}
"""


class Noted(Progress):
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)

    @contextmanager
    def track(self, title, total=None):
        self.lines.append((title, total))
        yield lambda steps=1, **figures: self.lines.append((title, steps, figures))
        self.lines.append((title, "done"))


@pytest.fixture
def train(monkeypatch, sentiment, tmp_path):
    """Train by a process that does `body`."""
    job = apart.Job(
        settings=sentiment.tiny,
        state={"labels": ["a", "b"]},
        rows=[{"text": "fine", "label": "a"}],
        valid=[],
        seed=7,
        folder=tmp_path / "checkpoints",
        history=tmp_path / "history.csv",
    )

    def run(body, task=sentiment, **options):
        monkeypatch.setattr(apart, "COMMAND", [sys.executable, "-c", WORKER.format(body)])
        apart.train("jax", task, job, **options)

    return run


def test_what_is_told_is_said_and_drawn_in_its_order(train):
    noted = Noted()
    train(
        "backend = os.environ['KERAS_BACKEND']\n"
        'tell(say=f"{name}, seed {job.seed}, {len(job.rows)} row, {backend}")\n'
        'tell(open="round 1", total=5)\n'
        'tell(open="inner", total=None)\n'
        'tell(advance=2, figures={"left": "3 s"})\n'
        "tell(close=True)\n"
        'tell(advance=3, figures={"loss": 0.5})\n'
        "tell(close=True)\n"
        'tell(say="end")',
        progress=noted,
    )
    assert noted.lines == [
        "sentiment, seed 7, 1 row, jax",
        ("round 1", 5),
        ("inner", None),
        ("inner", 2, {"left": "3 s"}),
        ("inner", "done"),
        ("round 1", 3, {"loss": 0.5}),
        ("round 1", "done"),
        "end",
    ]


@pytest.mark.parametrize("kind", [UserError, RunError])
def test_an_error_on_purpose_is_raised_here_with_its_message(kind, train):
    with pytest.raises(kind, match=r"^what is wrong$") as raised:
        train(f'tell(failed="{kind.__name__}", arguments=["what is wrong"])')
    assert type(raised.value) is kind


def test_a_full_disk_there_is_a_full_disk_here(train):
    with pytest.raises(OSError, match="No space left") as raised:
        train(f'tell(failed="OSError", arguments=[{errno.ENOSPC}, "No space left", "a/b"])')
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, "a/b")


@pytest.mark.parametrize(
    ("body", "how"), [("os.kill(os.getpid(), 9)", "signal 9"), ("sys.exit(3)", "exit code 3")]
)
def test_a_process_that_ends_otherwise_is_told_with_how_it_ended(body, how, train):
    with pytest.raises(RunError, match=f"trains on jax ended with {how};"):
        train(body)


def test_it_trains_no_further_than_the_round_after_which_it_is_stopped(train):
    class Stops(Interruption):
        checked = 0

        def check(self):
            self.checked += 1
            if self.checked == 3:
                raise KeyboardInterrupt

    noted = Noted()
    body = "for number in range(1, 6):\n    tell(check=True)\n    assert sys.stdin.readline()\n"
    with pytest.raises(KeyboardInterrupt):
        train(body + '    tell(say=f"round {number}")', progress=noted, interruption=Stops())
    assert noted.lines == ["round 1", "round 2"]
    noted.lines.clear()
    train(body + '    tell(say=f"round {number}")', progress=noted, interruption=AT_ONCE)
    assert len(noted.lines) == 5


def test_no_process_is_left_behind_where_this_one_is_disturbed(train):
    class Disturbed(Progress):
        def say(self, line):
            self.process = int(line)
            raise ZeroDivisionError

    disturbed = Disturbed()
    with pytest.raises(ZeroDivisionError):
        train("import time\ntell(say=str(os.getpid()))\ntime.sleep(60)", progress=disturbed)
    with pytest.raises(ProcessLookupError):
        os.kill(disturbed.process, 0)


def test_a_task_that_another_process_would_not_find_is_refused(train, sentiment):
    other = dataclasses.replace(sentiment, build_model=lambda settings, features: None)
    with pytest.raises(UserError, match="'sentiment' is not the one that is registered"):
        train("pass", task=other)


def test_without_jax_it_is_told_how_to_get_it(train, monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'seqapps\[jax\]'"):
        train("pass")


def test_the_worker_ends_when_nobody_is_there_to_hear_it():
    """Whoever started it was killed: its end of both pipes is closed, in the middle of a wait."""
    code = (
        "import queue, sys, threading, time\n"
        "from seqapps.training.worker import _listen\n"
        "threading.Thread(target=_listen, args=(queue.Queue(),), daemon=True).start()\n"
        "print('ready', flush=True)\n"
        "time.sleep(120)"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with worker:
        assert worker.stdout.readline() == b"ready\n"
        assert worker.poll() is None
        started = time.monotonic()
        worker.stdin.close()
        assert worker.wait(timeout=60) == 1
        assert time.monotonic() - started < 30
