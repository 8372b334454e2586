"""A Kalman filter for one series without noise of observation, one step at a time.

statsmodels makes the matrices of an ARIMA model; it filters a history as a whole, and to append a
single value means to build a model anew. Here a step is two products of small matrices, and of one
matrix and a vector once the gain has settled. Durbin and Koopman 2012, chapter 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqapps.baselines.forecasts.classic import Forecast

SETTLED = 1e-12  # the relative change of the covariance below which it is kept


@dataclass(frozen=True)
class Belief:
    """What is thought of the state before the next value is seen."""

    mean: np.ndarray  # [states]
    covariance: np.ndarray  # [states, states]
    settled: bool = False


@dataclass(frozen=True)
class Filter:
    """y = design a; a' = transition a + noise, whose covariance is `noise`."""

    design: np.ndarray  # [states]
    transition: np.ndarray  # [states, states]
    noise: np.ndarray  # [states, states]
    first: Belief

    def go_on(self, belief: Belief, values: np.ndarray) -> Belief:
        """The belief after these values [time]; NaN ones are not seen."""
        for value in values.tolist():
            belief = self._step(belief, value)
        return belief

    def _step(self, belief: Belief, value: float) -> Belief:
        carried = self.transition @ belief.mean
        covariance = belief.covariance
        if value != value:
            spread = self.transition @ covariance @ self.transition.T + self.noise
            return Belief(carried, spread)
        with_design = covariance @ self.design  # [states]
        variance = self.design @ with_design
        gain = self.transition @ with_design / variance
        mean = carried + gain * (value - self.design @ belief.mean)
        if belief.settled:
            return Belief(mean, covariance, True)
        left = self.transition - np.outer(gain, self.design)
        after = self.transition @ covariance @ left.T + self.noise
        after = (after + after.T) / 2
        settled = np.abs(after - covariance).max() <= SETTLED * np.abs(after).max()
        return Belief(mean, after, bool(settled))

    def ahead(self, belief: Belief, horizon: int) -> Forecast:
        """Mean and deviation of the next values, each [horizon]."""
        rows, growth = self._reach(horizon)
        variance = np.einsum("hi,ij,hj->h", rows, belief.covariance, rows) + growth
        return rows @ belief.mean, np.sqrt(np.maximum(variance, 0.0))

    def _reach(self, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """(design transition^h [horizon, states], variance added until then [horizon])."""
        if horizon not in self._reaches:
            rows = np.empty((horizon, len(self.design)))
            row = self.design
            for step in range(horizon):
                rows[step] = row
                row = row @ self.transition
            added = np.einsum("hi,ij,hj->h", rows, self.noise, rows)
            self._reaches[horizon] = rows, np.concatenate([[0.0], np.cumsum(added)[:-1]])
        return self._reaches[horizon]

    @cached_property
    def _reaches(self) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        return {}
