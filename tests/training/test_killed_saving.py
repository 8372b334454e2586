"""kill -9 before and after every system call of saving: a whole checkpoint is always there.

Saving goes on in a process of its own that kills itself; arrays stand for a model, so that it
starts in a moment.
"""

import signal
import subprocess
import sys

import numpy as np
import pytest

from seqapps import files
from seqapps.training import checkpoint
from seqapps.training.checkpoint import Position

KILLED_SAVING = """
import os, pathlib, signal, sys, tempfile
import numpy as np
from seqapps.training import checkpoint

calls, last = 0, int(sys.argv[2])

def count():
    global calls
    calls += 1
    if calls == last:
        os.kill(os.getpid(), signal.SIGKILL)

def counted(owner, name):
    real = getattr(owner, name)
    def call(*arguments, **named):
        count()
        result = real(*arguments, **named)
        count()
        return result
    setattr(owner, name, call)

class Slow:  # a file that is killed when the half is written, too
    def __init__(self, *arguments):
        self.file = open(*arguments)
        self.flush, self.fileno = self.file.flush, self.file.fileno
    def __enter__(self):
        return self
    def __exit__(self, *error):
        self.file.close()
    def write(self, content):
        half = len(content) // 2
        self.file.write(content[:half])
        self.file.flush()
        count()
        self.file.write(content[half:])

for owner, name in (
    (tempfile, "mkstemp"), (os, "fsync"),
    (pathlib.Path, "chmod"), (pathlib.Path, "replace"), (pathlib.Path, "unlink"),
):
    counted(owner, name)
os.fdopen = Slow
checkpoint.variables_of = lambda model: model
position = checkpoint.Position(rounds_done=4, best_round=4, best_before=1)
checkpoint.save(pathlib.Path(sys.argv[1]), [np.full(11, 4.0)], position)
"""


@pytest.fixture(autouse=True)
def _arrays_for_a_model(monkeypatch):
    monkeypatch.setattr(checkpoint, "variables_of", lambda model: model)


def save(folder, number: int, *, best: int, before: int) -> None:
    position = Position(rounds_done=number, best_round=best, best_before=before)
    checkpoint.save(folder, [np.full(11, float(number))], position)


def killed_at(folder, moment: int) -> bool:
    """Save the fourth round and be killed at this moment; False where saving ended before it."""
    command = [sys.executable, "-c", KILLED_SAVING, str(folder), str(moment)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def whole_rounds(folder) -> dict[int, float]:
    """The rounds whose checkpoint is whole, with the value that it holds."""
    numbers = [int(file.stem.removeprefix("round-")) for file in folder.glob("round-*")]
    read = {number: checkpoint._read(folder, number) for number in sorted(numbers)}
    return {number: arrays["v0"][0] for number, arrays in read.items() if arrays}


def test_a_kill_at_any_moment_of_saving_leaves_this_round_or_the_one_before(tmp_path):
    found = []
    for moment in range(1, 100):
        folder = tmp_path / str(moment)
        for number in (1, 2, 3):
            save(folder, number, best=1, before=min(1, number - 1))
        killed = killed_at(folder, moment)
        position = checkpoint.newest(folder, say=pytest.fail)
        assert (position.rounds_done, position.best_round) in ((3, 1), (4, 4))
        assert all(number == value for number, value in whole_rounds(folder).items())
        found.append(position.rounds_done)
        files.sweep(folder)
        save(folder, 4, best=4, before=1)  # what the next process does
        assert sorted(whole_rounds(folder)) == [1, 3, 4]
        assert len(list(folder.iterdir())) == 3
        if not killed:
            break
    assert found == sorted(found)
    # mkstemp, half the write, fsync, chmod and replace come before the round counts, the fsync of
    # the folder and the unlink of round 2 after it.
    assert (found.count(3), found.count(4)) == (8, 6)
