"""A stream tells its own level: its first steps go with every window that is scored."""

import numpy as np

from seqapps.series.latest import latest_of
from seqapps.series.lines import Observation
from seqapps.series.live import Live
from seqapps.task import Column

LOOKBACK, REFERENCE = 5, 11


def seen(step, *, time=None):
    return Observation(values=np.array([step, -step], "float32"), time=time, shown="", wrong=())


def due_of(steps, **options):
    live = Live(("a", "b"), lookback=LOOKBACK, reference=REFERENCE, **options)
    return live, [due for step in range(steps) if (due := live.push(seen(step))) is not None]


def test_nothing_is_scored_before_the_reference_is_whole():
    live, due = due_of(REFERENCE - 1)
    assert not due and live.missing == 1
    assert due_of(13)[1][0].step == REFERENCE


def test_every_window_comes_with_the_first_steps_of_the_stream():
    _, due = due_of(2077)  # longer than what is held
    for window in (due[0], due[-1]):
        np.testing.assert_array_equal(window.reference[:, 0], np.arange(REFERENCE))
    np.testing.assert_array_equal(due[-1].values[:, 0], np.arange(2072, 2077))


def test_a_repeated_time_takes_the_place_of_the_step_in_the_reference_too():
    live = Live(("a", "b"), lookback=LOOKBACK, reference=REFERENCE)
    for step in range(7):
        live.push(seen(step, time=100 + step))
    live.push(seen(50, time=106))
    for step in range(7, 11):
        due = live.push(seen(step, time=100 + step))
    assert due.reference[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 50, 7, 8, 9, 10]


def test_the_end_of_a_table_is_asked_with_its_beginning():
    column = Column("series", "", (LOOKBACK, 2), gaps=True, channels=("a", "b"))
    inputs = {"values": column, "reference": Column("series", "", (REFERENCE, 2), gaps=True)}
    steps = np.arange(17, dtype="float32")
    row = {"series": "mill", "times": np.arange(17), "names": "b\na",
           "values": np.stack([-steps, steps], axis=1)}  # fmt: skip
    found = latest_of(row, inputs, frequency="rows", place="mill.csv")
    np.testing.assert_array_equal(found.case["reference"][:, 0], np.arange(REFERENCE))
    np.testing.assert_array_equal(found.case["values"][:, 0], np.arange(12, 17))
    short = {**row, **{name: row[name][:7] for name in ("times", "values")}}
    found = latest_of(short, inputs, frequency="rows", place="mill.csv")
    assert np.isnan(found.case["reference"][7:]).all()
    assert "the last 4 of them are gaps" in found.said[0]
