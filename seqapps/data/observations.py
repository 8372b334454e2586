"""Tables of observations, one a line, as series: wide (a column each) or long (a column of names).

Lines are sorted by time; of lines with the same time the last one counts, since corrections come
later. What is no number, and what is infinite, is a gap. All of it is counted and told.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import numpy as np

from seqapps.data import moments
from seqapps.data.source import Reading
from seqapps.data.tables import Located, Where
from seqapps.data.usable import MISSING
from seqapps.errors import UserError, nearest
from seqapps.task import Column, Row

NO_TIMES = "none"  # --time none: lines are steps
LOOKED_AT = 1000  # lines that tell whether a column holds numbers
ZONES = 3  # that are named


@dataclass(frozen=True)
class Layout:
    """Which column of a table is what; ours: theirs."""

    columns: Mapping[str, Column]  # of a row
    place: str
    times: str | None  # None: lines are steps
    series: str | None  # None: one series
    alone: Mapping[str, str]  # series of one channel, by the task's own name
    once: Mapping[str, str]  # columns of the same value in all lines of a series
    rest: Sequence[str]  # what may be a channel
    time_format: str | None

    @property
    def read(self) -> list[str]:
        """All columns that are read."""
        named = [self.times, self.series, *self.alone.values(), *self.once.values(), *self.rest]
        return list(dict.fromkeys(name for name in named if name is not None))

    @property
    def taken(self) -> dict[str, str]:
        """{ours: theirs}, for people."""
        own = {"times": self.times, "series": self.series, **self.alone, **self.once}
        return {ours: theirs for ours, theirs in own.items() if theirs is not None}


@dataclass
class _Held:
    """The observations of one series, as they come."""

    where: Where
    once: dict[str, Any]
    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("f"))
    alone: array[float] = field(default_factory=lambda: array("f"))


def layout_of(
    columns: Mapping[str, Column], reading: Reading, names: Sequence[str], *, place: str
) -> Layout:
    """Which column is what, by --time, --series, --column, and names that files often give.

    Raises UserError where there is no column of times.
    """
    found: dict[str, str | None] = {}
    for ours, column in columns.items():
        if ours == "names" or (column.free and len(column.shape) > 1):
            continue
        named = reading.columns.get(ours)
        if (
            named is not None
            and named not in names
            and not (_is_times(column) and named == NO_TIMES)
        ):
            raise UserError(f"{place}: no column {named!r}. {nearest(named, names)}")
        by_name = (name for wanted in (ours, *column.called) for name in names
                   if name.casefold() == wanted.casefold())  # fmt: skip
        found[ours] = named or next((name for name in by_name if name not in found.values()), None)
    times = next(ours for ours, column in columns.items() if _is_times(column))
    if found[times] is None:
        raise UserError(
            f"{place}: no column of times among {', '.join(names[:20])}. Name it with --time "
            f"COLUMN; where lines are steps that follow one another: --time {NO_TIMES}."
        )
    taken = {name for name in found.values() if name}
    alone = {ours: theirs for ours, theirs in found.items()
             if theirs and columns[ours].free and ours != times}  # fmt: skip
    once = {ours: theirs for ours, theirs in found.items()
            if theirs and not columns[ours].free and ours != "series"}  # fmt: skip
    _check_needed(columns, found, place)
    return Layout(
        columns=columns,
        place=place,
        times=None if found[times] == NO_TIMES else found[times],
        series=found.get("series"),
        alone=alone,
        once=once,
        rest=[name for name in names if name not in taken],
        time_format=reading.time_format,
    )


def _is_times(column: Column) -> bool:
    return column.kind == "time" and column.free


def _check_needed(
    columns: Mapping[str, Column], found: Mapping[str, str | None], place: str
) -> None:
    for ours, theirs in found.items():
        if theirs is None and columns[ours].default is None:
            raise UserError(
                f"{place}: no column {ours!r} ({columns[ours].meaning}). If another one "
                f"holds it: --column {ours}=NAME."
            )


def gathered(
    rows: Iterable[tuple[Where, Row]], layout: Layout, *, name: str, said: list[str]
) -> Iterator[Located]:
    """One row for each series of a table, in the order of their first lines.

    `rows` hold the columns that the layout reads, under their own names; `name` is that of the
    series where no column tells one. What is found on the way is added to `said`.
    """
    rows = iter(rows)
    head = list(islice(rows, LOOKED_AT))
    if not head:
        return
    channels, texts = _channels(layout, head)
    if texts:
        said.append(f"{layout.place}: left out, as they hold text: {', '.join(texts)}")
    if not channels:
        raise UserError(
            f"{layout.place}: no column of numbers beside {', '.join(layout.taken.values())}; "
            f"found {', '.join(layout.rest) or 'no other'}."
        )
    reader = _Reader(layout, channels, name)
    for where, row in chain(head, rows):
        reader.add(where, row)
    for line in reader.lines():
        said.append(f"{layout.place}: {line}")
    yield from reader.rows(said)


def _channels(layout: Layout, head: Sequence[tuple[Where, Row]]) -> tuple[list[str], list[str]]:
    """(columns of numbers, columns of text); a column without any value counts as numbers."""
    numbers: list[str] = []
    texts: list[str] = []
    for name in layout.rest:
        values = [row[name] for _, row in head if not _is_missing(row[name])]
        (numbers if all(_is_number(value) for value in values) else texts).append(name)
    return numbers, texts


class _Reader:
    """Gathers lines of one table."""

    def __init__(self, layout: Layout, channels: Sequence[str], name: str) -> None:
        self._layout, self._channels, self._name = layout, channels, name
        self._held: dict[str, _Held] = {}
        self._parse: moments.Parse | None = None
        self._wrong: dict[str, tuple[int, str]] = {}  # column: (values, the first of them)
        self._infinite = 0
        self._zones: Counter[str] = Counter()  # that times name; "" for none

    def add(self, where: Where, row: Row) -> None:
        layout = self._layout
        name = self._name if layout.series is None else _name_of(row[layout.series], where, layout)
        held = self._held.get(name)
        if held is None:
            once = {ours: row[theirs] for ours, theirs in layout.once.items()}
            held = self._held[name] = _Held(where, once)
        held.times.append(self._time(where, row, len(held.times)))
        for channel in self._channels:
            held.values.append(self._number(where, channel, row[channel]))
        for theirs in layout.alone.values():
            held.alone.append(self._number(where, theirs, row[theirs]))

    def _time(self, where: Where, row: Row, step: int) -> int:
        column = self._layout.times
        if column is None:
            return step
        value = row[column]
        if self._parse is None:
            form = self._layout.time_format
            self._parse = moments.parser_of(value, where=str(where), column=column, given=form)
        self._zones[moments.zone_of(value)] += 1
        try:
            return self._parse(value)
        except (TypeError, ValueError, OverflowError):
            raise UserError(
                f"{where}: {column} is {str(value)[:40]!r}, which is no time as those before it. "
                "Mend or remove the line; --time-format tells the form."
            ) from None

    def _number(self, where: Where, column: str, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            if not _is_missing(value):
                count, first = self._wrong.get(
                    column, (0, f"{str(value)[:30]!r} in row {where.number}")
                )
                self._wrong[column] = count + 1, first
            return math.nan
        if math.isinf(number):
            self._infinite += 1
            return math.nan
        return number

    def lines(self) -> Iterator[str]:
        """What was found that is no number."""
        for column, (count, first) in self._wrong.items():
            yield f"{count:,} values of {column} are no numbers and count as gaps (first: {first})"
        if self._infinite:
            yield f"{self._infinite:,} infinite values count as gaps"
        without, zones = self._zones[""], sorted(filter(None, self._zones))
        zoned = self._zones.total() - without
        if without and zones:
            yield (
                f"{zoned:,} times have a zone, {without:,} have none and are read as UTC; give all "
                "of them one"
            )
        elif zones not in ([], ["UTC"]):
            named = ", ".join(zones[:ZONES])
            yield f"times ({named}) are kept in UTC, and so are the hours and days of a calendar"

    def rows(self, said: list[str]) -> Iterator[Located]:
        """The series."""
        unsorted = repeated = 0
        for name, held in self._held.items():
            times, values, alone, backward, same = _in_order(held, len(self._channels))
            unsorted, repeated = unsorted + backward, repeated + same
            free = {ours: alone[:, place] for place, ours in enumerate(self._layout.alone)}
            row = {"series": name, "times": times, "values": values,
                   "names": "\n".join(self._channels), **free, **held.once}  # fmt: skip
            yield (
                Where(self._layout.place, 0),
                _with_defaults(self._layout.columns, row, len(times)),
            )
        if unsorted:
            said.append(f"{self._layout.place}: {unsorted:,} lines go back in time; sorted")
        if repeated:
            said.append(
                f"{self._layout.place}: {repeated:,} lines have the time of another line of their "
                "series; the last one counts"
            )


def _in_order(held: _Held, channels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, int]:
    """(times, values [time, channels], [time, alone], lines that go back, lines left out)."""
    times = np.array(held.times, "int64")
    values = np.array(held.values, "float32").reshape(len(times), channels)
    alone = np.array(held.alone, "float32").reshape(len(times), -1)
    steps = np.diff(times)
    if len(steps) == 0 or steps.min() > 0:
        return times, values, alone, 0, 0
    order = np.argsort(times, kind="stable")
    last = np.append(np.diff(times[order]) > 0, True)
    kept = order[last]
    return times[kept], values[kept], alone[kept], int((steps < 0).sum()), len(times) - len(kept)


def _with_defaults(columns: Mapping[str, Column], row: Row, steps: int) -> Row:
    for name, column in columns.items():
        if name not in row and column.default is not None:
            row[name] = np.full(steps, column.default, "float32") if column.free else column.default
    return row


def _name_of(value: Any, where: Where, layout: Layout) -> str:
    if _is_missing(value):
        raise UserError(f"{where}: {layout.series}, which names the series, is empty.")
    return str(value)


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip() or value in MISSING or value in ("NA", "?")
    return value is None or value != value  # NaN, NaT


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
