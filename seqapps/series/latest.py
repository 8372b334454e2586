"""The end of a series as what a model is asked: its last steps, and what is known of the coming."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqapps.errors import UserError, nearest
from seqapps.series.grid import DAY, ROWS, frequency_of, on_grid, parsed, steps_from
from seqapps.task import Case, Column, Row

VALUES = "values"  # the input that holds the last steps
FUTURE = "future"  # what is known of the coming ones
REFERENCE = "reference"  # the first steps of the series, as long as the model wants them
KNOWN = (
    VALUES,
    FUTURE,
    REFERENCE,
    "start",
    "series",
)  # the inputs that a table of observations gives
AUTO = "auto"

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Latest:
    """One series, as the model is asked about it."""

    name: str
    case: Case
    times: Array  # int64 [lookback], of the steps of `values`
    frequency: str
    said: Sequence[str]  # what was found on the way, for people

    def coming(self, steps: int) -> Array | None:
        """The times of the steps that follow, int64 [steps]; None where they cannot be known."""
        if self.frequency == ROWS:
            return None
        place = len(self.times) - 1
        if parsed(self.frequency)[1] == "mo":
            # Ends of months: from one of 31 days all others follow, from one of 28 none.
            days = self.times.astype("datetime64[s]").astype("datetime64[D]")
            months = days.astype("datetime64[M]").astype("datetime64[D]")
            place = int((days - months).astype("int64").argmax())
        passed = len(self.times) - place
        return steps_from(int(self.times[place]), passed + steps, self.frequency)[passed:]


def series_input(inputs: Mapping[str, Column]) -> Column | None:
    """The input `values` [lookback, channels], where the model has one whose channels are named."""
    column = inputs.get(VALUES)
    if column is None or column.kind != "series" or len(column.shape) != 2 or not column.channels:
        return None
    return column


def latest_of(row: Row, inputs: Mapping[str, Column], *, frequency: str, place: str) -> Latest:
    """What a model with these inputs is asked about a row of observations (`seqapps.series.row`).

    The inputs are those of `KNOWN`, as far as the model has them. `frequency` is that of the
    model's steps, or "auto". Raises UserError where a channel is missing or there is no value.
    """
    column = inputs[VALUES]
    lookback, channels = column.shape[0] or 1, column.channels
    known = inputs[FUTURE].channels if FUTURE in inputs else ()
    values = _chosen(row, [*channels, *(name for name in known if name not in channels)], place)
    if frequency == AUTO:
        frequency = frequency_of(row["times"])
    grid = on_grid(row["times"], frequency)
    if grid.place is not None:
        gap = np.full([1, values.shape[1]], np.nan, "float32")
        values = np.concatenate([values, gap])[grid.place]  # place -1: the row of gaps
    said = _of_grid(grid.gaps, grid.moved, grid.dropped)
    end = _end(values[:, : len(channels)], channels, known, row["series"] or place)
    case: Case = {}
    if FUTURE in inputs:
        columns = [[*channels, *(n for n in known if n not in channels)].index(n) for n in known]
        horizon = inputs[FUTURE].shape[0] or 1
        case[FUTURE] = _future(values[end:, columns], horizon, known, place, said)
    elif end < len(values):
        said.append(f"{len(values) - end:,} steps at the end hold no value and are left out")
    window, times = values[max(0, end - lookback) : end, : len(channels)], grid.times[:end]
    short = lookback - len(window)
    if short > 0:
        said.append(
            f"{end:,} steps, but the model looks at {lookback:,}: the first {short:,} are gaps"
        )
        window = np.concatenate([np.full([short, len(channels)], np.nan, "float32"), window])
    case[VALUES] = window
    if REFERENCE in inputs:
        first = inputs[REFERENCE].shape[0] or 1
        case[REFERENCE] = _first(values[:end, : len(channels)], first, said)
    times = _padded(times[-lookback:], short, frequency)
    if "start" in inputs:
        case["start"] = int(times[0])
    if "series" in inputs:
        case["series"] = row["series"]
    return Latest(row["series"], case, times, frequency, said)


def _chosen(row: Row, channels: Sequence[str], place: str) -> Array:
    """The channels in their order: float32 [time, channels]."""
    there = row["names"].split("\n")
    missing = [name for name in channels if name not in there]
    if missing:
        what = "column of numbers" if len(missing) == 1 else "columns of numbers"
        hint = nearest(missing[0], there) if len(missing) == 1 else f"Found: {', '.join(there)}."
        raise UserError(
            f"{place}: no {what} {', '.join(map(repr, missing))}. The model takes "
            f"{', '.join(channels)}. {hint}"
        )
    return np.asarray(row[VALUES][:, [there.index(name) for name in channels]], "float32")


def _of_grid(gaps: int, moved: int, dropped: int) -> list[str]:
    told = {"steps were not observed": gaps, "observations lay between two steps": moved,
            "observations share a step with a later one, which counts": dropped}  # fmt: skip
    return [f"{count:,} {what}" for what, count in told.items() if count]


def _end(values: Array, channels: Sequence[str], known: Sequence[str], place: str) -> int:
    """How many steps are past: to the last one with a value that is not known in advance."""
    own = [place for place, name in enumerate(channels) if name not in known]
    seen = np.flatnonzero(np.isfinite(values[:, own or slice(None)]).any(axis=1))
    if not len(seen):
        raise UserError(f"{place}: no value of {', '.join(channels)} in any row.")
    return int(seen[-1]) + 1


def _future(
    coming: Array, horizon: int, known: Sequence[str], place: str, said: list[str]
) -> Array:
    """What is known of the coming steps: float32 [horizon, known]."""
    found = coming[:horizon]
    if not np.isfinite(found).any():
        raise UserError(
            f"{place}: {', '.join(known)} must be known for the {horizon:,} coming steps. Add rows "
            "for them at the end, with the time and these columns; the others stay empty."
        )
    gaps = np.full([horizon - len(found), len(known)], np.nan, "float32")
    found = np.concatenate([found, gaps])
    unknown = int((~np.isfinite(found)).any(axis=1).sum())
    if unknown:
        said.append(
            f"{', '.join(known)}: unknown at {unknown:,} of the {horizon:,} coming steps, which "
            "are gaps"
        )
    return found


def _first(values: Array, steps: int, said: list[str]) -> Array:
    """The first steps of a series: float32 [steps, channels]."""
    short = steps - len(values)
    if short <= 0:
        return values[:steps]
    said.append(
        f"{len(values):,} steps, but the first {steps:,} tell the series' own level: the last "
        f"{short:,} of them are gaps"
    )
    return np.concatenate([values, np.full([short, values.shape[1]], np.nan, "float32")])


def _padded(times: Array, short: int, frequency: str) -> Array:
    """Times with `short` steps in front."""
    if short <= 0:
        return times
    return np.concatenate([_before(int(times[0]), short, frequency), times])


def _before(start: int, count: int, frequency: str) -> Array:
    """The times of `count` steps before `start`: int64 [count]."""
    if frequency == ROWS:
        return start - np.arange(count, 0, -1)
    number, unit = parsed(frequency)
    if unit not in ("b", "mo"):
        step = int(steps_from(0, 2, frequency)[1])
        return start - step * np.arange(count, 0, -1)
    steps = -number * np.arange(count, 0, -1)
    days, rest = np.datetime64(start // DAY, "D"), start % DAY
    if unit == "b":
        found = np.busday_offset(days, steps, roll="backward")
    else:
        month = days.astype("datetime64[M]")
        begins, ends = ((month + steps + more).astype("datetime64[D]") for more in (0, 1))
        found = np.minimum(begins + (days - month.astype("datetime64[D]")), ends - 1)
    return np.asarray(found.astype("int64") * DAY + rest)
