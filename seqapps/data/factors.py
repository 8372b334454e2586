"""Further columns from another table, joined to every series by time: news, weather, an index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqapps.data import observations, tables
from seqapps.data.opening import Table, check_regular, digest_of_files
from seqapps.data.source import Reading
from seqapps.data.tables import Located
from seqapps.errors import UserError
from seqapps.series.row import ROW
from seqapps.task import Row


@dataclass(frozen=True)
class Factors:
    """A table of factors; a series gets of each what was known `lag` of its own steps before."""

    file: Table
    lag: int
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
        place = np.searchsorted(self.row["times"], times, side="right") - 1
        found = self.row["values"][np.maximum(place, 0)].copy()
        found[place < 0] = np.nan
        late: np.ndarray = np.full_like(found, np.nan)
        late[self.lag :] = found[: len(found) - self.lag]
        return late

    def digest(self, of_series: str) -> str:
        """A digest of the series' files and of this one."""
        own = digest_of_files(self.file.path.parent, [self.file.path])
        return hashlib.sha256(f"{of_series} {own}".encode()).hexdigest()


def read(reading: Reading) -> Factors:
    """The table that `reading.factors` names. Raises UserError where it is none of one series."""
    path = Path(str(reading.factors))
    given = f"--factors {path}"
    if reading.factors_lag < 0:
        raise UserError(f"--factors-lag {reading.factors_lag}: expected 0 or more steps.")
    if not path.is_file() or not tables.is_table(path):
        raise UserError(f"{given}: no such table; expected .csv, .tsv, .jsonl or .parquet.")
    check_regular(path, given=given)
    file = Table(path, path.name, reading.encoding)
    layout = observations.layout_of(ROW, Reading(), tables.columns_of(file), place=file.name)
    lines = tables.located(file, {name: name for name in layout.read}, advice=lambda *_: "")
    found = [row for _, row in observations.gathered(lines, layout, name="factors", said=[])]
    if not found:
        raise UserError(f"{given}: no rows; expected a header line and rows.")
    if len(found) > 1:
        names = ", ".join(repr(row["series"]) for row in found[:5])
        raise UserError(
            f"{given}: {len(found):,} series by the column {layout.series} ({names}); expected one "
            "line for each time, with a column for each factor."
        )
    return Factors(file, reading.factors_lag, found[0])
