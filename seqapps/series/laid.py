"""What it took to lay series on the steps of a frequency, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seqapps.errors import UserError
from seqapps.series.duration import duration
from seqapps.series.grid import ROWS, Grid, check_frequency, frequency_of, holes_of, on_grid
from seqapps.task import Row


@dataclass
class Laid:
    """Counts of all series that were laid on the steps of one frequency."""

    frequency: str
    observations: int = 0
    gaps: int = 0  # steps without any observation
    moved: int = 0  # observations between two steps
    dropped: int = 0  # observations that share a step with a later one
    holes: int = 0  # of rows: where the times go on by more than a step
    longest: int = 0  # seconds from the observation before the longest hole to that after it
    frequencies: Counter[str] = field(default_factory=Counter)  # of each series by itself

    def add(self, times: np.ndarray) -> Grid:
        """A series by its ascending times [time]. Raises UserError where it does not fit."""
        self.frequencies[frequency_of(times)] += 1
        grid = on_grid(times, self.frequency)
        self.observations += len(times)
        self.gaps += grid.gaps
        self.moved += grid.moved
        self.dropped += grid.dropped
        if self.frequency == ROWS:
            count, longest = holes_of(times)
            self.holes, self.longest = self.holes + count, max(self.longest, longest)
        return grid

    def lines(self) -> Iterator[str]:
        """What a person should know; nothing where every observation has its step."""
        if self.gaps:
            yield f"{self.gaps:,} steps of this grid were not observed and are gaps"
        of = f"of {self.observations:,} observations"
        if self.moved:
            yield f"{self.moved:,} {of} lie between two steps and count for the nearer one"
        if self.dropped:
            yield f"{self.dropped:,} {of} share a step with a later one, which counts"
        own = {name: count for name, count in self.frequencies.items() if name != ROWS}
        if self.holes:
            usual = max(own, key=lambda name: own[name]) if own else "..."
            yield (
                f"{self.holes:,} holes in the times, the longest of {duration(self.longest)}: "
                f"windows run across them; --set frequency={usual} makes gaps of them"
            )
        if self.frequency == ROWS and len(own) > 1:
            each = ", ".join(f"{name} in {count:,}" for name, count in sorted(own.items()))
            yield f"steps are not the same in all series: {each}; a window does not tell which"


def laid(rows: Iterable[Row], settings: Any) -> str:
    """What the grid of the settings makes of these series, in a sentence; empty where nothing.

    Of settings that name no frequency nothing can be told.
    """
    frequency = getattr(settings, "frequency", "")
    try:
        check_frequency(frequency)
    except UserError:
        return ""
    found = Laid(frequency)
    for row in rows:
        found.add(row["times"])
    lines = "; ".join(found.lines())
    step = "each observation is a step" if frequency == ROWS else f"a step each {frequency}"
    return f"{step}: {lines}" if lines else ""
