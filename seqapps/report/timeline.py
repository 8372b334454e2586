"""Long series on a page: fewer points that look the same, dates, and how long a period is."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np

from seqapps.series.duration import DAY, duration

BLOCKS = 600  # of a long series, each drawn by its least and its most: more is not seen


def envelope(
    values: np.ndarray, *, first: int = 0, blocks: int = BLOCKS
) -> tuple[np.ndarray, np.ndarray]:
    """(places, values) of the least and the most of each part of values [time], in their order.

    All of a short series. NaN stay where a whole part is NaN, so that a line has a gap there;
    `first` is the place of the first value.
    """
    count = len(values)
    if count <= 2 * blocks:
        return first + np.arange(count), np.asarray(values)
    edges = np.linspace(0, count, blocks + 1).astype(int)
    places: list[int] = []
    for start, end in pairwise(edges):
        part = values[start:end]
        if np.isnan(part).all():
            places.append(int(start))
        else:
            places.extend(start + np.unique([np.nanargmin(part), np.nanargmax(part)]))
    kept = np.array(places)
    return first + kept, np.asarray(values)[kept]


def dated(times: np.ndarray | None, places: np.ndarray, values: np.ndarray) -> tuple[Any, Any]:
    """What is plotted: values over the dates of their places, or over the places themselves."""
    if times is None:
        return places, values
    return np.asarray(times)[places].astype("datetime64[s]"), values


def moment(place: int, times: np.ndarray | None) -> str:
    """When a step was: `1998-03-01`, `1998-03-01 13:00`, or `step 12` counted from 0."""
    if times is None:
        return f"step {place:,}"
    at = datetime.fromtimestamp(int(times[place]), UTC)
    whole_days = not (np.asarray(times) % DAY).any()
    return f"{at:%Y-%m-%d}" if whole_days else f"{at:%Y-%m-%d %H:%M}"


def span(steps: float, times: np.ndarray | None) -> str:
    """How long so many steps last, as an addition: ` = 3.6 years`; empty without times."""
    if times is None or len(times) < 2:
        return ""
    found = duration(steps * step_seconds(times))
    return f" = {found}" if found else ""


def step_seconds(times: np.ndarray) -> float:
    """The usual distance of two steps; months are about 30.4 days, so it is the mean."""
    if len(times) < 2:
        return 0.0
    return float(times[-1] - times[0]) / (len(times) - 1)
