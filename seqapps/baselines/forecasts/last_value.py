"""The last known value, at every step ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.classic import Fitted, Forecast, cleaned
from seqapps.baselines.forecasts.errors import deviations
from seqapps.baselines.forecasts.gaps import carried


@dataclass(frozen=True)
class LastValue:
    """Right on average for a random walk, which nothing beats there."""

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        values = cleaned(training)
        known = values[np.isfinite(values)]
        last = carried(values)
        usual = float(known.mean()) if len(known) else 0.0
        return _Fitted(deviations(values, lambda step: last, horizon), usual)


@dataclass(frozen=True)
class _Fitted:
    deviation: np.ndarray  # [horizon]
    usual: float  # told where nothing was observed

    def forecast(self, history: np.ndarray) -> Forecast:
        known = history[np.isfinite(history)]
        last = float(known[-1]) if len(known) else self.usual
        return np.full(len(self.deviation), last), self.deviation
