"""Which length of history the network needs: what learns, what chooses, what judges."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hand_made_series import DAY, START, row_of, settings_of
from seqapps.tasks.forecasting import learning_curve as curves
from seqapps.tasks.forecasting.curve_shown import how_much_history, verdict
from seqapps.tasks.forecasting.task import TASK

from seqapps.baselines.forecasts.adapter import response
from seqapps.metrics.forecasts import mase
from seqapps.task import PAST, Surroundings

TRAINING, STEPS = 347, 449  # of the series; the rest is for choosing


def parts(**options):
    """A random walk, cut in time, under small settings."""
    values = np.cumsum(np.random.default_rng(0).normal(size=STEPS))
    whole = row_of({"v": values})
    train = {**whole, "times": whole["times"][:TRAINING], "values": whole["values"][:TRAINING]}
    valid = {**whole, "first": TRAINING, "training": TRAINING, "held_out": True}
    settings = settings_of(train, **options)
    task = TASK.under(settings)
    return settings, task, task.cases([train], settings), task.cases([valid], settings)


@pytest.fixture
def found(monkeypatch):
    """(the curve where nothing is trained but one classic method is fitted, what each one saw)."""
    settings, task, train, valid = parts()
    seen = []

    def network(part, cases, chosen_on):
        seen.append({"network": cases, "chosen_on": chosen_on})
        return lambda asked: [response(np.zeros([5, 1]), np.ones([5, 1])) for _ in asked]

    def last(cases):
        seen[-1:] = [{**(seen[-1] if seen else {}), "classic": cases}]
        return lambda asked: [
            response(np.full([5, 1], case[PAST][-1, 0]), np.ones([5, 1])) for case in asked
        ]

    monkeypatch.setattr(curves._Part, "_network", network)
    monkeypatch.setattr(
        type(task), "under", lambda self, settings: replace(self, baselines={"arima": last})
    )
    around = Surroundings(settings=settings, state={}, train=train, valid=valid, test=valid[:1])
    return curves.learning_curve(around, task), seen, valid


def test_history_is_halved_as_long_as_it_holds_a_window(found):
    curve, _, _ = found
    assert curve["steps"] == [43, 87, 174, 347]  # a window takes 34


def test_all_learn_from_the_end_of_the_training_part(found):
    _, seen, _ = found
    for steps, one in zip([43, 87, 174, 347], [s for s in seen if "network" in s], strict=True):
        (series,) = one["network"].series
        assert series.times[0] == START + DAY * (TRAINING - steps)
        assert series.times[-1] == START + DAY * (TRAINING - 1)


def test_what_chooses_a_round_is_over_before_what_judges_begins(found):
    curve, seen, valid = found
    chosen_on = next(one["chosen_on"] for one in seen if "network" in one)
    latest = max(case["times"][-1] for case in chosen_on)
    judging = sorted(case["times"][0] for case in valid)[-curve["origins"] :]
    assert latest < judging[0]
    assert curve["origins"] == 7  # of 13
    assert curve["chosen_apart"]


def test_errors_are_in_the_units_of_the_whole_history_at_every_length(found):
    """The last value does not learn: its error must not depend on the length."""
    curve, _, valid = found
    judging = list(valid)[-curve["origins"] :]
    errors = [np.abs(case["truth"] - case[PAST][-1:]).mean() / case["scale"][0] for case in judging]
    np.testing.assert_allclose(curve["errors"]["arima"], [np.mean(errors)] * 4, rtol=1e-5)
    zeros = [np.abs(case["truth"]).mean() / case["scale"][0] for case in judging]
    np.testing.assert_allclose(curve["errors"]["the network"], [np.mean(zeros)] * 4, rtol=1e-5)
    assert curve["metric"] == "mase"
    assert mase().higher_is_better is False


@pytest.mark.long
def test_the_network_is_really_trained_and_the_same_every_time(monkeypatch):
    monkeypatch.setattr(curves, "SHARES", (1 / 4, 1.0))
    settings, task, train, valid = parts(epochs=1, encoder="linear")
    settings = replace(settings, learning_curve=True)
    around = Surroundings(settings=settings, state={}, train=train, valid=valid, test=valid[:1])
    once, twice = (
        curves.learning_curve(around, replace(task, adapt=only("last_value"))) for _ in range(2)
    )
    assert once == twice
    assert len({round(error, 6) for error in once["errors"]["the network"]}) == 2
    assert json.loads(json.dumps(once)) == once


def only(baseline):
    """`adapt` that keeps one baseline, so that the test need not fit nine."""

    def adapt(task, settings):
        under = TASK.under(settings)
        return replace(under, baselines={baseline: under.baselines[baseline]})

    return adapt


def test_windows_of_a_short_history_come_the_more_often():
    repeated = curves._Repeated("abc", 5)
    assert len(repeated) == 15
    assert "".join(repeated) == "abc" * 5
    with pytest.raises(IndexError):
        repeated[15]


def test_one_is_overtaken_for_good():
    assert curves.overtaken_from([5, 1, 4, 1], [2, 2, 2, 2]) == 3
    assert curves.overtaken_from([1, 1], [2, 2]) == 0
    assert curves.overtaken_from([1, 2], [2, 2]) is None


CURVE = {
    "metric": "mase", "steps": [53, 107, 211], "origins": 23, "chosen_apart": True,
    "errors": {"the network": [5.0, 2.0, 1.0], "last_value": [7.0, 7.0, 7.0],
               "arima": [3.0, 3.0, 3.0], "ridge": [1.5, 1.5, 1.5]},
}  # fmt: skip


def test_the_verdict_is_one_sentence_on_arima_and_the_best():
    assert verdict(CURVE) == (
        "By mase the network overtakes arima at 107 steps of history, and ridge, the best classic "
        "method, at 211."
    )


def test_the_section_has_a_figure_on_logarithmic_axes_and_a_table():
    from matplotlib.figure import Figure as Canvas

    figure, table = how_much_history(CURVE).parts
    axes = Canvas().add_subplot()
    figure.draw(axes)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert sorted(labels) == ["arima", "ridge", "the network"]
    assert list(table.rows[1]) == ["last_value", "7.000", "7.000", "7.000", "53"]
