"""What the calendar says of steps, as graph code: hour, weekday, day of the year as points on a
circle, so that December lies beside January.

Weekdays and months come from whole days by integer arithmetic alone (the Gregorian calendar without
tables, as in Hinnant's "chrono-compatible low-level date algorithms"), because the stock TF Serving
has no operation for dates.
"""

from __future__ import annotations

import math

import tensorflow as tf

from seqapps.errors import UserError
from seqapps.series.grid import ROWS, SECONDS, parsed

DAY = 86400
YEAR = 365.2425  # days


def size(frequency: str) -> int:
    """How many features a step has. Raises UserError where the frequency has no calendar."""
    return 2 * len(_cycles(frequency))


def features(start: tf.Tensor, count: int, frequency: str) -> tf.Tensor:
    """Sine and cosine of each cycle: int64 seconds [batch] -> float [batch, count, features].

    `start` is the time of the first of `count` steps.
    """
    times = steps(start, count, frequency)  # [batch, count]
    parts = []
    for cycle in _cycles(frequency):
        angle = 2 * math.pi * _share(times, cycle)
        parts += [tf.sin(angle), tf.cos(angle)]
    return tf.stack(parts, axis=-1)


def steps(start: tf.Tensor, count: int, frequency: str) -> tf.Tensor:
    """The times of steps: int64 [batch] -> int64 [batch, count]."""
    number, unit = parsed(frequency)
    later = tf.range(count, dtype=tf.int64)[None] * number
    if unit in SECONDS:
        return start[:, None] + later * SECONDS[unit]
    days, rest = start // DAY, start % DAY
    if unit == "b":
        weekday = (days + 3) % 7  # Monday is 0
        friday = tf.minimum(weekday, 5)  # of a weekend, counting starts with the Monday after it
        first = days + tf.where(weekday > 4, 7 - weekday, 0)
        place = tf.where(friday > 4, tf.zeros_like(friday), friday)
        found = first[:, None] + later + 2 * ((place[:, None] + later) // 5)
    else:
        year, month, day = civil(days)
        months = (year * 12 + month - 1)[:, None] + later
        first = days_of(months // 12, months % 12 + 1)
        last = days_of((months + 1) // 12, (months + 1) % 12 + 1) - 1
        found = tf.minimum(first + day[:, None] - 1, last)
    return found * DAY + rest[:, None]


def civil(days: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Days since 1970 -> (year, month 1 to 12, day 1 to 31), int64 of the same shape."""
    shifted = days + 719468  # since 0000-03-01: leap days end a year
    era = shifted // 146097  # 400 years
    of_era = shifted % 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153  # from March, 0
    day = of_year - (153 * month + 2) // 5 + 1
    month = tf.where(month < 10, month + 3, month - 9)
    return year + era * 400 + tf.cast(month <= 2, tf.int64), month, day


def days_of(year: tf.Tensor, month: tf.Tensor) -> tf.Tensor:
    """The first day of a month -> days since 1970, int64 of the same shape."""
    year = year - tf.cast(month <= 2, tf.int64)
    era, of_era = year // 400, year % 400
    from_march = tf.where(month > 2, month - 3, month + 9)
    of_year = (153 * from_march + 2) // 5
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def _cycles(frequency: str) -> list[str]:
    """The cycles that steps of this frequency move in."""
    if frequency == ROWS:
        raise UserError(
            f"calendar = true: frequency = {ROWS!r} knows no times between observations. Set "
            "calendar = false, or a frequency such as 1d."
        )
    number, unit = parsed(frequency)
    if unit == "mo":
        return ["year"] if number < 12 else []
    if unit == "b":
        return ["week", "year"]
    seconds = number * SECONDS[unit]
    lengths = {"day": DAY, "week": 7 * DAY, "year": 365 * DAY}
    return [cycle for cycle, length in lengths.items() if seconds < length]


def _share(times: tf.Tensor, cycle: str) -> tf.Tensor:
    """How much of the cycle is over, from 0 to 1."""
    if cycle == "day":
        return tf.cast(times % DAY, tf.float32) / DAY
    if cycle == "week":
        return tf.cast((times + 3 * DAY) % (7 * DAY), tf.float32) / (7 * DAY)
    days = times // DAY
    year, _, _ = civil(days)
    within = tf.cast(days - days_of(year, tf.ones_like(year)), tf.float32)
    return (within + tf.cast(times % DAY, tf.float32) / DAY) / YEAR
