"""The value of a season ago."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.classic import Fitted, Forecast, cleaned
from seqapps.baselines.forecasts.errors import deviations
from seqapps.baselines.forecasts.fallback import checked
from seqapps.baselines.forecasts.gaps import carried


@dataclass(frozen=True)
class SeasonalNaive:
    """The last known value of the same place in the season; with no season the last value."""

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        values, season = cleaned(training), max(1, season)

        def make() -> Fitted:
            same = np.pad(carried(values, every=season), (0, horizon), constant_values=np.nan)
            same = carried(same, every=season)  # [time + horizon]: what is told for each time

            def ahead(step: int) -> np.ndarray:
                back = season * -(-step // season)  # whole seasons, so that only the past is used
                places = np.arange(len(values)) + step - back
                return np.where(places >= 0, same[np.maximum(places, 0)], np.nan)

            return _Fitted(deviations(values, ahead, horizon), season)

        return checked("seasonal naive", values, horizon=horizon, least=season + 1, make=make)


@dataclass(frozen=True)
class _Fitted:
    deviation: np.ndarray  # [horizon]
    season: int

    def forecast(self, history: np.ndarray) -> Forecast:
        horizon = len(self.deviation)
        padded = np.pad(history, (0, horizon), constant_values=np.nan)
        told = carried(padded, every=self.season)[len(history) :]
        # A place of the season that was never observed: the last value.
        return np.where(np.isnan(told), carried(history)[-1], told), self.deviation
