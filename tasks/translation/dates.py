"""Rows of the samples of dates: as people write them, into ISO 8601.

All of it lies in this file, as a sample's rows are kept until the file of its functions changes.
Babel is imported where it is used: tasks import this module, and listing tasks must be instant.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from seqapps.task import Row

# Twelve languages in Latin, Cyrillic, Korean and Japanese script, day, month or year first.
LOCALES = (
    "en_US", "en_GB", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "ru", "ko", "ja",
)  # fmt: skip
# Danish is near to Swedish and German; Hungarian puts the year first, and has names of its own.
NEW_LOCALES = ("da", "hu")
STYLES = ("short", "medium", "long", "full")
SKELETONS = ("yMd", "yMEd", "yMMMd", "yMMMEd", "yMMMMd", "yMMMMEd", "yMEEEEd", "yMMMEEEEd")
FIRST_YEAR, YEARS = 1950, 100  # so that two digits of a year mean one year
COUNT = 40_000  # eight epochs of them make a small recurrent model with attention 0.99 right
COUNT_OF_NEW = 2_000

DIGITS = re.compile(r"\d+")
SPACE = re.compile(r"[\u00a0\u2009\u202f]")  # typographers' spaces, which nobody types


@dataclass(frozen=True)
class Part:
    """A place in a format and what stands there, by the number that a date has for it."""

    of: str  # "year" since 1950, "month", "day", "weekday"; "" for what is the same in all dates
    texts: tuple[str, ...]


Format = tuple[Part, ...]


def dates() -> Iterator[Row]:
    """{"source": "3. März 1999", "target": "1999-03-03", "locale": "de"}: 40,000 different sources.

    The short, medium, long and full formats of CLDR and those of some skeletons, with and without
    the weekday; one in five in lower case, one in ten each in capitals or with a capital first.

    A text that may be read as two dates by the formats of all these locales together, such as
    3/4/1999, is left out: nobody could tell which is meant. Neither case nor zeros in front count
    there, as people write them as they like, nor the weekday, as nobody works it out. `locale` is
    where it was written, although people elsewhere may write the same.
    """
    drawn = random.Random("dates")
    days = [date(FIRST_YEAR, 1, 1) + timedelta(number) for number in range(365 * YEARS + 25)]
    seen: set[str] = set()
    while len(seen) < COUNT:
        day, locale = drawn.choice(days), drawn.choice(LOCALES)
        text = _written(day, locale, drawn)
        if text not in seen and readings(text, LOCALES) == {day}:
            seen.add(text)
            yield {"source": text, "target": day.isoformat(), "locale": locale}


def dates_of_new_locales() -> Iterator[Row]:
    """As `dates`, in two locales of which it has no row: 1,000 rows each of dates of its test.

    What a locale of `dates` writes in the same way, such as 03.03.1999, is left out.
    """
    drawn = random.Random("new locales")
    days = sorted({date.fromisoformat(row["target"]) for row in _of_split("test")})
    seen: set[str] = set()
    while len(seen) < COUNT_OF_NEW:
        day, locale = drawn.choice(days), NEW_LOCALES[len(seen) % 2]
        text = _written(day, locale, drawn)
        known = readings(text, LOCALES)
        if text not in seen and not known and readings(text, NEW_LOCALES) == {day}:
            seen.add(text)
            yield {"source": text, "target": day.isoformat(), "locale": locale}


def dates_of_train() -> Iterator[Row]:
    """The rows of `dates` that its train split has."""
    return _of_split("train")


def dates_of_valid() -> Iterator[Row]:
    """The rows of `dates` that its validation split has."""
    return _of_split("valid")


def readings(text: str, locales: tuple[str, ...]) -> set[date]:
    """All dates that the formats of these locales write so, whatever case, zeros and weekday.

    "3/4/99" is the 4th of March in the United States and the 3rd of April in Spain.
    """
    found = set()
    numbers = DIGITS.findall(text)
    for order, named in _shapes(locales).get(_shape(text), ()):
        read = dict(zip(order, numbers, strict=True))
        year = read.get("year") or read["short year"]
        if len(year) == (4 if "year" in read else 2):
            found |= _dates(int(year), int(read.get("month", named)), int(read["day"]))
    return found


@cache
def formats(locale: str) -> tuple[Format, ...]:
    """The different formats of a locale, as CLDR has them."""
    from babel import Locale

    known = Locale.parse(locale)
    patterns = [known.date_formats[style].pattern for style in STYLES]
    patterns += [
        known.datetime_skeletons[name].pattern
        for name in SKELETONS
        if name in known.datetime_skeletons
    ]
    return tuple(_parts(pattern, known) for pattern in dict.fromkeys(patterns))


def text_of(format_: Format, *, year: int, month: int, day: int, weekday: int) -> str:
    """A date in this format; weekdays count from Monday, 0."""
    return "".join(pieces_of(format_, year=year, month=month, day=day, weekday=weekday))


def pieces_of(format_: Format, *, year: int, month: int, day: int, weekday: int) -> list[str]:
    """What stands at each place of the format; together that is the date's text."""
    numbers = {"": 0, "year": year - FIRST_YEAR, "month": month, "day": day, "weekday": weekday}
    return [part.texts[numbers[part.of]] for part in format_]


