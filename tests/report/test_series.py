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
        self.lines[label] = (np.asarray(list(x)), np.asarray(y))

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


def test_the_error_of_a_step_is_the_mean_over_cases(next_week, cases):
    model = [{"forecast": np.zeros(7).tolist()}, {"forecast": np.full(7, 2.0).tolist()}]
    naive = [{"forecast": np.arange(7.0).tolist()}, {"forecast": np.zeros(7).tolist()}]
    [figure] = error_by_step(next_week, cases, model, {"last week": naive})
    axes = Axes()
    figure.draw(axes)
    steps, errors = axes.lines["model"]
    assert steps.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert errors.tolist() == [(step + 2) / 2 for step in range(7)]
    assert axes.lines["last week"][1].tolist() == [0.0] * 7


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
    assert error_by_step(sentiment, [], [], {}) == []
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


def test_a_step_whose_truth_is_not_known_counts_nowhere():
    cases, told = zip(
        forecast_of([0, 1, 2]), forecast_of([0, 1, 2], (5.0, np.nan, np.nan)), strict=True
    )
    [figure] = error_by_step(FORECAST, cases, told, {})
    assert drawn(figure)["model"][1].tolist() == [3, 2, 3]


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
