"""Differences of a window, and the way back from differences that are forecast to levels.

`lags` says which differences, one after the other: (1,) the change from step to step, (1, 1) the
change of the change, (24,) against the same hour of the day before, (1, 24) both: the operator
(1 - B)(1 - B^24) of seasonal ARIMA (Box and Jenkins 1970).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqapps.errors import UserError
from seqapps.series.transforms.matrix import apply, matrix_of


def lags_of(order: int = 1, season: int = 0, seasonal_order: int = 0) -> tuple[int, ...]:
    """The lags of ARIMA's d and D.

    >>> lags_of(2, season=12, seasonal_order=1)
    (1, 1, 12)
    """
    if order < 0 or seasonal_order < 0 or (seasonal_order and season < 1):
        raise UserError(
            f"differencing: received order {order}, season {season}, seasonal order "
            f"{seasonal_order}; expected orders of 0 or more and, for a seasonal order, a season "
            "of 1 or more steps"
        )
    return (1,) * order + (season,) * seasonal_order


def differences(lookback: int, lags: Sequence[int] = (1,)) -> np.ndarray:
    """The matrix that takes differences: float64 [lookback - sum(lags), lookback].

    Nothing is made up at the edge: the first sum(lags) steps have no difference and are left out.
    The last row stands at the last step. No row looks ahead.

    >>> differences(4, (2,))
    array([[-1.,  0.,  1.,  0.],
           [ 0., -1.,  0.,  1.]])
    """
    if any(lag < 1 for lag in lags) or sum(lags) >= lookback:
        raise UserError(
            f"differencing by lags {tuple(lags)}: a look-back of {lookback} steps has no such "
            f"difference; expected lags of 1 or more whose sum, {sum(lags)}, is under the look-back"
        )

    def differenced(columns: np.ndarray) -> np.ndarray:
        for lag in lags:
            columns = columns[lag:] - columns[:-lag]
        return columns

    return matrix_of(differenced, lookback)


def levels(changes: Any, last: Any, lags: Sequence[int] = (1,)) -> Any:
    """The values whose differences follow a window: [batch, horizon, channels], exact but for
    rounding.

    `changes` [batch, horizon, channels] are the differences of the horizon, `last` [batch, at least
    sum(lags), channels] the values before it, such as the window. With lag 1 it is the last value
    plus the cumulative sum.
    """
    if last.shape[1] is not None and last.shape[1] < sum(lags):
        raise ValueError(
            f"levels from differences by lags {tuple(lags)}: received {last.shape[1]} steps before "
            f"the horizon; expected at least {sum(lags)}"
        )
    for number in range(len(lags))[::-1]:
        lag = lags[number]
        before = last[:, -sum(lags[: number + 1]) :]  # what the differences before need
        if number:
            before = apply(differences(sum(lags[: number + 1]), lags[:number]), before)
        # [batch, lag, channels]. Lag after lag, and not one matrix for all: its weights would be
        # as large as the horizon, and single precision would lose in them what changes.
        start, sums = _cumulated(changes.shape[1], lag)
        changes = apply(start, before) + apply(sums, changes)
    return changes


def _cumulated(horizon: int, lag: int) -> tuple[np.ndarray, np.ndarray]:
    """(where each step starts [horizon, lag], which changes it sums [horizon, horizon])."""
    step = np.arange(horizon)
    start = step[:, None] % lag == np.arange(lag)
    behind = step[:, None] - step
    return start.astype("float64"), ((behind >= 0) & (behind % lag == 0)).astype("float64")
