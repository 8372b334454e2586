"""Values in another unit lie far from those of training; a trend that goes on does not."""

from types import SimpleNamespace

import numpy as np
import pytest

from seqapps.series.level import Level, far_rows, level_in, note
from seqapps.task import Column

DRAWN = np.random.default_rng(3)
LOAD = 20 + 5 * DRAWN.normal(size=101)
TREND = np.arange(300.0)


def told(values, *, of, log=0.0):
    """Of values beside the training values `of`."""
    known = np.log(np.maximum(of, log)) if log else of
    level = Level({"load": (float(known.mean()), float(known.std()))}, log)
    return "\n".join(level.told(np.array(values)[:, None], ["load"]))


@pytest.mark.parametrize("times", [1000, 0.001, 1e6])
def test_values_in_another_unit_are_told(times):
    assert "load: the middle value" in told(LOAD * times, of=LOAD)


@pytest.mark.parametrize("times", [1000, 0.001])
def test_changes_about_zero_in_another_unit_are_told(times):
    assert "in other units?" in told((LOAD - 20) * times, of=LOAD - 20)


def test_a_logarithm_is_measured_as_one():
    grown = np.exp(LOAD / 10)
    assert "26 standard deviations from the training mean of logarithms" in told(
        grown * 1e6, of=grown, log=0.01
    )
    assert not told(grown * 30, of=grown, log=0.01)


@pytest.mark.parametrize(
    "values",
    [
        LOAD,
        LOAD * 3,
        np.zeros(11),  # a machine that is off, a night without sun
        [*LOAD, 1e9],  # one wild value
        np.full(7, np.nan),
    ],
)
def test_what_is_usual_or_odd_in_other_ways_is_not(values):
    assert told(values, of=LOAD) == ""


def test_a_trend_that_goes_on_is_no_other_unit():
    assert told(TREND[-20:] + 300, of=TREND) == ""
    assert told(np.exp(TREND[-20:] / 100 + 1), of=np.exp(TREND / 100)) == ""


def test_the_held_out_part_of_each_series_is_looked_at():
    values = np.concatenate([LOAD * 1000, LOAD])[:, None]
    row = {"series": "north", "names": "load", "values": values, "first": 101}
    level = Level({"load": (20.0, 5.0)})
    assert far_rows(level, [row]) == []
    lines = far_rows(level, [{**row, "first": 0}] * 5)
    assert lines[0].startswith("north, load: the middle value")
    assert (len(lines), lines[-1]) == (4, "2 more channels lie far as well")


def test_an_export_notes_what_its_state_scales_by():
    column = Column("series", "", (5, 2), gaps=True, channels=("load", "wind"))
    task = SimpleNamespace(inputs={"values": column}, answer={"mean": None})
    state = {"center": np.array([20.0, np.nan]), "scale": np.array([5.0, 1.0])}
    found = note(task, SimpleNamespace(log=0.5), state)
    assert level_in(found) == Level({"load": (20.0, 5.0)}, 0.5)
    assert note(SimpleNamespace(inputs=task.inputs, answer={"drift": None}), None, state) == {}
    assert note(task, None, {"names": []}) == {}
    assert level_in({}) is None
