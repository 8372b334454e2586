"""How often a series is to be differenced, and by what, before it resembles itself over time."""

from __future__ import annotations

import warnings

import numpy as np

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
    from statsmodels.tools.sm_exceptions import InterpolationWarning
    from statsmodels.tsa.stattools import kpss

    with warnings.catch_warnings():
        # The p-value ends at 0.01 and 0.1; it is only compared with 0.05.
        warnings.simplefilter("ignore", InterpolationWarning)
        return bool(kpss(values, regression="c", nlags="auto")[1] < 0.05)
