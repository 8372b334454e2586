"""Times as people write them are the seconds that they mean."""

import datetime as dt

import pytest

from seqapps.data.moments import parser_of, zone_of


def seconds(*parts):
    return int(dt.datetime(*parts, tzinfo=dt.UTC).timestamp())


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("2016-07-01 02:00:00", seconds(2016, 7, 1, 2)),
        ("2016-07-01", seconds(2016, 7, 1)),
        ("20160701", seconds(2016, 7, 1)),
        ("2016-07", seconds(2016, 7, 1)),
        ("1749-01", seconds(1749, 1, 1)),
        ("2016-07-01T02:00:00Z", seconds(2016, 7, 1, 2)),
        ("2016-07-01T02:00:00+05:30", seconds(2016, 6, 30, 20, 30)),
        ("2016/07/01 02:03", seconds(2016, 7, 1, 2, 3)),
        ("31.12.2016", seconds(2016, 12, 31)),
        (1467331200, seconds(2016, 7, 1)),
        ("1467331200", seconds(2016, 7, 1)),
        ("1467331200000", seconds(2016, 7, 1)),
        (dt.datetime(2016, 7, 1, 2), seconds(2016, 7, 1, 2)),
        (dt.date(2016, 7, 1), seconds(2016, 7, 1)),
    ],
)
def test_common_forms(given, wanted):
    assert parser_of(given, where="", column="")(given) == wanted


def test_a_form_that_is_told_is_taken_at_its_word():
    parse = parser_of("07/01/2016", where="", column="", given="%m/%d/%Y")
    assert parse("12/31/2016") == seconds(2016, 12, 31)


@pytest.mark.parametrize(
    ("given", "zone"),
    [
        ("2016-07-01 02:00:00+0200", "+02:00"),
        ("2016-07-01T02:00-05", "-05:00"),
        ("2016-07-01T02:00:00.25+05:30", "+05:30"),
        ("20160701T020000Z", "UTC"),
        ("2016-07-01 02:00:00 +00:00", "UTC"),
        ("2016-07-01 02:00:00", ""),
        ("2016-07-01", ""),
        ("2016-07", ""),
        ("1467331200", ""),
        (1467331200, ""),
        (dt.date(2016, 7, 1), ""),
        (dt.datetime(2016, 7, 1), ""),
        (dt.datetime(2016, 7, 1, tzinfo=dt.UTC), "UTC"),
        (dt.datetime(2016, 7, 1, tzinfo=dt.timezone(dt.timedelta(hours=-3))), "-03:00"),
    ],
)
def test_the_zone_that_a_time_names(given, zone):
    assert zone_of(given) == zone
