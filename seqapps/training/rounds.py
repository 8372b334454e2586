"""A round: what is trained between two checkpoints. Its batches depend on seed and number only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seqapps.data.batching import Batch, plan, shuffled
from seqapps.task import Case, Task

LONGEST = 500  # steps; a kill loses at most these


class Rounds:
    """The rounds of a whole training: an epoch each, or equal parts of a long epoch."""

    def __init__(self, task: Task, cases: Sequence[Case], settings: Any, *, seed: int) -> None:
        self._task, self._cases, self._settings, self._seed = task, cases, settings, seed
        self.steps_per_epoch = len(plan(cases, task.batching, settings))
        self.per_epoch = -(-self.steps_per_epoch // LONGEST)
        self.total = self.per_epoch * settings.epochs

    def batches(self, number: int) -> list[Batch]:
        """The batches of round `number`, counted from 0."""
        epoch, part = divmod(number, self.per_epoch)
        order = shuffled(
            self._cases, self._task.batching, self._settings, seed=self._seed, epoch=epoch
        )
        share = len(order) / self.per_epoch
        return order[round(part * share) : round((part + 1) * share)]
