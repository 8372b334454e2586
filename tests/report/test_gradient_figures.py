"""What the report draws of gradients, and of which runs it draws nothing."""

import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas

from seqapps.report.gradients import MOST_LAYERS, gradient_figures

HISTORY = [
    {"round": 1.0, "learning_rate": 0.1, "gradient_norm": 3.0, "clipped": 0.75},
    {"round": 2.0, "learning_rate": 0.1, "gradient_norm": 2.0, "clipped": 0.25},
    {"round": 3.0, "learning_rate": 0.05, "gradient_norm": 1.0, "clipped": 0.0},
]
ROUNDS = [
    {
        "round": number,
        "layers": {"lstm": 2.0 / number, "out": 0.5},
        "lags": {"lstm": {"lag": [0, 1, 2], "norm": [number, number / 2, number / 4]}},
    }
    for number in (1, 2, 3)
]


def drawn(figure):
    axes = Canvas().add_subplot()
    figure.draw(axes)
    return axes


def lines(axes) -> dict[str, list[float]]:
    return {line.get_label(): list(np.asarray(line.get_ydata())) for line in axes.get_lines()}


def by_title(history=HISTORY, rounds=ROUNDS, best=2):
    return {figure.title: figure for figure in gradient_figures(history, rounds, best=best)}


def test_the_norm_has_the_share_of_clipped_steps_beside_it():
    axes = drawn(by_title()["Gradient norm by round"])
    assert lines(axes)["norm"] == [3.0, 2.0, 1.0]
    _, right = axes.figure.axes
    assert [bar.get_height() for bar in right.patches] == [75.0, 25.0, 0.0]


def test_without_clipping_there_are_no_bars():
    history = [{**row, "clipped": 0.0} for row in HISTORY]
    figure = by_title(history)["Gradient norm by round"]
    assert drawn(figure).figure.axes[1:] == []
    assert "clip_norm" not in figure.note


def test_a_learning_rate_is_drawn_where_it_changes():
    assert lines(drawn(by_title()["Learning rate by round"]))["_child1"] == [0.1, 0.1, 0.05]
    assert "Learning rate by round" not in by_title([HISTORY[0], HISTORY[1]])


def test_every_layer_has_a_line():
    axes = drawn(by_title()["Gradient norm by layer and round"])
    assert lines(axes)["lstm"] == [2.0, 1.0, 2 / 3]
    assert lines(axes)["out"] == [0.5] * 3


def test_of_many_layers_the_largest_are_shown():
    layers = {f"dense_{place}": float(place) for place in range(1, 30)}
    figure = by_title(rounds=[{"round": 1, "layers": layers, "lags": {}}])[
        "Gradient norm by layer and round"
    ]
    named = [name for name in lines(drawn(figure)) if name.startswith("dense")]
    assert named == [f"dense_{place}" for place in range(30 - MOST_LAYERS, 30)]
    assert f"The {MOST_LAYERS} largest of 29" in figure.note


def test_how_far_learning_reaches_is_shown_for_the_kept_round_and_the_first():
    figure = by_title()["Gradient by the state at each time lag"]
    received = lines(drawn(figure))
    assert received["lstm"] == [2.0, 1.0, 0.5]
    assert [1.0, 0.5, 0.25] in received.values()
    assert "after round 2" in figure.note and "dotted" in figure.note
    assert "dotted" not in by_title(best=1)["Gradient by the state at each time lag"].note


@pytest.mark.parametrize("rounds", [[], [{"round": 1, "layers": {}, "lags": {}}]])
def test_a_run_that_did_not_look_has_no_figures_of_it(rounds):
    assert set(by_title(rounds=rounds, best=1)) == {
        "Gradient norm by round", "Learning rate by round",
    }  # fmt: skip
    assert gradient_figures([{"round": 1.0, "loss": 0.5}], [], best=1) == []


def test_a_gradient_that_is_zero_everywhere_draws():
    """As at a learning rate that broke everything, or under a mask over all steps."""
    nothing = {"lag": [0, 1], "norm": [0.0, 0.0]}
    rounds = [{"round": 1, "layers": {"out": 0.0}, "lags": {"lstm": nothing}}]
    for figure in by_title(rounds=rounds, best=1).values():
        drawn(figure).figure.canvas.draw()
