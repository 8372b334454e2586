"""The Theta method, which won the M3 competition: a damped level with half the trend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.classic import Fitted, Forecast, cleaned
from seqapps.baselines.forecasts.fallback import checked
from seqapps.baselines.forecasts.following import Following
from seqapps.baselines.forecasts.gaps import bridged
from seqapps.baselines.forecasts.seasonal import Seasonal, seasonal_of

LONGEST = 5000  # the last steps of the training part that the parameters are fitted to


@dataclass(frozen=True)
class Theta:
    """Assimakopoulos and Nikolopoulos 2000, in the form of Hyndman and Billah 2003.

    Simple exponential smoothing of the series without its season, with half the slope of the
    straight line through it as drift. The level alone goes on after training.
    """

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        values = cleaned(training)
        make = lambda: Following(_fit(values, season, horizon))  # noqa: E731
        return checked("theta", values, horizon=horizon, least=5, make=make)


def _fit(values: np.ndarray, season: int, horizon: int) -> _Theta:
    start = max(0, len(values) - LONGEST)
    if season > 1:
        start -= start % season  # whole seasons, so that the figure begins where the series begins
    whole = bridged(values[start:], season)
    seasonal = seasonal_of(whole, season)
    rest = whole if seasonal is None else seasonal.without(whole)
    slope = float(np.polyfit(np.arange(len(rest)), rest, 1)[0])
    weight = _best_weight(rest)
    error = float(np.sqrt(np.mean(_errors(rest, weight)[1:] ** 2)))
    return _Theta(
        weight=weight, slope=slope, error=error, first=float(rest[0]), start=start,
        seasonal=seasonal, horizon=horizon,
    )  # fmt: skip


def _best_weight(values: np.ndarray) -> float:
    """Alpha of simple exponential smoothing with the least squared one-step errors."""
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda weight: float(np.sum(_errors(values, weight) ** 2)),
        bounds=(1e-4, 0.9999), method="bounded", options={"xatol": 1e-6},
    )  # fmt: skip
    return float(found.x)


def _errors(values: np.ndarray, weight: float) -> np.ndarray:
    """One-step errors of smoothing from the first value on: [time], the first one 0."""
    from scipy.signal import lfilter

    keep = 1 - weight
    levels, _ = lfilter([weight], [1.0, -keep], values, zi=[keep * values[0]])  # [time]
    return np.concatenate([[0.0], values[1:] - levels[:-1]])


@dataclass(frozen=True, kw_only=True)
class _Theta:
    weight: float
    slope: float
    error: float  # root mean squared one-step error
    first: float  # the level at the start
    start: int
    seasonal: Seasonal | None
    horizon: int

    def begin(self, length: int) -> tuple[tuple[float, int], int]:
        return (self.first, 0), self.start if length > self.start else 0

    def go_on(self, state: tuple[float, int], values: np.ndarray, place: int) -> tuple[float, int]:
        """(level, how many steps were read). A gap leaves the level as it is."""
        if self.seasonal is not None:
            values = self.seasonal.without(values, place)
        level, count = state
        for value in values.tolist():
            if value == value:
                level += self.weight * (value - level)
        return level, count + len(values)

    def ahead(self, state: tuple[float, int], place: int) -> Forecast:
        level, count = state
        steps = np.arange(1, self.horizon + 1)
        # Hyndman and Billah 2003, eq. 5: smoothing lags behind a trend, which the sum makes up for.
        behind = (1 - (1 - self.weight) ** count) / self.weight
        mean = level + self.slope / 2 * (steps - 1 + behind)
        deviation = self.error * np.sqrt(1 + (steps - 1) * self.weight**2)
        if self.seasonal is None:
            return mean, deviation
        return self.seasonal.restored((mean, deviation), place)
