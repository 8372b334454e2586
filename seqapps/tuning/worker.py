"""The process that trains the runs of trials; `processes` says what it reads and writes."""

from __future__ import annotations

import gc
import json
import math
import os
import pickle
import queue
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from seqapps import registry, runner, settings, start
from seqapps.errors import RunError, UserError
from seqapps.interruption import Interruption
from seqapps.training import checkpoint
from seqapps.tuning.processes import Job
from seqapps.tuning.trial import DONE, FAILED, GO_ON, PRUNE, PRUNED, STOPPED


class Ended(BaseException):
    """The training is to end after this round. No error: `except Exception` lets it through."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class Asking(Interruption):
    """Asks after each round whether it shall go on."""

    def __init__(self, monitor: str, lines: TextIO, answers: queue.Queue[dict[str, Any]]) -> None:
        self._column, self._lines, self._answers = f"valid_{monitor}", lines, answers

    def after_round(self, entry: Mapping[str, float], *, per_epoch: int) -> None:
        epoch, within = divmod(int(entry["round"]), per_epoch)
        tell(self._lines, round=True, epoch=None if within else epoch, value=entry[self._column])
        then = self._answers.get()["then"]
        if then != GO_ON:
            raise Ended(PRUNED if then == PRUNE else STOPPED)


def tell(lines: TextIO, **message: Any) -> None:
    """One line."""
    lines.write(json.dumps(message) + "\n")
    lines.flush()


def main() -> None:
    """Train what is asked for until nothing is."""
    # Standard output is for lines alone; what libraries print goes where errors go.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = pickle.load(sys.stdin.buffer)
    messages: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_listen, args=(messages,), daemon=True).start()
    for file in job.plugins:
        registry.add_plugin(file)
    start.tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(job.threads)
    tf.config.threading.set_inter_op_parallelism_threads(job.threads)
    while True:
        asked = messages.get()
        begun = time.monotonic()
        ended = _trained(job, asked, lines, messages)
        tell(lines, ended={**ended, "seconds": time.monotonic() - begun})
        _forget()


def _trained(
    job: Job, asked: Mapping[str, Any], lines: TextIO, answers: queue.Queue[dict[str, Any]]
) -> dict[str, Any]:
    """Fields of the `Outcome` of a trial."""
    try:
        return _train(job, asked, lines, answers)
    except Ended as ended:
        return _reached(job, asked, ended.state)
    except (UserError, RunError) as error:
        return {"state": FAILED, "reason": str(error)}
    except Exception as error:  # such as settings that a model cannot be built with
        traceback.print_exc()
        return {"state": FAILED, "reason": f"{type(error).__name__}: {error}"[:500]}


def _train(
    job: Job, asked: Mapping[str, Any], lines: TextIO, answers: queue.Queue[dict[str, Any]]
) -> dict[str, Any]:
    found = registry.load(job.task)
    values = settings.replace(found.settings, asked["settings"], where=asked["run"])
    request = runner.Request(
        task=found.under(values),
        settings=values,
        code=registry.find(job.task).folder,
        name=asked["run"],
        fresh=asked["fresh"],
        **job.request,
    )
    runner.train(request, interruption=Asking(values.monitor, lines, answers))
    return _reached(job, asked, DONE)


def _reached(job: Job, asked: Mapping[str, Any], state: str) -> dict[str, Any]:
    """The outcome of a training that ended as it should, from its checkpoint."""
    folder = Path(job.request["runs"]) / job.task / asked["run"] / "checkpoints"
    position = checkpoint.newest(folder)
    if position is None or position.best_value is None:
        return {"state": FAILED if state == DONE else state, "reason": "no round was finished"}
    if not math.isfinite(position.best_value):
        return {"state": FAILED, "reason": f"the best value is {position.best_value}"}
    return {"state": state, "value": position.best_value, "rounds": position.rounds_done}


def _forget() -> None:
    """Let go of the model of the trial before."""
    import keras

    keras.backend.clear_session()
    gc.collect()


def _listen(messages: queue.Queue[dict[str, Any]]) -> None:
    """Take up lines; where none can come any more, end at once, as by kill -9."""
    for line in sys.stdin.buffer:
        messages.put(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    main()
