"""How often a series is to be differenced, and by what, before it resembles itself over time."""

from __future__ import annotations

import numpy as np

LEVEL = 0.463  # Kwiatkowski et al. 1992, table 1: the 5 % point of the statistic
STRONG = 0.64  # Hyndman and Athanasopoulos 2021, section 9.1: the strength of a season


def differenced(values: np.ndarray, ordinary: int, seasonal: int, season: int) -> np.ndarray:
    """Differences along the first axis: shorter by `ordinary` and `seasonal` times the season."""
    for _ in range(seasonal):
        values = values[season:] - values[:-season]
    return np.diff(values, n=ordinary, axis=0) if ordinary else values


def ordinary_differences(values: np.ndarray, *, most: int = 2) -> int:
    """As many as KPSS tests at 5 % ask for (Kwiatkowski et al. 1992); `values` have no gaps."""
    for count in range(most):
        if not _drifts(values):
            return count
        values = np.diff(values)
    return most


def seasonal_differences(values: np.ndarray, season: int) -> int:
    """1 where the season is strong, measured by STL (Wang, Smith and Hyndman 2006), else 0."""
    if season < 2 or len(values) < 3 * season:
        return 0
    from statsmodels.tsa.seasonal import STL

    found = STL(values, period=season).fit()
    whole = float(np.var(found.seasonal + found.resid))
    return int(whole > 0 and 1 - float(np.var(found.resid)) / whole > STRONG)


def _drifts(values: np.ndarray) -> bool:
    if len(values) < 12 or np.ptp(values) <= 1e-9 * max(np.abs(values).max(), 1e-300):
        return False
    return level_statistic(values, lags=int(3 * np.sqrt(len(values)) / 13)) > LEVEL


def level_statistic(values: np.ndarray, *, lags: int) -> float:
    """KPSS around a level: Kwiatkowski et al. 1992, eq. 13, with Bartlett's weights (eq. 10).

    statsmodels has it too; its results change their form between versions, and it warns.
    """
    left = values - values.mean()
    size = len(left)
    variance = np.dot(left, left) / size
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * np.dot(left[lag:], left[:-lag]) / size
    return float(np.sum(np.cumsum(left) ** 2) / size**2 / variance)
