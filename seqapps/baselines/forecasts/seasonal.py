"""A fixed seasonal figure, taken out before a model is fitted and put back into its forecasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.classic import Forecast


@dataclass(frozen=True)
class Seasonal:
    """One number for each place of the season, which begins where the series begins."""

    figure: np.ndarray  # [season]
    multiplicative: bool

    def without(self, values: np.ndarray, place: int = 0) -> np.ndarray:
        """The values [time] from `place` on without the season."""
        part = self._part(place, len(values))
        return np.asarray(values / part if self.multiplicative else values - part)

    def restored(self, forecast: Forecast, place: int) -> Forecast:
        """A forecast of what is left, from `place` on, with the season again."""
        mean, deviation = forecast
        part = self._part(place, len(mean))
        return (mean * part, deviation * part) if self.multiplicative else (mean + part, deviation)

    def _part(self, place: int, size: int) -> np.ndarray:
        return self.figure[(place + np.arange(size)) % len(self.figure)]


def is_seasonal(values: np.ndarray, season: int) -> bool:
    """Whether changes resemble those of a season ago; `values` [time] have no gaps.

    The test of Assimakopoulos and Nikolopoulos 2000 (one-sided, 5 %, Bartlett's deviation), on
    differences, because a trend would pass for a season.
    """
    if season < 2 or len(values) < 3 * season:
        return False
    changes = np.diff(values)
    changes = changes - changes.mean()
    power = np.fft.rfft(changes, 2 * len(changes))
    products = np.fft.irfft(power * power.conj())[: season + 1]
    if products[0] <= 0:
        return False
    likeness = products / products[0]  # [season + 1]: autocorrelations
    bound = 1.645 * np.sqrt((1 + 2 * np.sum(likeness[1:-1] ** 2)) / len(changes))
    return bool(likeness[-1] > bound)


def seasonal_of(values: np.ndarray, season: int) -> Seasonal | None:
    """The figure of classical decomposition, None without a season; `values` have no gaps.

    It multiplies where all values are positive and so is the figure, else it is added.
    """
    if not is_seasonal(values, season):
        return None
    from statsmodels.tsa.seasonal import seasonal_decompose

    if values.min() > 0:
        found = seasonal_decompose(values, model="multiplicative", period=season).seasonal[:season]
        if found.min() > 0:
            return Seasonal(np.asarray(found), True)
    found = seasonal_decompose(values, model="additive", period=season).seasonal[:season]
    return Seasonal(np.asarray(found), False)
