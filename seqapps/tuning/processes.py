"""A trainer in a process of its own: what breaks there breaks one trial, not the search.

The process is `seqapps.tuning.worker`. It is sent a `Job` through its standard input, then a line
of JSON for each trial, and writes lines of JSON:

    {"round": true, "epoch": n or null, "value": v}    after a round; waits for a line in answer
    {"ended": {...}}                                    the `Outcome` of the trial

It ends where its standard input does, so nothing that kills this process leaves it behind.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqapps import settings as of_tasks
from seqapps.tuning.trial import FAILED, STOPPED, AfterRound, Outcome

COMMAND = [sys.executable, "-m", "seqapps.tuning.worker"]
SHOWN = 300  # last characters of what a process wrote that broke


@dataclass(frozen=True, kw_only=True)
class Job:
    """What all trials have in common."""

    task: str
    plugins: tuple[Path, ...]
    request: dict[str, Any]  # the fields of `runner.Request` but for task, settings, code, name
    threads: int


class Process:
    """Starts the process with the first trial, and anew after one that ended it."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._process: subprocess.Popen[bytes] | None = None
        self._killed = False

    def train(self, run: str, settings: Any, *, fresh: bool, after_round: AfterRound) -> Outcome:
        begun = time.monotonic()
        asked = {"run": run, "settings": of_tasks.as_dict(settings), "fresh": fresh}
        try:
            process = self._started()
            self._send(process, asked)
            for line in process.stdout or ():
                message = json.loads(line)
                if "ended" in message:
                    return Outcome(**message["ended"])
                self._send(process, {"then": after_round(message["epoch"], message["value"])})
        except BrokenPipeError:  # it ended; how is told below
            pass
        return self._broken(seconds=time.monotonic() - begun)

    def kill(self) -> None:
        self._killed = True
        if self._process:
            self._process.kill()

    def close(self) -> None:
        """End the process, which reads that there is nothing more to do."""
        if self._process:
            with suppress(BrokenPipeError):
                self._process.stdin.close()  # type: ignore[union-attr]
            self._process.wait()
            self._process.stdout.close()  # type: ignore[union-attr]
            self._process = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **_threads(self._job.threads)},
                # Ctrl-C on the terminal is for this process, which tells the other one.
                start_new_session=True,
            )
            pickle.dump(self._job, self._process.stdin)  # type: ignore[arg-type]
        return self._process

    def _send(self, process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()

    def _broken(self, *, seconds: float) -> Outcome:
        """The outcome of a trial whose process ended within it."""
        assert self._process is not None
        code = self._process.wait()
        self.close()
        if self._killed:
            return Outcome(state=STOPPED, seconds=seconds)
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        short = ", perhaps for want of memory" if code == -9 else ""
        return Outcome(state=FAILED, reason=f"its process ended with {how}{short}", seconds=seconds)


def _threads(count: int) -> dict[str, str]:
    """Variables that hold numeric libraries to so many threads."""
    names = (
        "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
        "TF_NUM_INTEROP_THREADS",
    )  # fmt: skip
    return dict.fromkeys(names, str(count))
