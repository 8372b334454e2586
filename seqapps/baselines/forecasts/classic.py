"""What a classic forecaster is: fitted to one series, it tells mean and deviation of what comes."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from typing import Protocol, runtime_checkable

import numpy as np

logger = logging.getLogger(__name__)

Forecast = tuple[np.ndarray, np.ndarray]  # mean and standard deviation, each float64 [horizon]


class Fitted(Protocol):
    """A forecaster of one series."""

    def forecast(self, history: np.ndarray) -> Forecast:
        """What follows `history` [time], which begins where the training part began.

        Any history is answered; it is cheap where each one goes on from the one before.
        """


class Classic(Protocol):
    """How forecasters of single series are made."""

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        """Learn from `training` float64 [time], NaN where nothing was observed; never raises.

        `season` is in steps, 1 where there is none. Where the series is too short or constant, or a
        fit fails, the log says so, and the last value is the forecast.
        """


@runtime_checkable
class Choosing(Classic, Protocol):
    """A forecaster that tries several forms, such as orders, and keeps the best one.

    With many series that would take too long: `adapter` chooses the form on a few of them, and fits
    the others with that one alone.
    """

    def form_of(self, training: np.ndarray, *, season: int) -> Hashable | None:
        """The best form for this series; None where it allows no fit."""

    def with_form(self, form: Hashable) -> Classic:
        """The same forecaster with one form only."""


def cleaned(values: np.ndarray) -> np.ndarray:
    """float64 [time] of its own, with NaN for whatever is not a finite number."""
    found = np.array(values, "float64").ravel()
    found[~np.isfinite(found)] = np.nan
    return found


def unfit(values: np.ndarray, least: int) -> str:
    """Why nothing can be learnt from these values, "" where something can."""
    known = values[np.isfinite(values)]
    if len(known) < least:
        return f"{len(known)} values, and at least {least} are needed"
    # Differences of float32 values of one size are noise below this.
    if np.ptp(known) <= 1e-7 * np.abs(known).max():
        return f"it is constant at {known[0]:g}"
    return ""
