"""The straight line through the first and the last known value, drawn on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.classic import Fitted, Forecast, cleaned
from seqapps.baselines.forecasts.errors import deviations
from seqapps.baselines.forecasts.fallback import checked


@dataclass(frozen=True)
class Drift:
    """Hyndman and Athanasopoulos 2021, section 5.2: a random walk that goes on as it went."""

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        values = cleaned(training)
        return checked(
            "drift", values, horizon=horizon, least=2, make=lambda: _fit(values, horizon)
        )


def _fit(values: np.ndarray, horizon: int) -> Fitted:
    known = np.isfinite(values)
    first = int(known.argmax())
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), first))  # [time]
    rise = (values[last] - values[first]) / np.maximum(last - first, 1)
    behind = np.arange(len(values)) - last

    def ahead(step: int) -> np.ndarray:
        return np.asarray(values[last] + rise * (step + behind))

    # A line through the first few values goes anywhere, so only the later half counts.
    return _Fitted(deviations(values, ahead, horizon, since=(first + len(values)) // 2))


@dataclass(frozen=True)
class _Fitted:
    deviation: np.ndarray  # [horizon]

    def forecast(self, history: np.ndarray) -> Forecast:
        known = np.flatnonzero(np.isfinite(history))  # none: the caller falls back
        first, last = known[0], known[-1]
        rise = (history[last] - history[first]) / max(last - first, 1)
        steps = np.arange(1, len(self.deviation) + 1) + len(history) - 1 - last
        return history[last] + rise * steps, self.deviation
