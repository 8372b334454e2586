"""The exponentially weighted mean of the past, of a decay that is not fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.classic import Fitted, Forecast, cleaned
from seqapps.baselines.forecasts.errors import LONGEST, deviations
from seqapps.baselines.forecasts.fallback import checked

RISKMETRICS = (
    0.94  # a day (J.P. Morgan and Reuters 1996, RiskMetrics Technical Document, section 5.3)
)
NEGLIGIBLE = 1e-12  # weight of a step beside that of the last one


@dataclass(frozen=True)
class Exponential:
    """The same for all coming steps: a step counts `decay` times as much as the one after it.

    That is simple exponential smoothing with 1 - `decay`, but of weights that sum to 1 from the
    first step on, where the recursion would lean on where it begins. Steps without an observation
    have no weight.
    """

    decay: float = RISKMETRICS

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        values = cleaned(training)

        def make() -> Fitted:
            part = values[-LONGEST:]
            means = weighted_means(part, self.decay)
            return _Fitted(deviations(part, lambda step: means, horizon), self.decay)

        return checked("exponential", values, horizon=horizon, least=3, make=make)


def weighted_means(values: np.ndarray, decay: float) -> np.ndarray:
    """The weighted mean of the known up to each time: [time] -> [time], NaN before the first."""
    from scipy.signal import lfilter

    known = np.isfinite(values)
    total, weight = (
        lfilter([1.0], [1.0, -decay], each)
        for each in (np.where(known, values, 0.0), known.astype("float64"))
    )
    empty = np.full(len(values), np.nan)
    return np.asarray(np.divide(total, weight, out=empty, where=weight > NEGLIGIBLE))


@dataclass(frozen=True)
class _Fitted:
    deviation: np.ndarray  # [horizon]
    decay: float

    def forecast(self, history: np.ndarray) -> Forecast:
        reach = int(np.ceil(np.log(NEGLIGIBLE) / np.log(self.decay)))
        mean = weighted_means(history[-reach:], self.decay)[-1]  # NaN: the caller falls back
        return np.full(len(self.deviation), mean), self.deviation
