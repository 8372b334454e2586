"""What is seen of training while it goes on, and what a round read and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from seqapps.data.batching import Batch
from seqapps.progress import Advance, Progress
from seqapps.training.checkpoint import Position
from seqapps.training.rounds import Rounds

EVERY = 0.25  # seconds; to read a learning rate at every step would cost time


class Live:
    """Figures beside the bar of a round, and of the round that is done."""

    def __init__(
        self,
        progress: Progress,
        rounds: Rounds,
        *,
        monitor: str,
        rate: Callable[[], Any],
        norm: Callable[[], float | None] = lambda: None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._progress, self._rounds, self._clock = progress, rounds, clock
        self._monitor, self._rate, self._norm = monitor, rate, norm
        self._steps, self._started = 0, clock()  # of this process
        self._read: np.ndarray | None = None  # int [batches]: tokens of the round's batches
        self._computed: np.ndarray | None = None  # int [batches]: the same with padding
        self._seconds = 0.0  # that the round's steps took

    @contextmanager
    def round(self, batches: list[Batch], position: Position) -> Iterator[Advance]:
        """Draws the steps of the round that follows `position`."""
        self._read, self._computed = self._rounds.filled(batches)
        title = f"round {position.rounds_done + 1} of at most {self._rounds.total}"
        started = self._clock()
        with self._progress.track(title, len(batches)) as advance:
            yield self._watched(advance, position)
        self._seconds = self._clock() - started

    def entry(self) -> dict[str, float]:
        """Columns of `history.csv` about the round that is done."""
        rate = {"learning_rate": _shortest(self._rate())}
        if self._read is None or self._computed is None:
            return rate
        tokens, computed = int(self._read.sum()), int(self._computed.sum())
        return {"tokens": tokens, "padding": round(1 - tokens / computed, 4), **rate}

    def pace(self) -> str:
        """How fast the round that is done was read; "" where batches have no lengths.

        Of the steps of training alone; seconds of a round contain validation too.
        """
        if self._read is None:
            return ""
        rate = self._read.sum() / max(self._seconds, 1e-9)
        return f", {rate:,.0f} tokens/s, padding {self.entry()['padding']:.0%}"

    def _watched(self, advance: Advance, position: Position) -> Advance:
        """`advance` with all figures, of which the slow ones are looked up now and then."""
        started, told, done = self._clock(), -EVERY, 0
        shown: dict[str, float | str] = {}

        def watched(steps: int = 1, **losses: float) -> None:
            nonlocal told, done, shown
            done += steps
            self._steps += steps
            now = self._clock() - started
            if now - told >= EVERY:
                told, shown = now, self._figures(position, done, now)
            advance(steps, **losses, **shown)

        return watched

    def _figures(self, position: Position, done: int, seconds: float) -> dict[str, float | str]:
        figures: dict[str, float | str] = {}
        if position.best_value is not None:
            figures[self._monitor] = position.history[-1][f"valid_{self._monitor}"]
            figures["best"] = f"{position.best_value:.4f} (round {position.best_round})"
        figures["learning rate"] = f"{_shortest(self._rate()):g}"
        norm = self._norm()
        if norm is not None:
            figures["gradient norm"] = f"{norm:.3g}"
        if self._read is not None and self._computed is not None:
            read, computed = self._read[:done].sum(), self._computed[:done].sum()
            figures["tokens/s"] = f"{read / max(seconds, 1e-9):,.0f}"
            figures["padding"] = f"{1 - read / computed:.0%}"
        figures["left"] = f"at most {_shown(self._left(position, done))}"
        return figures

    def _left(self, position: Position, done: int) -> float:
        """Seconds until the last round ends, were all of them trained; validation is counted."""
        a_round = self._rounds.steps_per_epoch / self._rounds.per_epoch
        steps: float = (self._rounds.total - position.rounds_done) * a_round - done
        return (self._clock() - self._started) / self._steps * max(0.0, steps)


def _shortest(rate: Any) -> float:
    """A float32 as it was written: 0.002, not 0.0020000000949949026."""
    return float(str(np.float32(rate)))


def _shown(seconds: float) -> str:
    """In the largest unit of which there is one.

    >>> _shown(95), _shown(8000)
    ('1:35 min', '2:13 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    unit, name = (60, "min") if seconds < 3600 else (3600, "h")
    return f"{seconds // unit:.0f}:{seconds % unit * 60 // unit:02.0f} {name}"
