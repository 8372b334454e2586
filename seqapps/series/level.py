"""Whether values lie where those of training lay, so that another unit is told and not forecast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqapps.series.latest import series_input
from seqapps.task import Row, State, Task

# Standard deviations from the training mean of the middle value. A straight trend is 1.7 from it at
# the end of training, and 10 only after it went on for more than twice as long.
FAR = 10.0
SMALL = 0.01  # of the usual size of training values: what was divided by a thousand is below it
NAMED = 3  # series of which it is told
NOTE = "levels"  # the key of `bundle.json`


@dataclass(frozen=True)
class Level:
    """Mean and deviation in training of each channel; of logarithms where values are forecast so.

    `log` is the value below which others count as it; 0: no logarithm.
    """

    channels: Mapping[str, tuple[float, float]]
    log: float = 0.0

    def told(self, values: np.ndarray, names: Iterable[str]) -> Iterator[str]:
        """A line for each channel of values [time, channels] that is far from training's."""
        for channel, name in zip(np.asarray(values, "float64").T, names, strict=True):
            seen = channel[np.isfinite(channel)]
            if name in self.channels and len(seen):
                how = self._how_far(seen, *self.channels[name])
                if how:
                    middle = f"{np.median(seen):.4g}"
                    yield f"{name}: the middle value {middle} {how}: are they in other units?"

    def _how_far(self, seen: np.ndarray, center: float, scale: float) -> str:
        """How values [time] lie beside training's; empty where they may well be of the kind."""
        logged = np.log(np.maximum(seen, self.log)) if self.log else seen
        away = float(np.median(np.abs(logged - center))) / scale
        mean = f"mean{' of logarithms' if self.log else ''} {center:.4g}"
        if away > FAR:
            return f"lies {away:,.0f} standard deviations from the training {mean}"
        size, usual = float(np.median(np.abs(seen))), float(np.hypot(center, scale))
        if not self.log and 0 < size < SMALL * usual:
            return f"is less than a hundredth of what is usual of training, of {mean}"
        return ""


def note(task: Task, settings: Any, state: State) -> dict[str, Any]:
    """What an export notes of the level of its training data, for `level_in`.

    It is that by which the task scales: `center` and `scale` [channels] of its state. Of a task
    without them, and of one that answers how far inputs drift, nothing is noted.
    """
    column = series_input(task.inputs)
    if column is None or "drift" in task.answer or not {"center", "scale"} <= {*state}:
        return {}
    center, scale = (np.asarray(state[name], "float64") for name in ("center", "scale"))
    if center.shape != (len(column.channels),) or scale.shape != center.shape:
        return {}
    pairs = zip(column.channels, center.tolist(), scale.tolist(), strict=True)
    known = {name: [mean, spread] for name, mean, spread in pairs
             if np.isfinite([mean, spread]).all() and spread > 0}  # fmt: skip
    return {NOTE: {"log": float(getattr(settings, "log", 0.0)), "channels": known}}


def level_in(bundle: Mapping[str, Any]) -> Level | None:
    """The level that an export notes in its `bundle.json`; None where it notes none."""
    found = bundle.get(NOTE)
    if not found:
        return None
    return Level({name: (pair[0], pair[1]) for name, pair in found["channels"].items()},
                 found["log"])  # fmt: skip


def far_rows(level: Level, rows: Iterable[Row]) -> list[str]:
    """What of these rows lies far from training, by its held-out part: a line for each channel."""
    found = []
    for row in rows:
        part = row["values"][row.get("first", 0) :]
        lines = level.told(part, row["names"].split("\n"))
        found += [f"{row['series']}, {line}" if row["series"] else line for line in lines]
    more = len(found) - NAMED
    return [*found[:NAMED], *([f"{more:,} more channels lie far as well"] if more > 0 else [])]
