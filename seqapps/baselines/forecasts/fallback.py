"""What is answered where a model cannot: the last value, and the log says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from seqapps.baselines.forecasts.classic import Fitted, Forecast, cleaned, logger, unfit
from seqapps.baselines.forecasts.last_value import LastValue

# What NumPy, scipy and statsmodels raise on a series that they cannot work with.
FAILURES = (ArithmeticError, IndexError, ValueError, np.linalg.LinAlgError)


def checked(
    name: str, training: np.ndarray, *, horizon: int, least: int, make: Callable[[], Fitted]
) -> Fitted:
    """The model that `make` fits; the last value where the series is unfit or the fit fails."""
    simple = LastValue().fit(training, season=1, horizon=horizon)
    if why := unfit(training, least):
        logger.warning("%s: the series is not usable, %s; the last value instead.", name, why)
        return simple
    try:
        return _Checked(name, make(), simple)
    except FAILURES as error:
        logger.warning("%s: the fit failed (%s); the last value instead.", name, error)
        return simple


@dataclass
class _Checked:
    name: str
    model: Fitted
    simple: Fitted
    told: set[str] = field(default_factory=set)  # each trouble is told once

    def forecast(self, history: np.ndarray) -> Forecast:
        history = cleaned(history)
        try:
            mean, deviation = self.model.forecast(history)
        except FAILURES as error:
            return self._simple(history, f"a forecast failed ({error})")
        if not (np.isfinite(mean).all() and np.isfinite(deviation).all()):
            return self._simple(history, "a forecast was not finite")
        return mean, deviation

    def _simple(self, history: np.ndarray, why: str) -> Forecast:
        if why not in self.told:
            logger.warning("%s: %s; the last value instead.", self.name, why)
            self.told.add(why)
        return self.simple.forecast(history)
