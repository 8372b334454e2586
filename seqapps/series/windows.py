"""Cases cut from series while they are read, so that 10^7 steps never become 10^7 stored windows.

A window is `lookback` steps that are given and `horizon` steps that follow. The first step that
follows is the origin. Of a part that is held out, only what follows lies in the part: what is given
may reach back into the part before it, as it would in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from seqapps.task import Case


@dataclass(frozen=True)
class Series:
    """One series on its grid; what was not observed is NaN."""

    name: str
    times: np.ndarray  # int64 [time], seconds since 1970 (UTC), ascending
    values: np.ndarray  # float32 [time, channels]
    first: int = 0  # the first step of this part; what lies before it is history
    training: int = 0  # steps of the training part, as far as that is known
    held_out: bool = False  # whether it is for choosing or judging, not for learning


Cut = Callable[[Series, int], Case]  # a series, the place of its origin -> the case


class Windows(Sequence[Case]):
    """The windows of several series, one series after the other, cut when they are asked for.

    Origins are `stride` steps apart; where `most` is given, at most so many of each series that is
    held out, evenly spread.
    """

    def __init__(
        self,
        series: Iterable[Series],
        cut: Cut,
        *,
        lookback: int,
        horizon: int,
        stride: int = 1,
        most: int | None = None,
        wanted: Callable[[Series, np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self.series = list(series)
        self._cut, self._lookback, self._horizon, self._wanted = cut, lookback, horizon, wanted
        self._origins = []
        for each in self.series:
            first = max(lookback, each.first)
            origins = np.arange(first, len(each.values) - horizon + 1, stride)
            if wanted is not None:
                origins = origins[wanted(each, origins)]
            if most is not None and each.held_out and len(origins) > most:
                origins = origins[
                    np.unique(np.linspace(0, len(origins) - 1, most).round().astype(int))
                ]
            self._origins.append(origins)
        self._ends = np.cumsum([len(origins) for origins in self._origins], dtype="int64")

    def every(self) -> Windows:
        """The windows of all origins of these series."""
        return Windows(
            self.series,
            self._cut,
            lookback=self._lookback,
            horizon=self._horizon,
            wanted=self._wanted,
        )

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    @overload
    def __getitem__(self, position: int) -> Case: ...

    @overload
    def __getitem__(self, position: slice) -> list[Case]: ...

    def __getitem__(self, position: int | slice) -> Case | list[Case]:
        if isinstance(position, slice):
            return [self[place] for place in range(*position.indices(len(self)))]
        series, origin = self.place(position)
        return self._cut(series, origin)

    def place(self, position: int) -> tuple[Series, int]:
        """(the series that a case is cut from, the place of its origin)."""
        size = len(self)
        if not -size <= position < size:
            raise IndexError(f"window {position} of {size}")
        position %= size
        number = int(np.searchsorted(self._ends, position, side="right"))
        before = int(self._ends[number - 1]) if number else 0
        return self.series[number], int(self._origins[number][position - before])


def histories(cases: Sequence[Case]) -> dict[str, np.ndarray]:
    """All that these cases show of each series, by name: float32 [time, channels].

    Cases tell what was observed up to their origin as `past` [time, channels], and what followed,
    if anything did, as `truth` [horizon, targets]; channels that are no targets are NaN there.
    """
    found: dict[str, np.ndarray] = {}
    if isinstance(cases, Windows):
        return {each.name: each.values for each in cases.series}
    for case in cases:
        past = case["past"]
        truth = np.asarray(case.get("truth", np.zeros([0, 0])), "float32")
        name = case.get("series", "")
        if name in found and len(found[name]) >= len(past) + len(truth):
            continue
        after = np.full([len(truth), past.shape[1]], np.nan, "float32")
        after[:, : truth.shape[1]] = truth
        found[name] = np.concatenate([past, after])
    return found
