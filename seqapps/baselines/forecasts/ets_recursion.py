"""Exponential smoothing with known parameters: its states step by step, and how unsure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.classic import Forecast
from seqapps.baselines.forecasts.seasonal import Seasonal

# level, slope, the seasons (the oldest, which comes next, first)
States = tuple[float, float, list[float]]


@dataclass(frozen=True, kw_only=True)
class Smoothing:
    """Hyndman et al. 2008, table 2.2 and 2.3, with an additive or no trend."""

    alpha: float
    beta: float
    gamma: float
    phi: float  # damping; 1: a straight trend, 0: no trend
    relative: bool  # whether errors are relative
    multiplicative: bool  # whether the season multiplies
    error: float  # root mean squared one-step error, relative or not
    level: float
    slope: float
    seasons: tuple[float, ...]  # before the first step; (0,) without a season
    start: int
    fixed: Seasonal | None
    horizon: int

    def begin(self, length: int) -> tuple[States, int]:
        first = self.level, self.slope, list(self.seasons)
        return first, self.start if length > self.start else 0

    def go_on(self, states: States, values: np.ndarray, place: int) -> States:
        """A gap is filled with its forecast: level and slope go on, and nothing is learnt."""
        if self.fixed is not None:
            values = self.fixed.without(values, place)
        level, slope, seasons = states
        seasons = list(seasons)
        rising = self.beta / self.alpha if self.alpha else 0.0  # beta* of statsmodels
        # statsmodels corrects the season by the new level, hence gamma* = gamma / (1 - alpha).
        turning = self.gamma / (1 - self.alpha) if self.alpha < 1 else 0.0
        for value in values.tolist():
            season, base = seasons.pop(0), level + self.phi * slope
            if value != value:
                value = base * season if self.multiplicative else base + season
            seen = value / season if self.multiplicative else value - season
            level_before, level = level, base + self.alpha * (seen - base)
            slope = rising * (level - level_before) + (1 - rising) * self.phi * slope
            figure = value / level if self.multiplicative else value - level
            seasons.append(season + turning * (figure - season))
        return level, slope, seasons

    def ahead(self, states: States, place: int) -> Forecast:
        level, slope, seasons = states
        steps = np.arange(1, self.horizon + 1)
        damped = np.cumsum(self.phi**steps)  # [horizon]: phi + ... + phi^h
        base = level + damped * slope
        season = np.asarray(seasons)[(steps - 1) % len(seasons)]
        if self.relative:
            mean, deviation = base * season, self._relative_deviation(base, season, damped)
        else:
            mean, deviation = base + season, self._deviation(damped)
        if self.fixed is None:
            return mean, deviation
        return self.fixed.restored((mean, deviation), place)

    def _deviation(self, damped: np.ndarray) -> np.ndarray:
        """Hyndman et al. 2008, table 6.1: additive errors."""
        steps = np.arange(1, self.horizon)
        repeated = (steps % len(self.seasons) == 0) & (self.gamma > 0)
        weights = self.alpha + self.beta * damped[:-1] + self.gamma * repeated  # [horizon - 1]
        growth = np.concatenate([[0.0], np.cumsum(weights**2)])
        return np.asarray(self.error * np.sqrt(1 + growth))

    def _relative_deviation(
        self, base: np.ndarray, season: np.ndarray, damped: np.ndarray
    ) -> np.ndarray:
        """Hyndman et al. 2008, section 6.4.3: relative errors and a season that multiplies."""
        variance = self.error**2
        weights = (self.alpha + self.beta * damped[:-1]) ** 2  # [horizon - 1]
        theta = np.empty(self.horizon)
        for step in range(self.horizon):
            theta[step] = base[step] ** 2 + variance * np.dot(weights[:step], theta[:step][::-1])
        rounds = np.arange(self.horizon) // len(self.seasons)
        spread = theta * (1 + variance) * (1 + self.gamma**2 * variance) ** rounds - base**2
        return np.asarray(np.abs(season) * np.sqrt(np.maximum(spread, 0.0)))