def _written(day: date, locale: str, drawn: random.Random) -> str:
    text = text_of(
        drawn.choice(formats(locale)),
        year=day.year, month=day.month, day=day.day, weekday=day.weekday(),
    )  # fmt: skip
    chance = drawn.random()
    if chance < 0.2:
        return text.lower()
    if chance < 0.3:
        return text.upper()
    return text[0].upper() + text[1:] if chance < 0.4 else text


def _of_split(split: str) -> Iterator[Row]:
    """The rows of `dates` that the core puts into this split by their target."""
    from seqapps.data.splits import bucket_of, hashed, key_of

    for row in dates():
        bucket = bucket_of(hashed(key_of(row, columns=["target"])))
        if {8: "valid", 9: "test"}.get(bucket, "train") == split:
            yield row


def _parts(pattern: str, locale: Any) -> Format:
    from babel.dates import tokenize_pattern

    found: list[Part] = []
    for _, value in tokenize_pattern(pattern):
        found += [_text(value)] if isinstance(value, str) else _field(*value, locale)
    return tuple(found)


def _text(text: str) -> Part:
    return Part("", (SPACE.sub(" ", text),))


def _field(symbol: str, count: int, locale: Any) -> list[Part]:
    """What a field of CLDR writes: "MMM" is a month's short name, "dd" a day in two digits."""
    context = "stand-alone" if symbol in "Lc" else "format"
    width = "wide" if count == 4 else "abbreviated"
    if symbol == "y":
        years = map(str, range(FIRST_YEAR, FIRST_YEAR + YEARS))
        return [Part("year", tuple(year[-2:] if count == 2 else year for year in years))]
    if symbol in "Ec":
        names = locale.days[context][width]
        return [Part("weekday", tuple(names[weekday] for weekday in range(7)))]
    if symbol == "d":
        return [Part("day", tuple(str(day).zfill(count) for day in range(32)))]
    numbers = tuple(str(month).zfill(count) for month in range(13))
    if count <= 2:
        return [Part("month", numbers)]
    names = ["", *(locale.months[context][width][month] for month in range(1, 13))]
    suffix = names[1].removeprefix("1")
    if suffix != names[1]:  # months that are numbers, such as 3월
        return [Part("month", tuple(map(str, range(13)))), _text(suffix)]
    return [Part("month", tuple(names))]


@cache
def _shapes(locales: tuple[str, ...]) -> dict[str, set[tuple[tuple[str, ...], int]]]:
    """Texts with each number a 0 -> (what the numbers are in order, the month that is named)."""
    found = defaultdict(set)
    for format_ in (each for locale in locales for each in formats(locale)):
        numbers = [part for part in format_ if part.texts[-1].isdigit()]
        order = tuple("short year" if part.texts[0] == "50" else part.of for part in numbers)
        for month in range(1, 13):
            for weekday in range(7):
                text = text_of(format_, year=FIRST_YEAR, month=month, day=1, weekday=weekday)
                found[_shape(text)].add((order, 0 if "month" in order else month))
    return dict(found)


def _shape(text: str) -> str:
    return DIGITS.sub("0", text.casefold())


def _dates(year: int, month: int, day: int) -> set[date]:
    """The date, if there is one; a year of two digits is one of those that are written."""
    if year < 100:
        year += 1900 if year >= FIRST_YEAR % 100 else 2000
    try:
        return {date(year, month, day)}
    except ValueError:
        return set()
