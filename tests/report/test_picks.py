"""The cases that a report shows are the ones that their titles promise."""

import numpy as np

from seqapps import registry
from seqapps.answers import Answers
from seqapps.report.picks import EACH, labels_of, loss_of, pick

NAMES = ["bad", "good"]


def told(good: float):
    return {"label": "good" if good >= 0.5 else "bad", "labels": NAMES, "scores": [1 - good, good]}


def answers(truth, model, baseline=None):
    cases = [{"text": f"text {number}", "label": label} for number, label in enumerate(truth)]
    theirs = [told(good) for good in baseline] if baseline else None
    return Answers(cases, [told(good) for good in model], theirs, None)


def places(found):
    return {each.title: each.places for each in found}


def test_labels_are_picked_by_how_sure_and_how_right(sentiment):
    judged = answers(
        ["good", "good", "bad", "bad", "good"],
        [0.99, 0.20, 0.95, 0.30, 0.51],
        [0.40, 0.10, 0.05, 0.20, 0.60],
    )
    assert places(pick(sentiment, judged)) == {
        "Surest, and right": [0, 3, 4],
        "Surest, but wrong": [2, 1],
        "Least sure": [4, 3, 1, 2, 0],
        "Right where the baseline is wrong": [0],
        "Wrong where the baseline is right": [2],
    }


def test_a_kind_without_cases_is_left_out(sentiment):
    found = places(pick(sentiment, answers(["good", "bad"], [0.9, 0.2])))
    assert list(found) == ["Surest, and right", "Least sure"]


def test_no_kind_has_more_than_a_few(sentiment):
    found = pick(sentiment, answers(["good"] * 13, [0.6 + number / 50 for number in range(13)]))
    assert {len(each.places) for each in found} == {EACH}
    assert places(found)["Surest, and right"] == [12, 11, 10, 9, 8]


def test_other_answers_are_picked_by_the_first_metric(pytestconfig):
    registry.add_plugin(pytestconfig.rootpath / "docs" / "examples" / "next_week.py")
    task = registry.load("next_week")
    assert labels_of(task) is None
    cases = [{"values": np.zeros(21), "following": np.zeros(7)} for _ in range(3)]
    model = [{"forecast": np.full(7, error).tolist()} for error in (2.0, 0.5, 3.0)]
    theirs = [{"forecast": np.full(7, error).tolist()} for error in (1.0, 1.0, 9.0)]
    assert loss_of(task, cases, model).tolist() == [2.0, 0.5, 3.0]
    assert places(pick(task, Answers(cases, model, theirs, None))) == {
        "Best": [1, 0, 2],
        "Worst": [2, 0, 1],
        "Furthest ahead of the baseline": [2, 1],
        "Furthest behind the baseline": [0],
    }


def test_the_probability_of_a_label_that_the_model_does_not_know_is_0(sentiment):
    labels = labels_of(sentiment)
    assert labels.true_probability({"label": "good"}, told(0.7)) == 0.7
    assert labels.true_probability({"label": "odd"}, told(0.7)) == 0.0
