"""Rows to windows: which channels, on which grid, and what a case holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from seqapps.errors import UserError, nearest
from seqapps.series.grid import ROWS, on_grid, steps_from
from seqapps.series.windows import Series, Windows
from seqapps.task import PAST, Case, Row


def names_in(given: str) -> list[str]:
    """Columns that a setting names: "OT, HUFL" -> ["OT", "HUFL"]."""
    return [name.strip() for name in given.split(",") if name.strip()]


def channels_of(settings: Any) -> list[str]:
    """What a window holds: targets, then covariates of the past, then those known in advance."""
    chosen = [settings.target, settings.covariates, settings.future]
    return [name for given in chosen for name in names_in(given)]


def windows_of(rows: Iterable[Row], settings: Any) -> Windows:
    """The cases of these rows.

    Raises UserError where a row lacks a channel.
    """
    targets, known = len(names_in(settings.target)), len(names_in(settings.future))
    lookback, horizon, season = settings.lookback, settings.horizon, settings.season
    scales: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def cut(series: Series, origin: int) -> Case:
        if id(series) not in scales:
            scales[id(series)] = scales_of(series, targets=targets, season=season)
        scale, deviation = scales[id(series)]
        following = series.values[origin : origin + horizon]
        case = {
            "values": series.values[origin - lookback : origin],
            "start": int(series.times[origin - lookback]),
            "series": series.name,
            "truth": following[:, :targets],
            "times": series.times[origin : origin + horizon],
            "scale": scale,
            "deviation": deviation,
            PAST: series.values[:origin],
        }
        if known:
            case["future"] = following[:, -known:]
        return case

    return Windows(
        (series_of(row, settings) for row in rows),
        cut,
        lookback=lookback,
        horizon=horizon,
        stride=settings.stride,
        most=settings.origins or None,
        wanted=lambda series, origins: _told(series.values[:, :targets], origins, horizon),
    )


def series_of(row: Row, settings: Any) -> Series:
    """A row on the grid of the settings' frequency, with the channels in their order."""
    there = row["names"].split("\n")
    channels = channels_of(settings)
    for name in channels:
        if name not in there:
            raise UserError(
                f"{row['series'] or 'the series'}: no column of numbers {name!r}. "
                f"{nearest(name, there)}"
            )
    grid = on_grid(row["times"], settings.frequency)
    order = [there.index(name) for name in channels]
    values = row["values"]
    if order != list(range(len(there))):
        values = values[:, order]
    first, training = row.get("first", 0), row.get("training", 0)
    if grid.place is not None:
        missing = np.full([1, values.shape[1]], np.nan, "float32")
        values = np.concatenate([values, missing])[grid.place]  # place -1: the row of gaps
        first, training = (
            int(np.searchsorted(np.maximum.accumulate(grid.place), step))
            for step in (first, training)
        )
    return Series(
        name=row["series"],
        times=grid.times,
        values=values,
        first=first,
        training=training,
        held_out=row.get("held_out", False),
    )


def _told(values: np.ndarray, origins: np.ndarray, horizon: int) -> np.ndarray:
    """Which origins have at least one value to be judged by: bool [origins]."""
    seen = np.isfinite(values).any(axis=1)
    before = np.concatenate([[0], np.cumsum(seen)])
    return np.asarray(before[origins + horizon] > before[origins])


def scales_of(series: Series, *, targets: int, season: int) -> tuple[np.ndarray, np.ndarray]:
    """(mean absolute error of the seasonal naive forecast, standard deviation), each [targets].

    Of the training part; of the whole series where that is not known, as in data of others.
    """
    known = series.values[: series.training, :targets].astype("float64")
    if np.isfinite(known).sum(axis=0).min(initial=0) <= season + 1:
        known = series.values[:, :targets].astype("float64")
    error = np.abs(known[season:] - known[:-season]) if len(known) > season else known[:0]
    naive = np.array([_mean(column) for column in error.T])
    spread = np.array([_deviation(column) for column in known.T])
    naive = np.where(naive > 0, naive, np.where(spread > 0, spread, 1.0))
    return naive.astype("float32"), np.where(spread > 0, spread, 1.0).astype("float32")


def _mean(values: np.ndarray) -> float:
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if len(seen) else 0.0


def _deviation(values: np.ndarray) -> float:
    seen = values[np.isfinite(values)]
    return float(seen.std()) if len(seen) else 0.0


def steps_between(times: Sequence[int], frequency: str) -> float:
    """Steps from an origin to the next later one, in the middle; 1 where nothing tells."""
    distances = np.diff(np.unique(np.asarray(times, "int64")))
    if not len(distances) or frequency == ROWS:
        return 1.0
    step = int(np.diff(steps_from(0, 3, frequency)).mean())
    return max(1.0, float(np.median(distances)) / step)


def check_long_enough(windows: Windows, rows: Sequence[Row], settings: Any) -> None:
    """Raise UserError where the training part has no window."""
    if len(windows):
        return
    longest = max((len(series.values) for series in windows.series), default=0)
    needed = settings.lookback + settings.horizon
    raise UserError(
        f"The longest training part has {longest:,} steps; a window takes {needed:,} (lookback = "
        f"{settings.lookback:,}, horizon = {settings.horizon:,}). Shorten them, or give a longer "
        "series."
    )
