"""Training in a process of its own, where Keras runs on another backend than in this one.

The other process is `seqapps.training.worker`. It is sent a `Job` through its standard input, and
writes a line of JSON for each thing that it has to tell:

    {"say": line}                                      to `Progress.say`
    {"open": title, "total": n}, {"close": true}       `Progress.track` begins, ends
    {"advance": n, "figures": {...}}                   of what was opened last
    {"check": true}                                    between rounds; waits for a line in answer
    {"after": {...}, "per_epoch": n}                   after a round, which `history.csv` has
    {"failed": kind, "arguments": [...]}               an error that seqapps raises on purpose

It ends where its standard input does, so nothing that kills this process leaves it behind.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqapps import registry
from seqapps.backends import check_installed
from seqapps.errors import ProofError, RunError, UserError
from seqapps.interruption import AT_ONCE, Interruption
from seqapps.progress import SILENT, Advance, Progress
from seqapps.task import Row, State, Task

if TYPE_CHECKING:
    import numpy as np

COMMAND = [sys.executable, "-m", "seqapps.training.worker"]
FAILURES = {kind.__name__: kind for kind in (UserError, RunError, ProofError, OSError)}


@dataclass(frozen=True, kw_only=True)
class Job:
    """What `seqapps.training.train.train` is asked to do; rows rather than cases are sent."""

    settings: Any
    state: State
    rows: Sequence[Row]
    valid: Sequence[Row]
    seed: int
    folder: Path
    history: Path
    lengths: np.ndarray | None = None
    max_memory: int | None = None  # bytes


def train(
    backend: str,
    task: Task,
    job: Job,
    *,
    progress: Progress = SILENT,
    interruption: Interruption = AT_ONCE,
) -> None:
    """Train in a process whose Keras runs on `backend`; the checkpoints are the result.

    Raises what `train` raises there; UserError where the backend or the task cannot be had in
    another process; RunError where that process ends in another way.
    """
    check_installed(backend)
    plugins = _files_of(task)
    with _worker(backend) as process, ExitStack() as opened:
        with suppress(BrokenPipeError):  # it ended before it had read all; how is told below
            pickle.dump((task.name, plugins), process.stdin)
            pickle.dump(job, process.stdin)
            process.stdin.flush()
        hears = _Hears(progress, interruption, opened, process.stdin)
        for line in process.stdout:
            hears.hear(json.loads(line))
        code = process.wait()
    if code:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise RunError(
            f"The process that trains on {backend} ended with {how}; what it wrote of itself "
            "stands above. Finished rounds are kept."
        )


class _Hears:
    """Does what the lines of the other process say."""

    def __init__(
        self, progress: Progress, interruption: Interruption, opened: ExitStack, answers: Any
    ) -> None:
        self._progress, self._interruption = progress, interruption
        self._opened, self._answers = opened, answers
        self._bars: list[tuple[Advance, Callable[[], None]]] = []

    def hear(self, message: dict[str, Any]) -> None:
        """One line. Raises what it tells of, and KeyboardInterrupt where that was asked for."""
        if "say" in message:
            self._progress.say(message["say"])
        elif "open" in message:
            bar = ExitStack()
            advance = bar.enter_context(self._progress.track(message["open"], message["total"]))
            self._opened.push(bar)
            self._bars.append((advance, bar.close))
        elif "advance" in message:
            self._bars[-1][0](message["advance"], **message["figures"])
        elif "close" in message:
            self._bars.pop()[1]()
        elif "check" in message:
            self._interruption.check()
            self._answers.write(b"go on\n")
            self._answers.flush()
        elif "after" in message:
            self._interruption.after_round(message["after"], per_epoch=message["per_epoch"])
        else:
            raise FAILURES[message["failed"]](*message["arguments"])


@contextmanager
def _worker(backend: str) -> Iterator[Any]:
    """The other process, which does not outlive the block."""
    process = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "KERAS_BACKEND": backend},
        # Ctrl-C on the terminal is for this process, which tells the other one between rounds.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):  # of what was not written yet
                pipe.close()  # type: ignore[union-attr]


def _files_of(task: Task) -> list[Path]:
    """The plugin file that the task is in, if it is in one.

    Raises UserError where another process would not find this very task by its name.
    """
    entry = registry.find(task.name)
    if registry.load(task.name).build_model is not task.build_model:
        raise UserError(
            f"The task {task.name!r} is not the one that is registered under this name, so it "
            "cannot be trained in another process. Give its file with --plugin."
        )
    return [entry.folder.absolute()] if entry.origin == "--plugin" else []
