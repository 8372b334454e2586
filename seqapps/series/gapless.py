"""A series as the analyses need it: finite, without gaps, and what was done to get there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Gapless:
    """The series from its first observed step to its last; what lies between is interpolated."""

    values: np.ndarray  # float64 [time], empty where nothing was observed
    first: int  # the place of values[0] in the series as it was given
    observed: np.ndarray  # bool [time], False where a value is interpolated
    missing: int  # steps of the whole series that are NaN or infinite
    infinite: int  # those of them that are infinite
    longest_gap: int  # steps of the longest gap between two observed ones

    @property
    def interpolated(self) -> int:
        """Steps between the first and the last observed one that were filled by a straight line."""
        return int(len(self.observed) - self.observed.sum())

    @property
    def constant(self) -> bool:
        """Whether one value was observed and no other."""
        return len(self.values) > 0 and bool(np.ptp(self.values) == 0)


def without_gaps(values: np.ndarray) -> Gapless:
    """Values [time] with straight lines over the gaps, without what is missing at the ends.

    Nothing is made up outside of what was observed: missing steps at the ends are cut off. An
    infinite value counts as missing.

    >>> without_gaps([np.nan, 1.0, np.nan, np.nan, 4.0, np.inf]).values.tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    array = np.asarray(values, "float64")
    if array.ndim != 1:
        raise ValueError(f"one series [time] is wanted, received an array of shape {array.shape}")
    finite = np.isfinite(array)
    missing = int(len(array) - finite.sum())
    infinite = int(np.isinf(array).sum())
    places = np.flatnonzero(finite)
    if not len(places):
        return Gapless(np.empty(0), 0, np.empty(0, "bool"), missing, infinite, 0)
    first, last = int(places[0]), int(places[-1]) + 1
    steps = np.arange(first, last)
    return Gapless(
        values=np.interp(steps, places, array[places]),
        first=first,
        observed=finite[first:last],
        missing=missing,
        infinite=infinite,
        longest_gap=int(np.diff(places).max(initial=1)) - 1,
    )
