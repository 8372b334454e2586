"""When a series is observed: its frequency, and its steps on a regular grid.

A frequency is a text: "rows" (each observation is a step, whatever its time says), or a number and
a unit: "15min", "1h", "7d", "1b" (business days, Monday to Friday), "3mo" (calendar months).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqapps.errors import UserError
from seqapps.task import Row

ROWS = "rows"
SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
UNITS = (*SECONDS, "b", "mo")
DAY = 86400
OFF_GRID = 0.01  # of the observations, at most, for a frequency to be that of a series
HOLE = 10  # usual steps, of a series without a frequency, that are a hole in it
MOST_EMPTY = 0.9  # share of steps without observation, beyond which a grid is the wrong one


@dataclass(frozen=True)
class Grid:
    """A series on the steps of a frequency, and what was found on the way."""

    times: np.ndarray  # int64 [time]
    place: np.ndarray | None  # int64 [time], of the observation at each step, or -1; None: as given
    gaps: int  # steps without observation
    moved: int  # observations that lay between two steps
    dropped: int  # observations that share a step with a later one


def frequency_of(times: np.ndarray) -> str:
    """The most likely frequency of ascending times [time]; "rows" where there is none.

    Steps that are numbered from 0, as `--time none` has them, have no time.

    >>> frequency_of(np.arange(7) * 3600)
    '1h'
    """
    if len(times) < 3:
        return ROWS
    steps = np.diff(times)
    if times[0] == 0 and (steps == 1).all():
        return ROWS
    month = _months(times)
    if _is_monthly(times):
        return f"{int(np.gcd.reduce(np.diff(month)))}mo"
    if (times % DAY == times[0] % DAY).all():
        weekday = (times // DAY + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
        days = np.unique(weekday)
        # A weekly series has one weekday, one of business days at least three.
        if len(days) >= 3 and days.max() <= 4 and np.median(steps) == DAY:
            return "1b"
    values, counts = np.unique(steps, return_counts=True)
    step = int(values[counts.argmax()])
    off = (times - times[0]) % step
    if np.minimum(off, step - off).max(initial=0) > step / 4 and (
        (np.minimum(off, step - off) > 0).mean() > OFF_GRID
    ):
        return ROWS
    if (times[-1] - times[0]) / step > len(times) / (1 - MOST_EMPTY):
        return ROWS
    return _named(step)


def resolution_of(times: np.ndarray) -> str:
    """The frequency of ascending times [time]; where there is none what they are all told to.

    That is a day for single days without an order, and a minute for moments without seconds.

    >>> resolution_of(np.array([0, 3, 17, 18]) * DAY)
    '1d'
    """
    found = frequency_of(times)
    return _named(int(np.gcd.reduce(np.diff(times), initial=DAY))) if found == ROWS else found


def common_frequency(rows: Sequence[Row], *, needed: int) -> str:
    """The frequency of the longest of these series.

    Raises UserError where another one, long enough for a window of `needed` steps, has other steps.
    """
    longest = max(rows, key=lambda row: len(row["times"]))  # the one that tells most
    frequency = frequency_of(longest["times"])
    for row in rows:
        own = frequency_of(row["times"]) if len(row["times"]) >= needed else ROWS
        if own not in (ROWS, frequency):
            raise UserError(
                f"frequency = 'auto': the steps of {longest['series']!r} are {frequency}, those of "
                f"{row['series']!r} {own}; a model has one frequency. Leave out series of other "
                "steps, or set frequency: steps without an observation are gaps then, and of "
                "several in one step the last one counts."
            )
    return frequency


def holes_of(times: np.ndarray) -> tuple[int, int]:
    """(how often ascending times [time] go on by more than a step, the longest of it in seconds).

    >>> holes_of(np.array([0, 1, 2, 3, 9, 10, 11, 12]) * DAY)
    (1, 518400)
    """
    if len(times) < 3:
        return 0, 0
    own, steps = frequency_of(times), np.diff(times)
    far = steps > HOLE * np.median(steps) if own == ROWS else np.diff(_positions(times, own)[0]) > 1
    return int(far.sum()), int(steps[far].max(initial=0))


def check_frequency(frequency: str) -> str:
    """The frequency itself. Raises UserError where it is none.

    >>> check_frequency("15min")
    '15min'
    """
    if frequency != ROWS:
        parsed(frequency)
    return frequency


def on_grid(times: np.ndarray, frequency: str) -> Grid:
    """The regular steps from the first observation to the last one.

    An observation between two steps counts for the nearer one; of several at a step the last one
    counts. Raises UserError where the grid would be nearly empty: another frequency was meant.
    """
    if frequency == ROWS or len(times) < 2:
        return Grid(times, None, 0, 0, 0)
    position, moved = _positions(times, frequency)
    count = int(position[-1]) + 1
    if count > len(times) / (1 - MOST_EMPTY) + 10:
        raise UserError(
            f"frequency = {frequency!r}: of {count:,} steps between the first and the last time "
            f"only {len(times):,} were observed. Set frequency to what the times have, or to "
            f"{ROWS!r}, where each observation is a step."
        )
    if count == len(times) and not moved:
        return Grid(times, None, 0, 0, 0)
    place = np.full(count, -1, "int64")
    place[position] = np.arange(len(times))  # the last one of a step stays
    seen = int((place >= 0).sum())
    return Grid(
        steps_from(int(times[0]), count, frequency), place, count - seen, moved, len(times) - seen
    )


def steps_from(start: int, count: int, frequency: str) -> np.ndarray:
    """The times of `count` steps: int64 [count]; of "rows" the numbers of the steps."""
    steps = np.arange(count, dtype="int64")
    return start + steps if frequency == ROWS else later(np.array(start), steps, frequency)


def later(times: np.ndarray, steps: np.ndarray | int, frequency: str) -> np.ndarray:
    """Times, each so many steps of a frequency later; both are broadcast.

    >>> later(np.array([0, DAY]), 2, "1h")
    array([ 7200, 93600])
    """
    number, unit = parsed(frequency)
    steps = np.asarray(steps, "int64") * number
    if unit in SECONDS:
        return np.asarray(times + steps * SECONDS[unit])
    days = (times // DAY).astype("datetime64[D]")
    if unit == "b":
        found = np.busday_offset(days, steps, roll="forward")
    else:
        month = days.astype("datetime64[M]")
        first = (month + steps).astype("datetime64[D]")
        last = (month + steps + 1).astype("datetime64[D]") - 1
        # The 31st of a month that has 30 days is its last one.
        found = np.minimum(first + (days - month.astype("datetime64[D]")), last)
    return np.asarray(found.astype("int64") * DAY + times % DAY)


def _positions(times: np.ndarray, frequency: str) -> tuple[np.ndarray, int]:
    """(the step of each observation, how many lie between two steps)."""
    number, unit = parsed(frequency)
    if unit == "mo":
        month = _months(times) - _months(times[:1])
        return month // number, int((month % number != 0).sum())
    if unit == "b":
        days = times // DAY
        first = np.datetime64(int(days[0]), "D")
        found = np.busday_count(first, days.astype("datetime64[D]"))
        weekend = int((((days + 3) % 7) > 4).sum())
        return np.maximum(found, 0) // number, weekend
    size = number * SECONDS[unit]
    away = times - times[0]
    return (away + size // 2) // size, int((away % size != 0).sum())


def _months(times: np.ndarray) -> np.ndarray:
    return np.asarray(times.astype("datetime64[s]").astype("datetime64[M]").astype("int64"))


def _is_monthly(times: np.ndarray) -> bool:
    """Whether all times are the same day of different months, or all the last day of one."""
    days = times.astype("datetime64[s]").astype("datetime64[D]")
    month = days.astype("datetime64[M]")
    day = (days - month.astype("datetime64[D]")).astype("int64")
    last = (month + 1).astype("datetime64[D]") - 1 == days
    return bool((np.diff(_months(times)) > 0).all() and ((day == day[0]).all() or last.all()))


def _named(step: int) -> str:
    """Seconds as the largest unit of which they are a multiple."""
    for unit in ("d", "h", "min"):
        if step % SECONDS[unit] == 0:
            return f"{step // SECONDS[unit]}{unit}"
    return f"{step}s"


def seconds_of(frequency: str) -> int | None:
    """How long a step lasts; None where steps are not all as long: rows, business days, months.

    >>> seconds_of("15min")
    900
    """
    if frequency == ROWS:
        return None
    number, unit = parsed(frequency)
    return number * SECONDS[unit] if unit in SECONDS else None


def parsed(frequency: str) -> tuple[int, str]:
    """Number and unit. Raises UserError where it is no frequency, or "rows".

    >>> parsed("15min")
    (15, 'min')
    """
    found = re.fullmatch(r"(\d*)(s|min|h|d|b|mo)", frequency)
    if not found or found[1] == "0":
        raise UserError(
            f"frequency = {frequency!r}: expected a number and one of {', '.join(UNITS)}, such as "
            f"15min, 1h, 7d, 1b (business days), 1mo, or {ROWS!r}, where each observation is a "
            "step."
        )
    return int(found[1] or 1), found[2]
