"""A round: what is trained between two checkpoints. Its batches depend on seed and number only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqapps.data.batching import Batch, buckets, shuffled, steps_of
from seqapps.data.streams import LENGTH, Documents
from seqapps.task import Case, Task

LONGEST = 500  # steps; a kill loses at most these
# From here on, see docs/performance.md. Batches of one shape are compiled for once.
MANY_TIME_STEPS = 100_000
MANY_BATCHES = 1_000


class Rounds:
    """The rounds of a whole training: an epoch each, or equal parts of a long epoch."""

    def __init__(
        self,
        task: Task,
        cases: Sequence[Case],
        settings: Any,
        *,
        seed: int,
        lengths: np.ndarray | None = None,
    ) -> None:
        self._seed = seed
        self._epochs: int = settings.epochs
        self._steps = steps_of(cases, task.batching, settings, lengths=lengths)
        self._buckets = buckets(cases, task.batching, settings, lengths=self._steps)
        self._bucket_of = np.empty(len(cases), "int16")
        for number, (part, _) in enumerate(self._buckets):
            self._bucket_of[part] = number
        self.steps_per_epoch = sum(-(-len(part) // size) for part, size in self._buckets)
        self.per_epoch = -(-self.steps_per_epoch // LONGEST)
        self.total = self.per_epoch * settings.epochs

    def batches(self, number: int) -> list[Batch]:
        """The batches of round `number`, counted from 0."""
        epoch, part = divmod(number, self.per_epoch)
        order = shuffled(self._buckets, seed=self._seed, epoch=epoch)
        share = len(order) / self.per_epoch
        return order[round(part * share) : round((part + 1) * share)]

    def whole(self, batch: Batch) -> tuple[int, int]:
        """(cases in a whole batch of this batch's bucket, steps of the bucket's longest case).

        Steps are 0 where batches have no lengths.
        """
        positions, size = self._buckets[int(self._bucket_of[batch[0]])]
        return size, 0 if self._steps is None else int(self._steps[positions].max())

    @property
    def pays_to_compile(self) -> bool:
        """Whether recurrent layers win back the seconds that XLA takes to compile their loops."""
        if self._steps is None:
            return self._epochs * self.steps_per_epoch >= MANY_BATCHES
        one_after_the_other = sum(
            -(-len(part) // size) * int(self._steps[part].max()) for part, size in self._buckets
        )
        return self._epochs * one_after_the_other >= MANY_TIME_STEPS

    def filled(self, batches: Sequence[Batch]) -> tuple[np.ndarray, np.ndarray] | tuple[None, None]:
        """Steps of the cases of each batch, and the same with padding, both int [batches].

        None where the batches have no lengths.
        """
        if self._steps is None:
            return None, None
        steps = [self._steps[batch] for batch in batches]
        return (
            np.array([each.sum() for each in steps]),
            np.array([each.size * each.max() for each in steps]),
        )


class StreamRounds(Rounds):
    """The rounds of a training on streams: batches of windows, see `seqapps.data.streams`."""

    def __init__(self, documents: Documents, settings: Any) -> None:
        self._documents = documents
        self._rows, self._window = settings.batch_size, settings.steps
        self._epochs = settings.epochs
        self.steps_per_epoch = documents.batches
        self.per_epoch = -(-self.steps_per_epoch // LONGEST)
        self.total = self.per_epoch * settings.epochs

    def batches(self, number: int) -> list[Batch]:
        epoch, part = divmod(number, self.per_epoch)
        batch = self._documents.epoch(epoch)
        share = self.steps_per_epoch / self.per_epoch
        return [batch(place) for place in range(round(part * share), round((part + 1) * share))]

    def whole(self, batch: Batch) -> tuple[int, int]:
        return self._rows, self._window

    @property
    def pays_to_compile(self) -> bool:
        return bool(self._epochs * self.steps_per_epoch * self._window >= MANY_TIME_STEPS)

    def filled(self, batches: Sequence[Batch]) -> tuple[np.ndarray, np.ndarray]:
        real = np.array([batch[:, LENGTH].sum() for batch in batches])
        return real, np.full(len(batches), self._rows * self._window)
