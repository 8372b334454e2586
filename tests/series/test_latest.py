"""The end of a series as a model is asked: windows, gaps, times and what is known in advance."""

import numpy as np
import pytest

from seqapps.errors import UserError
from seqapps.series.latest import latest_of, series_input
from seqapps.task import Column

HOUR, DAY = 3600, 86400
LOOKBACK, HORIZON = 5, 3
NAN = np.nan


def inputs(*, channels=("load", "wind"), known=(), more=()):
    found = {
        "values": Column("series", "", (LOOKBACK, len(channels)), gaps=True, channels=channels)
    }
    if known:
        found["future"] = Column("series", "", (HORIZON, len(known)), gaps=True, channels=known)
    kinds = {"start": "time", "series": "category"}
    return found | {name: Column(kinds[name], "") for name in more}


def row(times, **channels):
    values = np.array([*channels.values()], "float32").T
    return {"series": "north", "times": np.array(times, "int64"), "values": values,
            "names": "\n".join(channels)}  # fmt: skip


def latest(row, asked=None, *, frequency="1h"):
    return latest_of(row, asked or inputs(), frequency=frequency, place="grid.csv")


def hours(*steps):
    return [step * HOUR for step in steps]


def test_the_last_steps_are_taken_with_the_channels_in_the_models_order():
    steps = range(7)
    one = latest(row(hours(*steps), other=steps, wind=range(10, 17), load=range(20, 27)))
    assert one.case.keys() == {"values"}
    assert one.case["values"].tolist() == [[20 + step, 10 + step] for step in (2, 3, 4, 5, 6)]
    assert (one.times // HOUR).tolist() == [2, 3, 4, 5, 6]
    assert (one.coming(3) // HOUR).tolist() == [7, 8, 9]
    assert one.said == []


def test_steps_without_observation_are_gaps():
    one = latest(row(hours(0, 1, 3, 5), load=[1, 2, 3, 4], wind=[5, 6, 7, 8]))
    np.testing.assert_array_equal(one.case["values"][:, 0], [2, NAN, 3, NAN, 4])
    assert one.said == ["2 steps were not observed"]


def test_a_short_series_has_gaps_in_front_and_that_is_said():
    asked = inputs(more=("start", "series"))
    one = latest(row(hours(10, 11), load=[1, 2], wind=[3, 4]), asked)
    np.testing.assert_array_equal(one.case["values"][:, 1], [NAN, NAN, NAN, 3, 4])
    assert one.case["start"] == 7 * HOUR
    assert one.case["series"] == "north"
    assert one.said == ["2 steps, but the model looks at 5: the first 3 are gaps"]


def test_the_start_is_the_time_of_the_first_step():
    one = latest(row(hours(*range(7)), load=range(7), wind=range(7)), inputs(more=("start",)))
    assert one.case["start"] == 2 * HOUR


def test_steps_at_the_end_without_any_value_are_left_out():
    one = latest(row(hours(*range(7)), load=[*range(6), NAN], wind=[*range(5), NAN, NAN]))
    np.testing.assert_array_equal(one.case["values"][:, 1], [1, 2, 3, 4, NAN])
    assert (one.coming(1) // HOUR).tolist() == [6]
    assert one.said == ["1 steps at the end hold no value and are left out"]


def planned(coming, *, channels=("load", "plan"), steps=6):
    """A series whose plan goes on where the load ends."""
    load = [*range(steps), *[NAN] * len(coming)]
    plan = [*range(100, 100 + steps), *coming]
    asked = inputs(channels=channels, known=("plan",))
    return latest(row(hours(*range(len(load))), load=load, plan=plan), asked)


@pytest.mark.parametrize("channels", [("load", "plan"), ("load",)])
def test_what_is_known_of_the_coming_steps_stands_in_the_rows_after_the_last_value(channels):
    one = planned([7, 8, 9, 10], channels=channels)
    assert one.case["future"].tolist() == [[7], [8], [9]]
    assert one.case["values"][:, 0].tolist() == [1, 2, 3, 4, 5]
    assert (one.coming(3) // HOUR).tolist() == [6, 7, 8]


def test_what_is_known_of_some_coming_steps_only_is_said():
    one = planned([7, NAN])
    np.testing.assert_array_equal(one.case["future"], [[7], [NAN], [NAN]])
    assert one.said == ["plan: unknown at 2 of the 3 coming steps, which are gaps"]


def test_nothing_known_of_the_coming_steps_is_the_users_mistake():
    with pytest.raises(UserError, match=r"grid\.csv: plan must be known for the 3 coming steps"):
        planned([])


def test_missing_channels_are_named_together():
    with pytest.raises(UserError) as error:
        latest(row(hours(0, 1), sun=[1, 2], rain=[3, 4]))
    assert str(error.value) == (
        "grid.csv: no columns of numbers 'load', 'wind'. The model takes load, wind. "
        "Found: sun, rain."
    )


def test_a_series_without_values_is_the_users_mistake():
    with pytest.raises(UserError, match="north: no value of load, wind"):
        latest(row(hours(0, 1), load=[NAN, NAN], wind=[NAN, NAN]))


def days(*texts):
    return np.array(texts, "datetime64[D]").astype("datetime64[s]").astype("int64")


@pytest.mark.parametrize(
    ("frequency", "times", "before", "after"),
    [
        ("7d", ["2024-02-20", "2024-02-27"], ["2024-02-06", "2024-02-13"], ["2024-03-05"]),
        ("1b", ["2024-03-01", "2024-03-04"], ["2024-02-28", "2024-02-29"], ["2024-03-05"]),
        ("1mo", ["2024-02-01", "2024-03-01"], ["2023-12-01", "2024-01-01"], ["2024-04-01"]),
        ("3mo", ["2023-12-31", "2024-03-31"], ["2023-06-30", "2023-09-30"], ["2024-06-30"]),
        ("1mo", ["2024-01-31", "2024-02-29"], ["2023-11-30", "2023-12-31"], ["2024-03-31"]),
    ],
)
def test_times_before_and_after_are_those_of_the_frequency(frequency, times, before, after):
    one = latest(row(days(*times), load=[1, 2], wind=[3, 4]), frequency=frequency)
    assert one.times[1:].tolist() == days(*before, *times).tolist()
    assert one.coming(1).tolist() == days(*after).tolist()


def test_of_rows_that_are_steps_no_time_is_known():
    one = latest(row([3, 7, 8], load=[1, 2, 3], wind=[4, 5, 6]), frequency="rows")
    assert one.case["values"][2:, 0].tolist() == [1, 2, 3]
    assert one.coming(3) is None


def test_a_frequency_that_the_model_leaves_open_is_that_of_the_table():
    one = latest(row(days("2024-01-01", "2024-01-08", "2024-01-15"), load=range(3), wind=range(3)),
                 frequency="auto")  # fmt: skip
    assert one.coming(1).tolist() == days("2024-01-22").tolist()


@pytest.mark.parametrize(
    "column",
    [
        Column("series", "", (5,), channels=("a",)),
        Column("series", "", (5, 2)),
        Column("text", ""),
    ],
)
def test_other_models_take_no_table_of_observations(column):
    assert series_input({"values": column}) is None
    assert series_input({"window": inputs()["values"]}) is None
