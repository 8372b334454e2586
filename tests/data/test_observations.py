"""Tables of observations become series; what is odd in them is mended, counted and told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seqapps.data.load import load, told
from seqapps.data.source import Reading
from seqapps.errors import UserError
from seqapps.series.row import ROW
from seqapps.task import Column


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQAPPS_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def series(request):
    sentiment = request.getfixturevalue("sentiment")
    row = {
        **ROW,
        "anomaly": Column("series", "1 where it is ill", (None,), default=0.0, called=("label",)),
        "fault": Column("text", "what is wrong", default=""),
    }
    return replace(sentiment, inputs=row, targets={}, row=row, refusals=(), samples={})


@pytest.fixture
def table(tmp_path):
    """Write a csv file; its path."""

    def write(text, name="pump.csv"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return str(file)

    return write


def rows_of(data):
    return list(data.everything)


WIDE = "date,a,b\n" + "".join(f"2020-01-{day:02},{day},{day * 10}\n" for day in range(1, 31))


def test_a_wide_table_is_one_series_of_all_its_numbers(series, table):
    (row,) = rows_of(load(series, table(WIDE)))
    assert (row["series"], row["names"], row["fault"]) == ("pump", "a\nb", "")
    assert row["times"][:2].tolist() == [1577836800, 1577923200]
    np.testing.assert_array_equal(row["values"][:, 1], np.arange(1, 31) * 10)
    np.testing.assert_array_equal(row["anomaly"], np.zeros(30))


def test_a_long_table_is_a_series_for_each_name(series, table):
    text = "when,who,v\n" + "".join(
        f"2020-01-{day:02},{who},{day * k}\n" for day in range(1, 13) for k, who in enumerate("xyz")
    )
    reading = Reading(columns={"times": "when", "series": "who"})
    found = {row["series"]: row for row in rows_of(load(series, table(text), reading))}
    assert list(found) == ["x", "y", "z"]
    np.testing.assert_array_equal(found["z"]["values"][:, 0], np.arange(1, 13) * 2)


def test_each_split_has_its_stretch_with_what_came_before_it(series, table):
    data = load(series, table(WIDE))
    facts = {
        name: [(len(row["times"]), row["first"], row["training"], row["held_out"]) for row in rows]
        for name, rows in data.splits.items()
    }
    assert facts == {
        "train": [(24, 0, 24, False)], "valid": [(27, 24, 24, True)], "test": [(30, 27, 24, True)],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shares", "ends"), [((0.5, 0.25, 0.25), (15, 22, 30)), ((11.0, 7.0, 5.0), (11, 18, 23))]
)
def test_shares_and_steps_say_where_it_is_cut(series, table, shares, ends):
    data = load(series, table(WIDE), Reading(shares=shares))
    assert tuple(len(rows[0]["times"]) for rows in data.splits.values()) == ends


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.5, 0.5, 0.5), (10.0, 0.0, 5.0), (7.5, 3.0, 2.0)])
def test_shares_that_are_none_are_told(series, table, shares):
    with pytest.raises(UserError, match=r"--shares .* as 0.8,0.1,0.1"):
        load(series, table(WIDE), Reading(shares=shares))


def test_files_of_a_folder_are_series_called_by_their_place(series, table, tmp_path):
    for name in ("runs/1.csv", "runs/deep/2.csv"):
        table(WIDE, name)
    data = load(series, str(tmp_path / "runs"))
    assert [row["series"] for row in rows_of(data)] == ["1", "deep/2"]


def test_unsorted_and_repeated_times_are_mended_and_told(series, table):
    lines = WIDE.splitlines()
    lines[3], lines[4] = lines[4], lines[3]
    lines.append("2020-01-07,700,7000")
    data = load(series, table("\n".join(lines)))
    (row,) = rows_of(data)
    assert len(row["times"]) == 30
    assert (np.diff(row["times"]) == 86400).all()
    assert row["values"][[2, 3, 6], 0].tolist() == [3, 4, 700]  # the last one counts
    said = "\n".join(told(data))
    assert "2 lines go back in time; sorted" in said
    assert "1 lines have the time of another line" in said


@pytest.mark.parametrize(
    ("zones", "says"),
    [
        (["+02:00", "+01:00"], "t.csv: times (+01:00, +02:00) are kept in UTC, and so are the"),
        (["Z", "+01:00", ""], "t.csv: 20 times have a zone, 10 have none and are read as UTC"),
        (["Z", "+00:00"], None),
        ([""], None),
    ],
)
def test_zones_of_times_are_told_where_they_matter(series, table, zones, says):
    lines = [
        f"2020-01-{1 + step:02} 12:00:00{zones[step % len(zones)]},{step}" for step in range(30)
    ]
    said = "\n".join(told(load(series, table("\n".join(["date,a", *lines]), "t.csv"))))
    assert says in said if says else "UTC" not in said


def test_what_is_no_number_is_a_gap_and_told(series, table):
    text = "date,a\n" + "".join(f"{1950 + n // 12}-{n % 12 + 1:02},{n}\n" for n in range(1100))
    text = text.replace(",3\n", ",\n").replace(",1050\n", ",broken\n").replace(",7\n", ",inf\n")
    data = load(series, table(text))
    (row,) = rows_of(data)
    assert np.flatnonzero(np.isnan(row["values"][:, 0])).tolist() == [3, 7, 1050]
    said = "\n".join(told(data))
    assert "1 values of a are no numbers and count as gaps (first: 'broken' in row 1051)" in said
    assert "1 infinite values count as gaps" in said


def test_columns_of_text_are_left_out_and_told(series, table):
    text = WIDE.replace("\n", ",NE\n").replace("date,a,b,NE", "date,a,b,wind")
    data = load(series, table(text))
    assert rows_of(data)[0]["names"] == "a\nb"
    assert "left out, as they hold text: wind" in "\n".join(told(data))


def test_a_table_without_numbers_is_refused(series, table):
    with pytest.raises(UserError, match=r"no column of numbers beside date; found wind"):
        load(series, table("date,wind\n2020-01-01,NE\n2020-01-02,SW\n"))


def test_without_times_it_says_what_to_do(series, table):
    text = WIDE.replace("date", "x")
    with pytest.raises(UserError, match=r"no column of times among x, a, b\. Name it with --time"):
        load(series, table(text))
    (row,) = rows_of(load(series, table(WIDE), Reading(columns={"times": "none"})))
    assert row["times"].tolist() == list(range(30))


def test_a_wrong_name_gets_the_nearest(series, table):
    with pytest.raises(UserError, match=r"no column 'dat'. Did you mean 'date'"):
        load(series, table(WIDE), Reading(columns={"times": "dat"}))


@pytest.mark.parametrize(
    ("first", "form"),
    [("01/02/2020", None), ("yesterday", None), ("2020-01-01", "%d.%m.%Y"), ("7", None)],
)
def test_what_is_no_time_is_told_with_its_row(series, table, first, form):
    with pytest.raises(UserError, match=r"pump.csv, row 1: date is .*, which is no time"):
        load(series, table(f"date,a\n{first},1\n"), Reading(time_format=form))


def test_a_later_time_of_another_form_is_told_with_its_row(series, table):
    with pytest.raises(UserError, match=r"pump.csv, row 3: date is '03/01/2020'"):
        load(series, table("date,a\n2020-01-01,1\n2020-01-02,1\n03/01/2020,1\n"))


def test_labels_of_steps_and_of_series_are_read(series, table):
    text = WIDE.replace("date,a,b", "date,a,label,fault").replace("0\n", "1,leak\n")
    text = "\n".join(f"{line},leak" if n else "date,a,label,fault" for n, line in
                     enumerate(WIDE.splitlines()))  # fmt: skip
    (row,) = rows_of(load(series, table(text)))
    assert row["names"] == "a"
    np.testing.assert_array_equal(row["anomaly"], np.arange(1, 31) * 10)
    assert row["fault"] == "leak"


def test_a_data_frame_reads_as_its_file_does(series, table):
    text = "date,a,b\n" + "".join(f"2020-01-{day:02},{day},{day * 0.1}\n" for day in range(1, 31))
    frame = pd.read_csv(table(text), parse_dates=["date"])
    (given,) = rows_of(load(series, frame))
    (read,) = rows_of(load(series, table(text)))
    assert given["names"] == read["names"]
    np.testing.assert_array_equal(given["times"], read["times"])
    np.testing.assert_array_equal(given["values"], read["values"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"times": np.array([0, 5, 5])}, "times do not ascend at step 3"),
        ({"times": np.arange(4)}, "as many steps as its times"),
        ({"values": np.full([3, 1], np.inf)}, "values holds infinity"),
    ],
)
def test_series_from_python_that_cannot_be_are_refused(series, change, why):
    row = {"series": "a", "times": np.arange(3), "values": np.ones([3, 1]), "names": "x"}
    with pytest.raises(UserError, match=why):
        load(series, [row | change])


def test_factors_are_joined_as_they_were_known(series, table):
    weather = table("day,rain\n2019-12-31,9\n2020-01-02,2\n2020-01-03,3\n2020-01-20,20\n", "w.csv")
    reading = Reading(factors=Path(weather), factors_lag=1)
    (row,) = rows_of(load(series, table(WIDE), reading))
    assert row["names"] == "a\nb\nrain"
    rain = row["values"][:, 2]
    assert rain[:5].tolist() == [9, 9, 2, 3, 3]
    assert rain[19:21].tolist() == [3, 20]


HOURLY = "date,a\n" + "".join(
    f"2020-01-{1 + hour // 24:02} {hour % 24:02}:00,{hour}\n" for hour in range(24 * 12)
)


@pytest.mark.parametrize(
    ("lag", "days", "first"),
    [
        (1, range(1, 10), [None, 1, 2]),  # the second day's hours know the first day's value
        (2, range(1, 10), [None, None, 1, 2]),
        (0, range(1, 10), [1, 2, 3]),
        (1, [1, 2, 3, 6, 7, 8, 9, 10], [None, 1, 2, 3, 3, 3, 6, 7]),  # of business days
        (1, [2, 5, 7], [None, None, 2, 2, 2, 5, 5, 7]),
        (1, [4], [None, None, None, None, 4]),
    ],
)
def test_hours_know_of_days_that_are_over(series, table, lag, days, first):
    """A count of a day is not known before the day ends, whatever the steps of the series."""
    news = table("day,count\n" + "".join(f"2020-01-{day:02},{day}\n" for day in days), "n.csv")
    (row,) = rows_of(load(series, table(HOURLY), Reading(factors=Path(news), factors_lag=lag)))
    known = row["values"][:, 1].reshape(12, 24)
    expected = np.repeat(np.array(first, "float32")[:, None], 24, axis=1)
    np.testing.assert_array_equal(known[: len(first)], expected)


def test_hours_know_of_months_that_are_over(series, table):
    months = table("month,rate\n2019-10,10\n2019-11,11\n2019-12,12\n2020-01,1\n", "m.csv")
    (row,) = rows_of(load(series, table(HOURLY), Reading(factors=Path(months))))
    assert {*row["values"][:, 1]} == {12}


def test_days_know_of_their_last_hour_before(series, table):
    hours = table(HOURLY.replace("date,a", "date,heat"), "h.csv")
    (row,) = rows_of(load(series, table(WIDE), Reading(factors=Path(hours))))
    assert row["values"][1:4, 2].tolist() == [23, 47, 71]


def test_the_factors_table_is_read_and_told_as_the_series_are(series, table):
    plant = "when,a\n" + "".join(f"1/{day}/2020,{day}\n" for day in range(1, 31))
    text = "date,when,x,note\n" + "".join(f"old,1/{n}/2020,{n},dry\n" for n in (2, 1, 3, 3))
    news = table(text + "old,1/4/2020,inf,wet\n", "n.csv")
    reading = Reading(columns={"times": "when"}, time_format="%m/%d/%Y", factors=Path(news))
    data = load(series, table(plant), reading)
    (row,) = rows_of(data)
    assert row["names"] == "a\nx"
    np.testing.assert_array_equal(row["values"][:5, 1], [np.nan, 1, 2, 3, np.nan])
    said = "\n".join(told(data))
    for line in (
        "n.csv: left out, as they hold text: date, note",
        "n.csv: 1 infinite values count as gaps",
        "n.csv: 1 lines go back in time; sorted",
        "n.csv: 1 lines have the time of another line of their series; the last one counts",
        "n.csv: steps of 1d; a value is joined from one such step after its time on",
    ):
        assert line in said


def test_a_factors_table_may_have_times_of_another_name_and_form(series, table):
    plant = "when,a\n" + "".join(f"1/{day}/2020,{day}\n" for day in range(1, 31))
    news = table("day,x\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n", "n.csv")
    reading = Reading(columns={"times": "when"}, time_format="%m/%d/%Y", factors=Path(news))
    (row,) = rows_of(load(series, table(plant), reading))
    assert row["values"][1:4, 1].tolist() == [1, 2, 3]


def test_a_factor_of_the_same_name_is_refused(series, table):
    reading = Reading(factors=Path(table("date,b\n2020-01-01,1\n", "f.csv")))
    with pytest.raises(UserError, match=r"--factors f.csv: 'b' is a column of pump.csv as well"):
        load(series, table(WIDE), reading)
