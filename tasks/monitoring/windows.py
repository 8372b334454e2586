"""Rows to windows: which sensors, on which grid, and what a case holds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seqapps.errors import UserError, nearest
from seqapps.series.grid import check_frequency, common_frequency, on_grid, seconds_of
from seqapps.series.row import names_in
from seqapps.series.windows import Series, Windows
from seqapps.task import PAST, Case, Row

from .task import REFERENCE

ANOMALY = -1  # the last channel of a series here: not a sensor, but whether a step is not normal


def settle(settings: Any, rows: Sequence[Row]) -> Any:
    """The settings with all of it said. Raises UserError where they do not fit the data."""
    there = rows[0]["names"].split("\n")
    sensors = names_in(settings.sensors) or there
    for name in sensors:
        if name not in there:
            raise UserError(
                f"sensors = {settings.sensors!r}: no column of numbers {name!r}. "
                f"{nearest(name, there)}"
            )
    for name in sensors:
        if not any(_is_observed(row, name) for row in rows):
            raise UserError(
                f"The sensor {name!r} has no value in the training part, so nothing tells what is "
                f"usual of it. Leave it out: sensors={','.join(s for s in sensors if s != name)}"
            )
    frequency = settings.frequency
    if frequency == "auto":
        frequency = common_frequency(rows, needed=max(settings.lookback, settings.reference))
    settings = replace(settings, sensors=",".join(sensors), frequency=check_frequency(frequency))
    if settings.bands:
        from .frames import frames_of

        frames_of(settings)  # raises UserError where a wavelet is unknown or reaches too far
    if not len(windows_of(rows, settings)):
        longest = max(len(row["times"]) for row in rows)
        raise UserError(
            f"No training series has a window of normal operation: a window takes lookback = "
            f"{settings.lookback:,} steps{_with_reference(settings)}, the longest series has "
            f"{longest:,}. Shorten it, or give more of normal operation."
        )
    return settings


def _with_reference(settings: Any) -> str:
    if not settings.reference:
        return ""
    return f", and a series reference = {settings.reference:,} before any is judged"


def _is_observed(row: Row, name: str) -> bool:
    there = row["names"].split("\n")
    return name in there and bool(np.isfinite(row["values"][:, there.index(name)]).any())


def windows_of(rows: Iterable[Row], settings: Any) -> Windows:
    """The cases of these rows. Raises UserError where a row lacks a sensor."""
    lookback, stride, reference = settings.lookback, settings.stride, settings.reference
    failures: dict[str, int] = {}
    states: dict[str, str] = {}

    def series() -> Iterable[Series]:
        for row in rows:
            failures[row["series"]] = int(row.get("failure", 0))
            states[row["series"]] = row.get("state", "")
            yield series_of(row, settings)

    def cut(series: Series, origin: int) -> Case:
        values = series.values
        first = {REFERENCE: values[:reference, :ANOMALY]} if reference else {}
        return {
            **first,
            "values": values[origin - lookback : origin, :ANOMALY],
            "anomaly": values[origin - stride : origin, ANOMALY],
            "times": series.times[origin - stride : origin],
            "step": origin - 1,
            "to_failure": _to_failure(series, origin - 1, failures[series.name], settings),
            "series": series.name,
            "state": states[series.name],
            PAST: values[:origin],
        }

    return Windows(
        series(),
        cut,
        lookback=lookback,
        horizon=0,
        stride=stride,
        wanted=lambda each, origins: _judged(each, origins, settings),
    )


def series_of(row: Row, settings: Any) -> Series:
    """A row on its grid: the sensors in their order, and then whether a step is not normal."""
    there = row["names"].split("\n")
    for name in names_in(settings.sensors):
        if name not in there:
            raise UserError(
                f"{row['series'] or 'the series'}: no column of numbers {name!r}. "
                f"{nearest(name, there)}"
            )
    order = [there.index(name) for name in names_in(settings.sensors)]
    anomaly = np.nan_to_num(row["anomaly"])[:, np.newaxis]
    values = np.concatenate([row["values"][:, order], anomaly], axis=1)
    grid = on_grid(row["times"], settings.frequency)
    first = row.get("first", 0)
    if grid.place is not None:
        missing = np.full([1, values.shape[1]], np.nan, "float32")
        values = np.concatenate([values, missing])[grid.place]
        values[:, ANOMALY] = _carried(values[:, ANOMALY], grid.place >= 0)
        first = int(np.searchsorted(np.maximum.accumulate(grid.place), first))
    return Series(
        name=row["series"],
        times=grid.times,
        values=values.astype("float32"),
        first=first,
        held_out=row.get("held_out", False),
    )


def _carried(anomaly: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Whether each step [time] is not normal: one without observation where both those around are.

    An event goes on over a gap in it.
    """
    steps = np.arange(len(anomaly))
    before = np.maximum.accumulate(np.where(seen, steps, 0))
    after = np.minimum.accumulate(np.where(seen, steps, len(steps) - 1)[::-1])[::-1]
    return np.asarray(np.minimum(anomaly[before], anomaly[after]))


def _judged(series: Series, origins: np.ndarray, settings: Any) -> np.ndarray:
    """Of what is held out windows whose last steps lie in that part and after the reference; of
    training those without an anomaly: bool [origins].
    """
    lookback, reference = settings.lookback, settings.reference
    if len(series.values) < reference:
        return np.zeros(len(origins), bool)
    if series.held_out:
        return np.asarray(origins - settings.stride >= max(series.first, reference))
    before = np.concatenate([[0], np.cumsum(series.values[:, ANOMALY] > 0)])
    return np.asarray(before[origins] == before[origins - lookback])


def _to_failure(series: Series, step: int, failure: int, settings: Any) -> float:
    """Steps from this one to the failure, NaN where there is none.

    After the end of the record steps go on as the frequency says, else at their usual distance.
    """
    if not failure:
        return float("nan")
    times = series.times
    beyond = failure - int(times[-1])
    if beyond <= 0:
        return float(np.searchsorted(times, failure) - step)
    size = seconds_of(settings.frequency) or float(np.median(np.diff(times)))
    return float(len(times) - 1 + math.ceil(beyond / size) - step)
