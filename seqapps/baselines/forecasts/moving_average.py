"""The mean of the last values, of as many as was best in training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.classic import Fitted, Forecast, cleaned
from seqapps.baselines.forecasts.errors import LONGEST, deviations
from seqapps.baselines.forecasts.fallback import checked

WINDOWS = (2, 3, 5, 8, 13, 21, 34, 55, 89)  # steps; a season and two beside them


@dataclass(frozen=True)
class MovingAverage:
    """The window is the one whose means had the least squared errors over the horizon."""

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        values = cleaned(training)

        def make() -> Fitted:
            sizes = sorted({*WINDOWS, max(2, season), max(2, 2 * season)})
            sizes = [size for size in sizes if size <= max(2, len(values) // 2)]
            part = values[-LONGEST:]
            found = {size: _errors(part, size, horizon) for size in sizes}
            best = min(found, key=lambda size: float(np.mean(found[size] ** 2)))
            return _Fitted(found[best], best)

        return checked("moving average", values, horizon=horizon, least=5, make=make)


def _errors(values: np.ndarray, size: int, horizon: int) -> np.ndarray:
    means = running_mean(values, size)
    # From the place on where the longest window is full, so that all are measured on the same.
    return deviations(values, lambda step: means, horizon, since=min(len(values) // 2, 2 * size))


def running_mean(values: np.ndarray, size: int) -> np.ndarray:
    """The mean of the known among the last `size` values at each time: [time], NaN of none."""
    known = np.isfinite(values)
    sums, counts = (
        np.cumsum(np.concatenate([[0.0], each])) for each in (np.where(known, values, 0.0), known)
    )
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - size, 0)
    count = counts[ends] - counts[starts]
    total = sums[ends] - sums[starts]
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class _Fitted:
    deviation: np.ndarray  # [horizon]
    size: int

    def forecast(self, history: np.ndarray) -> Forecast:
        mean = running_mean(history[-self.size :], self.size)[-1]  # NaN: the caller falls back
        return np.full(len(self.deviation), mean), self.deviation
