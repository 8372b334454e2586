"""Gaps in a series: carried forward, which sees no future, and bridged, for learning alone."""

from __future__ import annotations

import numpy as np


def carried(values: np.ndarray, *, every: int = 1) -> np.ndarray:
    """The last known value at or before each time, of those `every` steps apart: [time].

    >>> carried(np.array([1.0, np.nan, 3.0, np.nan]))
    array([1., 1., 3., 3.])
    """
    padded = np.full(-(-len(values) // every) * every, np.nan)
    padded[: len(values)] = values
    table = padded.reshape(-1, every)  # [cycles, phases]
    known = np.isfinite(table)
    place = np.maximum.accumulate(np.where(known, np.arange(len(table))[:, None], 0), axis=0)
    return np.take_along_axis(table, place, axis=0).ravel()[: len(values)]


def bridged(values: np.ndarray, season: int = 1) -> np.ndarray:
    """Gaps filled by straight lines, of what is left without the mean seasonal figure: [time].

    What comes after a gap is used, so this is for fitting, never for what a forecast is made from.
    """
    known = np.isfinite(values)
    if known.all() or not known.any():
        return values
    level = _straight(values)
    if season < 2 or len(values) < 2 * season:
        return level
    window = np.ones(season) / season
    trend = np.convolve(np.pad(level, season, mode="edge"), window, "same")[season:-season]
    phases = np.arange(len(values)) % season
    rest, member = (values - trend)[known], phases[known]
    counts = np.maximum(np.bincount(member, minlength=season), 1)
    figure = np.bincount(member, rest, minlength=season) / counts  # [season]
    filled = _straight(values - figure[phases]) + figure[phases]
    return np.asarray(np.where(known, values, filled))


def _straight(values: np.ndarray) -> np.ndarray:
    known = np.flatnonzero(np.isfinite(values))
    return np.asarray(np.interp(np.arange(len(values)), known, values[known]))
