"""Dates: as Babel writes them, each with one reading only, whole dates in one split."""

import random
import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import islice

import pytest
from babel import Locale
from babel.dates import format_date
from seqapps.tasks.translation import dates as module
from seqapps.tasks.translation.dates import (
    LOCALES,
    NEW_LOCALES,
    SKELETONS,
    STYLES,
    Part,
    dates,
    dates_of_new_locales,
    dates_of_train,
    dates_of_valid,
    formats,
    readings,
    text_of,
)

SOME = [date(1999, 3, 3), date(2000, 2, 29), date(1950, 1, 1), date(2049, 12, 31)]
SOME += [date(1987, 3, 9) + timedelta(31 * number) for number in range(12)]


def written(format_, day):
    return text_of(format_, year=day.year, month=day.month, day=day.day, weekday=day.weekday())


@pytest.fixture(scope="module")
def rows():
    return list(dates())


@pytest.fixture(scope="module")
def new_rows():
    return list(dates_of_new_locales())


@pytest.mark.parametrize("locale", LOCALES + NEW_LOCALES)
def test_dates_are_written_as_babel_writes_them(locale):
    """With plain spaces for the typographers' ones."""
    known = Locale.parse(locale)
    skeletons = [name for name in SKELETONS if name in known.datetime_skeletons]
    for day in SOME:
        expected = {format_date(day, style, locale) for style in STYLES}
        expected |= {known.datetime_skeletons[name].apply(day, known) for name in skeletons}
        expected = {re.sub("[\u00a0\u2009\u202f]", " ", text) for text in expected}
        assert {written(format_, day) for format_ in formats(locale)} == expected


def test_readings_are_all_dates_that_are_written_so():
    """Decided by writing every date of some years, in which two digits may be day, month or year,
    in every format with every weekday, and no zero in front of days and months."""
    days = [date(year, 1, 1) + timedelta(n) for year in (1999, 2001, 2012) for n in range(365)]
    meant = defaultdict(set)
    for format_ in (bare(each) for locale in LOCALES for each in formats(locale)):
        named = any(part.of == "weekday" for part in format_)
        for day in days:
            for weekday in range(7 if named else 1):
                text = text_of(
                    format_, year=day.year, month=day.month, day=day.day, weekday=weekday
                )
                meant[text.casefold()].add(day)
    several = [text for text, dates in meant.items() if len(dates) > 1]
    assert len(several) > 1000
    for text in random.Random(0).sample(several, 503) + random.Random(1).sample(list(meant), 2003):
        found = readings(text.upper(), LOCALES)
        assert {day for day in found if day in days} == meant[text], text


def bare(format_):
    return tuple(
        Part(part.of, tuple(text.lstrip("0") for text in part.texts))
        if part.of in ("day", "month")
        else part
        for part in format_
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3. März 1999", ["1999-03-03"]),
        ("3. MÄRZ 1999", ["1999-03-03"]),
        ("1999년 3월 3일", ["1999-03-03"]),
        ("3/4/99", ["1999-03-04", "1999-04-03"]),  # United States, Spain
        ("03/04/1999", ["1999-03-04", "1999-04-03"]),
        ("13/04/1999", ["1999-04-13"]),
        ("03/04/04", ["2004-03-04", "2004-04-03"]),
        ("03. 4. 5.", ["2003-04-05"]),  # Korea
        ("3.4.99", ["1999-04-03"]),
        ("11/12/1999", ["1999-11-12", "1999-12-11"]),
        ("Fri, 11/12/1999", ["1999-11-12", "1999-12-11"]),  # a Friday and a Saturday
        ("13/14/1999", []),
        ("30 Feb 1999", []),
        ("3. brezna 1999", []),
        ("", []),
    ],
)
def test_readings_by_hand(text, expected):
    assert sorted(day.isoformat() for day in readings(text, LOCALES)) == expected


def test_no_source_may_be_read_as_another_date(rows):
    for row in islice(rows, 0, None, 7):
        assert readings(row["source"], LOCALES) == {date.fromisoformat(row["target"])}


def test_every_source_is_there_once_in_every_locale_about_as_often(rows):
    assert len(rows) == len({row["source"] for row in rows}) == module.COUNT
    counts = Counter(row["locale"] for row in rows)
    assert set(counts) == set(LOCALES)
    assert min(counts.values()) > 0.8 * max(counts.values())


def test_dates_are_the_same_every_time(rows):
    assert list(islice(dates(), 101)) == rows[:101]


def test_sources_are_also_in_small_and_in_capital_letters(rows):
    cased = [row["source"] for row in rows if row["source"].upper() != row["source"].lower()]
    shares = [
        sum(text == change(text) for text in cased) / len(cased)
        for change in (str.lower, str.upper)
    ]
    assert 0.2 < shares[0] < 0.8  # in many languages as they are
    assert 0.08 < shares[1] < 0.15


def test_new_locales_are_tested_on_dates_of_the_test_split_only(rows, new_rows, monkeypatch):
    monkeypatch.setattr(module, "dates", lambda: iter(rows))  # instead of making them twice more
    train, valid = list(dates_of_train()), list(dates_of_valid())
    held = {(row["source"], row["target"]) for row in rows}
    held -= {(row["source"], row["target"]) for row in train + valid}
    assert len(train) + len(valid) + len(held) == len(rows)
    assert 0.75 < len(train) / len(rows) < 0.85
    assert 0.05 < len(valid) / len(rows) < 0.15
    parts = [{row["target"] for row in part} for part in (train, valid)]
    parts.append({target for _, target in held})
    assert len(set.union(*parts)) == sum(map(len, parts))  # no date in two
    assert {row["target"] for row in new_rows} <= parts[2]


def test_new_locales_write_as_no_other_does(new_rows):
    assert Counter(row["locale"] for row in new_rows) == dict.fromkeys(NEW_LOCALES, 1000)
    for row in new_rows:
        assert not readings(row["source"], LOCALES)
        assert readings(row["source"], NEW_LOCALES) == {date.fromisoformat(row["target"])}
