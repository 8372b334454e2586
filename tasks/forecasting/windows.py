"""Rows to windows: which channels, on which grid, and what a case holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from seqapps.errors import UserError, nearest
from seqapps.series.grid import ROWS, on_grid, steps_from
from seqapps.series.row import names_in
from seqapps.series.windows import Series, Windows
from seqapps.task import PAST, Case, Row

from .channels import channels_of


def windows_of(rows: Iterable[Row], settings: Any) -> Windows:
    """The cases of these rows.

    Raises UserError where a row lacks a channel, or where there is no window in all of them.
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

    found = Windows(
        (series_of(row, settings) for row in rows),
        cut,
        lookback=lookback,
        horizon=horizon,
        stride=settings.stride,
        most=settings.origins or None,
        wanted=lambda series, origins: _told(series.values[:, :targets], origins, horizon),
    )
    if not len(found):
        raise UserError(_why_none(found.series, settings))
    return found


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

    Of the training part; of the whole series where that tells too little, as in data of others.
    """
    found = [
        _scales(series.values[:, target], training=series.training, season=season)
        for target in range(targets)
    ]
    naive, spread = np.array(found, "float32").T
    return naive, spread


def _scales(values: np.ndarray, *, training: int, season: int) -> tuple[float, float]:
    known = values[:training].astype("float64")
    if np.isfinite(known).sum() <= season + 1:
        known = values.astype("float64")
    errors = np.abs(known[season:] - known[:-season])
    errors, known = errors[np.isfinite(errors)], known[np.isfinite(known)]
    naive = float(errors.mean()) if len(errors) else 0.0
    spread = float(known.std()) if len(known) else 0.0
    spread = spread if spread > 0 else 1.0
    return naive if naive > 0 else spread, spread


def steps_between(times: Sequence[int], frequency: str) -> float:
    """Steps from an origin to the next later one, in the middle; 1 where nothing tells."""
    distances = np.diff(np.unique(np.asarray(times, "int64")))
    if not len(distances) or frequency == ROWS:
        return 1.0
    step = int(np.diff(steps_from(0, 3, frequency)).mean())
    return max(1.0, float(np.median(distances)) / step)


def _why_none(series: Sequence[Series], settings: Any) -> str:
    """Why series have no window at all, and what to do."""
    lookback, horizon = settings.lookback, settings.horizon
    sizes = f"(lookback = {lookback:,}, horizon = {horizon:,})"
    if any(len(each.values) - max(lookback, each.first) >= horizon for each in series):
        return (
            f"target = {settings.target!r}: in no window {sizes} anything was observed of what "
            "follows. Forecast another column (--target), or give its values."
        )
    longest = max((len(each.values) for each in series), default=0)
    if longest >= lookback + horizon:
        part = max(len(each.values) - each.first for each in series)
        return (
            f"The longest part that is held out has {part:,} steps; a window of it takes "
            f"{horizon:,} {sizes}. Shorten the horizon, hold out more (--shares), or give a longer "
            "series."
        )
    part = "part that is held out, with all before it," if series[0].held_out else "training part"
    return (
        f"The longest {part} has {longest:,} steps; a window takes {lookback + horizon:,} {sizes}. "
        "Shorten them, or give a longer series."
    )
