"""What an ARIMA model is regressed on: a constant and a long season's sines and cosines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.differencing import differenced

MOST_WAVES = 10


@dataclass(frozen=True)
class Regressors:
    """Columns that are known for every time."""

    constant: bool
    waves: int  # pairs of a sine and a cosine
    season: int

    def columns(self, place: int, size: int) -> np.ndarray:
        """float64 [size, columns] from `place` on."""
        times = place + np.arange(size)
        found = [np.ones(size)] if self.constant else []
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
    return np.linalg.lstsq(columns[known], changes[known], rcond=None)[0]


def waves_of(values: np.ndarray, season: int, place: int) -> int:
    """How many pairs a long season needs, by BIC of a regression of the changes (no gaps)."""
    most = min(MOST_WAVES, (season - 1) // 2, len(values) // 10)
    found = {}
    for waves in range(most + 1):
        regressors = Regressors(False, waves, season)
        changes = np.diff(values)
        weights = weights_of(regressors, values, place, (1, 0, 1))
        left = changes - np.diff(regressors.columns(place, len(values)), axis=0) @ weights
        size = max(float(np.mean(left**2)), 1e-300)
        found[waves] = len(changes) * np.log(size) + 2 * waves * np.log(len(changes))
    return min(found, key=lambda waves: found[waves]) if found else 0
