"""How far forecasts were off in training, step by step: the deviation where a model has none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FEWEST = 3  # errors that make a deviation
LONGEST = 5000  # the last steps of the training part that are looked at


def deviations(
    values: np.ndarray, ahead: Callable[[int], np.ndarray], horizon: int, *, since: int = 0
) -> np.ndarray:
    """Root mean squared errors of forecasts made inside `values` [time]: float64 [horizon].

    `ahead(step)` [time] holds at each place what was forecast there, from what was known up to and
    with it, for so many steps later. Places before `since` do not count.
    """
    found = np.full(horizon, np.nan)
    since = max(since, len(values) - LONGEST)
    for step in range(1, min(horizon, len(values) - 1) + 1):
        found[step - 1] = root_mean_square((values[step:] - ahead(step)[:-step])[since:])
    return completed(found)


def root_mean_square(errors: np.ndarray) -> float:
    """NaN where fewer than three are known."""
    known = errors[np.isfinite(errors)]
    return float(np.sqrt(np.mean(known**2))) if len(known) >= FEWEST else np.nan


def completed(found: np.ndarray) -> np.ndarray:
    """Steps without a deviation: grown from the last known one as of a random walk, by sqrt(step).

    Before the first known one that one; nowhere known: 0.
    """
    known = np.flatnonzero(np.isfinite(found))
    if not len(known):
        return np.zeros(len(found))
    steps = np.arange(1, len(found) + 1)
    last = known[-1]
    within = np.interp(steps, steps[known], found[known])
    grown = found[last] * np.sqrt(steps / (last + 1))
    return np.asarray(np.where(steps > last + 1, grown, within))
