"""The learning rate of every step: a pure function, so that a resumed training has the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras

from seqapps.metrics.judge import better
from seqapps.task import Metric, Task
from seqapps.training.backend import optimizer_now
from seqapps.training.checkpoint import Position
from seqapps.training.monitor import monitor_of
from seqapps.training.optimizer import Optimization
from seqapps.training.rounds import Rounds

HALVING = 0.5  # of plateau


def learning_rate(settings: Optimization, step: int, *, steps: int, halvings: int = 0) -> float:
    """The rate of a step, counted from 0, of a training of `steps` steps.

    The warm-up rises linearly to `learning_rate`. After it: constant; linear and cosine
    (Loshchilov and Hutter 2017, without restarts) to 0 at the end; inverse_square_root as in
    Vaswani et al. 2017; halving as in Zaremba et al. 2014; plateau by its `halvings`.
    """
    rising = round(settings.warm_up * steps)
    if step < rising:
        share = (step + 1) / rising
    elif settings.schedule == "inverse_square_root":
        share = math.sqrt(max(1, rising) / (step + 1))
    elif settings.schedule == "halving":
        epochs = settings.epochs  # type: ignore[attr-defined]  # every task has it
        share = HALVING ** max(0, step * epochs // steps + 1 - round(epochs / 3))
    else:
        done = (step - rising) / max(1, steps - rising)
        share = {
            "constant": 1.0,
            "linear": 1.0 - done,
            "cosine": 0.5 * (1.0 + math.cos(math.pi * done)),
            "plateau": HALVING**halvings,
        }[settings.schedule]
    return settings.learning_rate * share


def halvings(metric: Metric, values: Sequence[float], *, patience: int) -> int:
    """How often `patience` rounds went by without a better value, counted anew after each time."""
    best, waited, found = None, 0, 0
    for value in values:
        waited += 1
        if best is None or better(metric, value, best):
            best, waited = value, 0
        elif waited >= patience:
            found, waited = found + 1, 0
    return found


def rate_callbacks(task: Task, settings: Any, position: Position, rounds: Rounds) -> list[Any]:
    """What sets the learning rate in the round after `position`; nothing where it is constant.

    Where it is constant, or the task has an optimizer of its own, nobody touches it.
    """
    if not isinstance(settings, Optimization):
        return []
    if settings.schedule == "constant" and not settings.warm_up:
        return []
    monitor = monitor_of(task, settings)
    done = sum(int(entry["steps"]) for entry in position.history)
    values = [entry[f"valid_{monitor}"] for entry in position.history]
    halved = halvings(task.metrics[monitor], values, patience=rounds.per_epoch)
    steps = rounds.steps_per_epoch * (rounds.total // rounds.per_epoch)
    return [
        SetsRate(lambda batch: learning_rate(settings, done + batch, steps=steps, halvings=halved))
    ]


class SetsRate(keras.callbacks.Callback):
    """Gives the optimizer the rate of every batch of a round, counted from 0."""

    def __init__(self, rate_of: Any) -> None:
        super().__init__()
        self._rate_of = rate_of

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        optimizer_now(self.model).learning_rate = self._rate_of(batch)
