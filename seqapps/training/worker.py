"""The process that trains on another backend; `apart` says what it reads and writes."""

from __future__ import annotations

import json
import os
import pickle
import queue
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from seqapps import files, registry, start
from seqapps.errors import RunError, UserError
from seqapps.interruption import Interruption
from seqapps.progress import Advance, Progress
from seqapps.task import Task
from seqapps.training.apart import Job

BUSY = 60  # seconds that a process which was cut off may need to end


class Told(Progress, Interruption):
    """Hands everything on to the process that started this one."""

    def __init__(self, lines: TextIO, answers: queue.Queue[bytes]) -> None:
        self._lines, self._answers = lines, answers

    def tell(self, **message: Any) -> None:
        """One line."""
        self._lines.write(json.dumps(message) + "\n")
        self._lines.flush()

    def say(self, line: str) -> None:
        self.tell(say=line)

    @contextmanager
    def track(self, title: str, total: int | None = None) -> Iterator[Advance]:
        self.tell(open=title, total=total)
        try:
            yield lambda steps=1, **figures: self.tell(advance=steps, figures=_plain(figures))
        finally:
            self.tell(close=True)

    def check(self) -> None:
        """Wait for leave to go on; where there is none, this process is ended."""
        self.tell(check=True)
        self._answers.get()

    def after_round(self, entry: Mapping[str, float], *, per_epoch: int) -> None:
        self.tell(after=_plain(dict(entry)), per_epoch=per_epoch)


def main() -> None:
    """Read a job, train it, tell how it goes."""
    # Standard output is for lines alone; what libraries print goes where errors go.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    name, plugins = pickle.load(sys.stdin.buffer)
    for file in plugins:
        registry.add_plugin(file)
    answers: queue.Queue[bytes] = queue.Queue()
    told = Told(lines, answers)
    try:
        task = registry.load(name)  # its settings cannot be read without it
        job = pickle.load(sys.stdin.buffer)
        task = task.under(job.settings)
        threading.Thread(target=_listen, args=(answers,), daemon=True).start()
        _train(task, job, told)
    except (UserError, RunError) as error:
        told.tell(failed=type(error).__name__, arguments=[str(error)])
    except OSError as error:  # such as a full disk
        told.tell(failed="OSError", arguments=[error.errno, error.strerror, str(error.filename)])


def _train(task: Task, job: Job, told: Told) -> None:
    start.tensorflow(told)
    import tensorflow as tf

    # JAX has no int64 unless asked for, and no use for it: ids stay far below 2^31.
    warnings.filterwarnings("ignore", message="Explicitly requested dtype int64")
    tf.config.set_visible_devices([], "GPU")  # all of it is for the backend
    from seqapps.training.train import train

    with _alone_in(job.folder):
        files.sweep(job.folder)
        train(
            task,
            job.settings,
            job.state,
            cases=task.list_cases(job.rows, job.settings),
            valid=task.list_cases(job.valid, job.settings),
            seed=job.seed,
            folder=job.folder,
            history=job.history,
            lengths=job.lengths,
            max_memory=job.max_memory,
            progress=told,
            interruption=told,
        )


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait for a worker that was cut off and has not yet ended.

    The lock of the run does not help: it went with the process that was killed.
    """
    from filelock import FileLock, Timeout

    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.with_name(f".{folder.name}.lock"), timeout=BUSY):
            yield
    except Timeout:
        raise RunError(f"{folder}: another process still trains there.") from None


def _listen(answers: queue.Queue[bytes]) -> None:
    """Take up answers; where none can come any more, end at once, as by kill -9."""
    # Past Python's own buffer, whose lock would be held while the interpreter ends. There is one
    # answer at a time, since the next question comes after it.
    while answer := os.read(sys.stdin.fileno(), 100):
        answers.put(answer)
    os._exit(1)


def _plain(figures: dict[str, Any]) -> dict[str, float | str]:
    """Figures of a step, of which some are arrays on a device."""
    return {name: v if isinstance(v, str) else float(v) for name, v in figures.items()}


if __name__ == "__main__":
    main()
