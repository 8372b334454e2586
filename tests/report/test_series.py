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
    [figure] = error_by_step(next_week, cases, model, naive)
    axes = Axes()
    figure.draw(axes)
    steps, errors = axes.lines["model"]
    assert steps.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert errors.tolist() == [(step + 2) / 2 for step in range(7)]
    assert axes.lines["baseline"][1].tolist() == [0.0] * 7


def test_a_forecast_begins_where_what_was_given_ends(next_week, cases):
    model = [{"forecast": np.ones(7).tolist()}] * 2
    [figure] = series_figures(next_week, cases, model, None, places=[("Worst", 1)])
    assert figure.title == "Worst: case 2"
    axes = Axes()
    figure.draw(axes)
    assert axes.lines["given"][0][-1] == -1
    assert axes.lines["model"][0][0] == axes.lines["what followed"][0][0] == 0
    assert "baseline" not in axes.lines


def test_a_task_of_labels_has_no_such_picture(sentiment):
    assert error_by_step(sentiment, [], [], None) == []
    assert series_figures(sentiment, [], [], None, places=[]) == []
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
