"""Times as people write them: text or numbers to seconds since 1970 (UTC)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from seqapps.errors import UserError

Parse = Callable[[Any], int]
FORMATS = ("%Y-%m", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%d.%m.%Y",
           "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")  # fmt: skip
_ZONE = re.compile(
    r"[T ]\d\d[\d:.]*\s*(Z|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?)$"  # after a time
)
LATEST_SECOND = 2e10  # numbers beyond it, the year 2603, are milliseconds


def parser_of(first: Any, *, where: str, column: str, given: str | None = None) -> Parse:
    """What reads a column of times, by its first value; `given` is a format of strptime's.

    Times without a zone are UTC's. Days whose first number may be the month are not guessed.
    Raises UserError where the first value is no time.

    >>> parser_of("2016-07-01", where="", column="")("2016-07-01 02:00:00+01:00")
    1467334800
    """
    for parse in [_by_format(given)] if given else [_iso, _number, *map(_by_format, FORMATS)]:
        try:
            parse(first)
        except (TypeError, ValueError, OverflowError):
            continue
        return parse
    wanted = f"as {given} says (--time-format)" if given else (
        "such as 2016-07-01 13:00:00 or 2016-07, or seconds since 1970; other forms are told by "
        "--time-format, as '%m/%d/%Y'"
    )  # fmt: skip
    raise UserError(
        f"{where}: {column} is {str(first)[:40]!r}, which is no time; expected {wanted}."
    )


def zone_of(value: Any) -> str:
    """The zone that a time names, as "+02:00"; "UTC" for none off it, "" where it names none.

    >>> zone_of("2016-07-01 02:00:00+0200"), zone_of("2016-07-01T00:00:00Z"), zone_of("1.7.2016")
    ('+02:00', 'UTC', '')
    """
    if isinstance(value, str):
        text = value.rstrip()
        end = text[-6:]
        if not (end.endswith("Z") or "+" in end or "-" in end):  # most are told by this
            return ""
        found = _ZONE.search(text)
        if found is None:
            return ""
        sign, hours, minutes = found["sign"], found["hours"], found["minutes"] or "00"
        return "UTC" if sign is None or hours == minutes == "00" else f"{sign}{hours}:{minutes}"
    offset = value.utcoffset() if isinstance(value, datetime) else None
    if offset is None:
        return ""
    return zone_of(value.isoformat()) if offset else "UTC"


def _iso(value: Any) -> int:
    if isinstance(value, datetime):
        return _seconds(value)
    if isinstance(value, date):
        return _seconds(datetime(value.year, value.month, value.day))
    if len(value) < 8 or (value.isdecimal() and len(value) != 8):
        raise ValueError(value)
    return _seconds(datetime.fromisoformat(value))


def _number(value: Any) -> int:
    number = float(value)
    if not abs(number) < LATEST_SECOND * 1000 or (isinstance(value, str) and len(value) < 8):
        raise ValueError(value)
    return round(number / 1000 if abs(number) > LATEST_SECOND else number)


def _by_format(form: str) -> Parse:
    return lambda value: _seconds(datetime.strptime(value.strip(), form))


def _seconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp())
