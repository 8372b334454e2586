"""Pictures of series and numbers, made of what was told and what followed."""

import re

import numpy as np
import pytest

from seqapps import registry
from seqapps.report.series import error_by_step, number_figures, series_figures
from seqapps.report.svg import svg_of
from seqapps.task import Column, Output


class Axes:
    """Stands for matplotlib axes and keeps the lines."""

    def __init__(self):
        self.lines = {}

    def plot(self, x, y, *style, label="", **_):
        self.lines[label or f"line {len(self.lines) + 1}"] = (np.asarray(list(x)), np.asarray(y))

    def set_ylim(self, *ends, **_):
        self.ends = ends

    def __getattr__(self, name):
        return lambda *given, **named: None


@pytest.fixture
def next_week(pytestconfig):
    registry.add_plugin(pytestconfig.rootpath / "docs" / "examples" / "next_week.py")
    return registry.load("next_week")


@pytest.fixture
def cases():
    return [
        {"values": np.arange(21.0), "following": np.arange(7.0)},
        {"values": np.arange(21.0), "following": np.zeros(7)},
    ]


def judged(by_step, best="last week"):
    return {"by_step": by_step, "best_baseline": best}


def test_errors_by_step_are_drawn_of_the_model_and_of_every_baseline():
    by_step = {"model": [1.0, 2.0], "last week": [2.0, None], "drift": [4.0, 5.0], "mean": [4, 3]}
    [figure] = error_by_step(judged(by_step))
    lines = drawn(figure)
    assert [*lines] == ["model", "last week", "line 3", "line 4"]
    assert lines["model"][0].tolist() == [1, 2]
    assert lines["model"][1].tolist() == [1, 2]
    np.testing.assert_array_equal(lines["last week"][1], [2, np.nan])
    assert lines["line 3"][1].tolist() == [4, 5]
    assert figure.note == "Grey, best at the last step first: mean, drift."


def test_a_baseline_far_above_is_named_and_does_not_hide_the_others():
    by_step = {"model": [1.0, 2.0], "last week": [1.0, 1.0]}
    [figure] = error_by_step(judged({**by_step, "drift": [6.1, 50.0], "mean": [6.0, 9.0]}))
    axes = Axes()
    figure.draw(axes)
    assert axes.ends == (0, 6)
    assert figure.note == "Grey, best at the last step first: mean. Above the picture: drift."
    assert svg_of(figure, number=0)
    [figure] = error_by_step(judged({**by_step, "drift": [2.5, 4.0]}))
    figure.draw(axes)
    assert axes.ends == (0, pytest.approx(4.2))


def test_the_model_is_drawn_where_no_baseline_tells_a_series():
    [figure] = error_by_step(judged({"model": [1.0], "odd": []}, best=None))
    assert [*drawn(figure)] == ["model"]


def test_a_forecast_begins_where_what_was_given_ends(next_week, cases):
    model = [{"forecast": np.ones(7).tolist()}] * 2
    [figure] = series_figures(next_week, cases, model, {}, places=[("Worst", 1)])
    assert figure.title == "Worst: case 2"
    axes = Axes()
    figure.draw(axes)
    assert axes.lines["given"][0][-1] == -1
    assert axes.lines["model"][0][0] == axes.lines["what followed"][0][0] == 0
    assert [*axes.lines] == ["given", "what followed", "model"]
    [figure] = series_figures(next_week, cases, model, {"last week": model}, places=[("Worst", 1)])
    figure.draw(axes)
    assert axes.lines["last week"][1].tolist() == [1.0] * 7


def test_a_task_of_labels_has_no_such_picture(sentiment):
    assert error_by_step({"best_baseline": "tfidf"}) == []
    assert series_figures(sentiment, [], [], {}, places=[]) == []
    assert number_figures(sentiment, [], []) == []


def test_numbers_are_told_over_true(sentiment):
    import dataclasses

    task = dataclasses.replace(
        sentiment,
        targets={"stars": Column("number", "how many")},
        answer={"stars": Output("number", "how many"), "other": Output("number", "x")},
    )
    cases = [{"stars": 1.0}, {"stars": 5.0}]
    [figure] = number_figures(task, cases, [{"stars": 2.0}, {"stars": 4.5}])
    svg = svg_of(figure, number=0)
    assert "true stars" in re.findall(r">([^<]+)</text>", svg)


FORECAST = registry.load("forecasting")


def forecast_of(times, truth=(1.0, 2.0, 3.0)):
    """One case of three steps ahead and its answer, as figures of forecasts take them."""
    case = {
        "values": np.arange(7.0)[:, None],
        "truth": np.array(truth)[:, None],
        "times": np.array(times),
    }
    told = {name: [[0.0], [0.0], [0.0]] for name in FORECAST.answer}
    return case, told


def drawn(figure):
    axes = Axes()
    figure.draw(axes)
    return axes.lines


def test_a_forecast_is_drawn_on_its_dates():
    day = 86400
    case, told = forecast_of([17897 * day, 17898 * day, 17899 * day])
    [figure] = series_figures(FORECAST, [case], [told], {}, places=[("Worst", 0)])
    lines = drawn(figure)
    assert str(lines["model"][0][0])[:10] == "2019-01-01"
    assert str(lines["given"][0][-1])[:10] == "2018-12-31"


def test_lines_that_are_steps_have_no_dates():
    case, told = forecast_of([40, 41, 42])
    [figure] = series_figures(FORECAST, [case], [told], {}, places=[("Worst", 0)])
    assert drawn(figure)["model"][0].tolist() == [0, 1, 2]
