"""Lines as machines write them: what can be used is, and what cannot is told and left out."""

import math

import pytest

from seqapps.errors import UserError
from seqapps.series.lines import BadRowError, Lines

DAY = 86400


def lines(**options):
    return Lines(("flow", "heat"), place="log.csv", **options)


def values(reader, *texts):
    """The values of each line that holds some; None for a gap."""
    found = [reader.take(text) for text in texts]
    return [[None if math.isnan(value) else value for value in one.values] for one in found if one]


def refused(reader, text):
    with pytest.raises(BadRowError) as error:
        reader.take(text)
    return str(error.value)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_columns_are_found_by_name_whatever_separates_them(separator):
    texts = ["heat,other,flow", "1,x,2", "", "3,y,4"]
    assert values(lines(), *(text.replace(",", separator) for text in texts)) == [[2, 1], [4, 3]]


def test_objects_are_read_as_well():
    reader = lines()
    assert values(reader, '{"heat": 1, "flow": "2.5", "x": []}', '{"flow": 3}') == [
        [2.5, 1], [3, None],
    ]  # fmt: skip
    assert "not a JSON object" in refused(reader, '{"flow": 3')
    assert "not a JSON object" in refused(reader, "[3, 4]")


@pytest.mark.parametrize("gap", ["", " ", "NaN", "null", "inf", "-Infinity", "1e300", "?"])
def test_a_gap_is_no_mistake(gap):
    reader = lines()
    reader.take("flow,heat")
    found = reader.take(f"{gap},7")
    assert math.isnan(found.values[0]) and found.values[1] == 7 and not found.wrong


def test_a_value_that_is_no_number_is_a_gap_and_told():
    reader = lines()
    reader.take("flow,heat")
    found = reader.take("abc,7")
    assert math.isnan(found.values[0])
    assert found.wrong == ["flow is 'abc', which is no number"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2024-01-02,1", "2 values, but the header names 3 columns"),
        ("2024-01-02,1,2,3", "4 values, but the header names 3 columns"),
        ("2024-01-02,,", "no value"),
        ("2024-01-02,abc,", "flow is 'abc', which is no number"),
        ("yesterday,1,2", "time is 'yesterday', which is no time"),
        (",1,2", "time is '', which is no time"),
        ('2024-01-02,"1,2', "not valid csv"),
    ],
)
def test_a_line_that_cannot_be_used_is_refused_with_the_reason(line, reason):
    reader = lines()
    values(reader, "time,flow,heat", "2024-01-01,1,2")
    assert reason in refused(reader, line)
    assert values(reader, "2024-01-03,5,6") == [[5, 6]]


def test_a_header_that_comes_again_counts_from_there():
    reader = lines()
    assert values(reader, "flow,heat", "1,2", "heat,flow", "1,2") == [[1, 2], [2, 1]]


@pytest.mark.parametrize(
    ("options", "header", "line", "time"),
    [
        ({}, "Timestamp,flow,heat", "1970-01-02 00:00:07,1,2", DAY + 7),
        ({"time": "when"}, "flow,when,heat,date", "1,1970-01-03,2,x", 2 * DAY),
        ({"time": "d", "time_format": "%m/%d/%Y"}, "d,flow,heat", "01/02/1970,1,2", DAY),
        ({"time": "none"}, "time,flow,heat", "x,1,2", None),
        ({}, "flow,heat", "1,2", None),
    ],
)
def test_times_are_found_or_named(options, header, line, time):
    reader = lines(**options)
    reader.take(header)
    assert reader.take(line).time == time


def test_the_time_is_shown_as_it_was_given():
    reader = lines()
    reader.take("time,flow,heat")
    assert reader.take("1970-01-02T00:00:07+00:00,1,2").shown == "1970-01-02T00:00:07+00:00"


@pytest.mark.parametrize(
    ("first", "says"),
    [
        ("flow,heatt", "no column 'heat'; found flow, heatt. The model takes flow, heat"),
        ("1.5,2.5", "the first line names the columns"),
        ('{"flow": 1}', "no column 'heat'"),
    ],
)
def test_a_stream_without_the_sensors_is_the_users_mistake(first, says):
    with pytest.raises(UserError, match=r"log\.csv") as error:
        lines().take(first)
    assert says in str(error.value)


def test_a_column_of_times_that_is_not_there_is_the_users_mistake():
    with pytest.raises(UserError, match=r"no column 'tim'\. Did you mean 'time'"):
        lines(time="tim").take("time,flow,heat")


def test_times_that_are_never_understood_are_the_users_mistake():
    reader = lines()
    reader.take("time,flow,heat")
    for _ in range(9):
        refused(reader, "13/12/24,1,2")
    with pytest.raises(UserError, match=r"--time-format.*--time none"):
        reader.take("13/12/24,1,2")
