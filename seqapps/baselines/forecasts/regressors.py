"""What an ARIMA model is regressed on: a constant or a line, a long season's sines and cosines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqapps.baselines.forecasts.differencing import differenced

MOST_WAVES = 10
MEMORY = 3  # last values
UNIT = 1000.0  # steps, so that the column is of the size of the others


@dataclass(frozen=True)
class Regressors:
    """Columns that are known for every time."""

    trend: Literal["constant", "line"] | None
    waves: int  # pairs of a sine and a cosine
    season: int

    def columns(self, place: int, size: int) -> np.ndarray:
        """float64 [size, columns] from `place` on."""
        times = place + np.arange(size)
        found = [np.ones(size)] if self.trend == "constant" else []
        found += [times / UNIT] if self.trend == "line" else []
        for wave in range(1, self.waves + 1):
            angle = 2 * np.pi * wave * times / self.season
            found += [np.sin(angle), np.cos(angle)]
        return np.stack(found, axis=1) if found else np.zeros((size, 0))


def weights_of(
    regressors: Regressors, values: np.ndarray, place: int, differences: tuple[int, int, int]
) -> np.ndarray:
    """Least squares on differences, where known: float64 [columns]."""
    columns = differenced(regressors.columns(place, len(values)), *differences)
    changes = differenced(values, *differences)
    known = np.isfinite(changes)
    return np.asarray(np.linalg.lstsq(columns[known], changes[known], rcond=None)[0])


def waves_of(values: np.ndarray, season: int, place: int) -> int:
    """How many pairs a long season needs; `values` [time] have no gaps.

    By BIC of regressions on the pairs and the last three values: a series that remembers itself
    would otherwise pass for waves, and its changes alone hide slow ones.
    """
    most = min(MOST_WAVES, (season - 1) // 2, len(values) // 10)
    told = values[MEMORY:]
    given = [np.ones(len(told)), *(values[MEMORY - lag : -lag] for lag in range(1, MEMORY + 1))]
    waves = Regressors(None, most, season).columns(place, len(values))[MEMORY:]
    columns = np.concatenate([np.stack(given, axis=1), waves], axis=1)
    found = []
    for count in range(most + 1):
        part = columns[:, : MEMORY + 1 + 2 * count]
        left = told - part @ np.linalg.lstsq(part, told, rcond=None)[0]
        size = max(float(np.mean(left**2)), 1e-300)
        found.append(len(told) * np.log(size) + 2 * count * np.log(len(told)))
    return int(np.argmin(found))
