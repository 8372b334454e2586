"""Further columns from another table, joined to every series by time: news, weather, an index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from seqapps.data import moments, observations, tables
from seqapps.data.observations import NO_TIMES, Layout
from seqapps.data.opening import Table, check_regular, digest_of_files
from seqapps.data.source import Reading
from seqapps.data.tables import Located
from seqapps.errors import UserError
from seqapps.series.grid import DAY, later, resolution_of
from seqapps.series.row import ROW
from seqapps.task import Row


@dataclass(frozen=True)
class Factors:
    """A table of factors; a series gets at each step what was known of them by then."""

    file: Table
    known: np.ndarray  # int64 [time], when each line of the table is known
    row: Row

    def to(self, series: Iterable[Located]) -> Iterator[Located]:
        """The same series with the factors as further channels.

        Raises UserError where a factor has the name of a channel.
        """
        names = self.row["names"].split("\n")
        for where, row in series:
            twice = {*names} & {*row["names"].split("\n")}
            if twice:
                raise UserError(
                    f"--factors {self.file.name}: {min(twice)!r} is a column of {where} as well. "
                    "Name it otherwise in one of both."
                )
            values = np.concatenate([row["values"], self._at(row["times"])], axis=1)
            yield where, {**row, "values": values, "names": f"{row['names']}\n{self.row['names']}"}

    def _at(self, times: np.ndarray) -> np.ndarray:
        """What was known of the factors at each step: [time, factors], NaN before the first."""
        place = np.searchsorted(self.known, times, side="right") - 1
        found = self.row["values"][np.maximum(place, 0)].copy()
        found[place < 0] = np.nan
        return np.asarray(found)

    def digest(self, of_series: str) -> str:
        """A digest of the series' files and of this one."""
        own = digest_of_files(self.file.path.parent, [self.file.path])
        return hashlib.sha256(f"{of_series} {own}".encode()).hexdigest()


def read(reading: Reading, said: list[str]) -> Factors:
    """The table that `reading.factors` names; what is found in it is added to `said`.

    Raises UserError where it is no table of one series.
    """
    path = Path(str(reading.factors))
    given = f"--factors {path}"
    if reading.factors_lag < 0:
        raise UserError(f"--factors-lag {reading.factors_lag}: expected 0 or more steps.")
    if not path.is_file() or not tables.is_table(path):
        raise UserError(f"{given}: no such table; expected .csv, .tsv, .jsonl or .parquet.")
    check_regular(path, given=given)
    file = Table(path, path.name, reading.encoding)
    layout = _layout(file, reading)
    lines = tables.located(file, {name: name for name in layout.read}, advice=lambda *_: "")
    first = next(lines, None)
    if first is None:
        raise UserError(f"{given}: no rows; expected a header line and rows.")
    layout = _in_its_own_form(layout, first)
    found = [
        row
        for _, row in observations.gathered(
            chain([first], lines), layout, name="factors", said=said
        )
    ]
    if len(found) > 1:
        names = ", ".join(repr(row["series"]) for row in found[:5])
        raise UserError(
            f"{given}: {len(found):,} series by the column {layout.series} ({names}); expected one "
            "line for each time, with a column for each factor."
        )
    times = found[0]["times"]
    said.append(f"{file.name}: {_when_known(resolution_of(times), reading.factors_lag)}")
    return Factors(file, known_at(times, reading.factors_lag), found[0])


def known_at(times: np.ndarray, lag: int) -> np.ndarray:
    """When the values of ascending times [time] are known: int64 [time].

    A time is that of the beginning of a step, of the table's own size: the value of a day is known
    when the day is over, `lag` 1, or days later. With `lag` 0 it is known at its time.
    """
    step = resolution_of(times)
    if lag and step.endswith("b"):  # Friday's value is known on Saturday
        return later(times, lag - 1, step) + DAY
    return later(times, lag, step)


def _when_known(step: str, lag: int) -> str:
    if lag == 0:
        return "its values are joined from their time on (--factors-lag 0)"
    steps = "one such step" if lag == 1 else f"{lag:,} such steps"
    return f"steps of {step}; a value is joined from {steps} after its time on (--factors-lag)"


def _layout(file: Table, reading: Reading) -> Layout:
    """Which column is what, under the names of the series' own columns where the file has them."""
    names = tables.columns_of(file)
    own = {
        ours: theirs
        for ours, theirs in reading.columns.items()
        if ours in ROW and (theirs in names or theirs == NO_TIMES)
    }
    read_as = Reading(columns=own, time_format=reading.time_format)
    return observations.layout_of(ROW, read_as, names, place=file.name)


def _in_its_own_form(layout: Layout, first: Located) -> Layout:
    """Without the form of the series' times where this table has another one."""
    where, row = first
    if layout.times and layout.time_format:
        try:
            moments.parser_of(
                row[layout.times], where=str(where), column=layout.times, given=layout.time_format
            )
        except UserError:
            return replace(layout, time_format=None)
    return layout
