"""Lines of text to observations of sensors, as they come: csv with a header, or JSON objects.

What comes from a machine for months has bad lines in it. A value that is no number is a gap, a
line that tells nothing is refused with its reason, and whoever reads goes on with the next one.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqapps.data import moments
from seqapps.data.observations import NO_TIMES
from seqapps.errors import UserError, nearest
from seqapps.series.row import TIMES

SEPARATORS = (",", ";", "\t")
GAPS = ("", "nan", "na", "n/a", "null", "none", "?", "-")
LARGEST = 3.4e38  # of float32; what is larger is infinite for the model
LINES_WITHOUT_TIME = 10  # at the beginning, until it is the user who must tell the form of times


class BadRowError(Exception):
    """A line that is left out; its text is the reason."""


@dataclass(frozen=True)
class Observation:
    """What one line tells."""

    values: Sequence[float]  # of each channel; NaN: nothing
    time: int | None = None  # seconds since 1970 (UTC); None: lines are steps
    shown: str = ""  # the time as the line has it
    wrong: Sequence[str] = ()  # values that are no numbers, for people


class Lines:
    """Reads the lines of one stream, one after the other."""

    def __init__(
        self,
        channels: Sequence[str],
        *,
        place: str,
        time: str | None = None,
        time_format: str | None = None,
    ) -> None:
        self._channels, self._place = channels, place
        self._wanted, self._form = time, time_format
        self._time: str | None = None  # the column of times
        self._header: list[str] | None = None  # of csv
        self._separator = ","
        self._parse: moments.Parse | None = None
        self._without_time = 0
        self.ready = False  # whether it is known which column is what

    @property
    def timed(self) -> bool:
        """Whether there is a column of times."""
        return self._time is not None

    def take(self, line: str) -> Observation | None:
        """What a line tells; None for the header and for blank lines.

        Raises BadRowError for a line that cannot be used, UserError where the stream cannot be: its
        first line names no columns, or lacks one.
        """
        text = line.strip("\r\n")
        if not text.strip():
            return None
        if not self.ready and text.lstrip().startswith("{"):
            self._settle([*_object(text)])
        elif not self.ready:
            self._separator = max(SEPARATORS, key=text.count)
            self._header = self._fields(text)
            self._settle(self._header)
            return None
        row = _object(text) if self._header is None else self._row(text)
        return None if row is None else self._observation(row)

    def _settle(self, names: Sequence[str]) -> None:
        """Which columns are read."""
        missing = [name for name in self._channels if name not in names]
        if missing:
            advice = nearest(missing[0], names) if len(missing) == 1 else ""
            found = ", ".join(name[:30] for name in names[:20])
            raise UserError(
                f"{self._place}: no column {', '.join(map(repr, missing))}; found {found}. "
                f"The model takes {', '.join(self._channels)}; the first line names the columns. "
                f"{advice}".rstrip()
            )
        self._time = self._time_among(names)
        self.ready = True

    def _time_among(self, names: Sequence[str]) -> str | None:
        if self._wanted == NO_TIMES and NO_TIMES not in names:
            return None
        if self._wanted is not None:
            if self._wanted not in names:
                raise UserError(
                    f"{self._place}: no column {self._wanted!r}. {nearest(self._wanted, names)}"
                )
            return self._wanted
        known = ("times", *TIMES.called)
        free = {name.casefold(): name for name in names if name not in self._channels}
        return next((free[name] for name in known if name in free), None)

    def _row(self, text: str) -> Mapping[str, Any] | None:
        """A line of csv by column; None for a header, which a new file has again."""
        fields = self._fields(text)
        if self._header is not None and {*self._channels} <= {*fields}:
            self._header = fields
            return None
        header = self._header or []
        if len(fields) != len(header):
            raise BadRowError(f"{len(fields)} values, but the header names {len(header)} columns")
        return dict(zip(header, fields, strict=True))

    def _fields(self, text: str) -> list[str]:
        try:
            found = next(csv.reader([text], delimiter=self._separator, strict=True))
        except csv.Error as error:
            raise BadRowError(f"not valid csv ({error})") from None
        return [field.strip() for field in found]

    def _observation(self, row: Mapping[str, Any]) -> Observation:
        wrong: list[str] = []
        values = [_number(name, row.get(name), wrong) for name in self._channels]
        if all(map(math.isnan, values)):
            raise BadRowError(wrong[0] if wrong else "no value")
        if self._time is None:
            return Observation(values, wrong=wrong)
        moment = row.get(self._time)
        return Observation(values, self._moment(moment), str(moment), wrong)

    def _moment(self, value: Any) -> int:
        column = self._time or ""
        try:
            if self._parse is None:
                self._parse = moments.parser_of(
                    value, where=self._place, column=column, given=self._form
                )
            return self._parse(value)
        except UserError as error:
            self._without_time += 1
            if self._without_time >= LINES_WITHOUT_TIME:
                raise UserError(
                    f"{error} Where lines are steps that follow one another: --time {NO_TIMES}."
                ) from None
            raise BadRowError(f"{column} is {str(value)[:40]!r}, which is no time") from None
        except (TypeError, ValueError, OverflowError):
            raise BadRowError(f"{column} is {str(value)[:40]!r}, which is no time") from None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRowError("not a JSON object") from None
    if not isinstance(found, dict):
        raise BadRowError("not a JSON object")
    return found


def _number(name: str, value: Any, wrong: list[str]) -> float:
    """The number, or NaN; what is neither a number nor a gap is added to `wrong`."""
    if value is None or (isinstance(value, str) and value.strip().casefold() in GAPS):
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        wrong.append(f"{name} is {str(value)[:30]!r}, which is no number")
        return math.nan
    return number if abs(number) <= LARGEST else math.nan
