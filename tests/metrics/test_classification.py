"""Accuracy, macro F1 and log loss agree with scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score
from sklearn.metrics import log_loss as sklearn_log_loss

from seqapps.metrics.classification import (
    LEAST_PROBABILITY,
    accuracy,
    log_loss,
    macro_f1,
)
from seqapps.metrics.judge import values_of
from seqapps.metrics.mean import mean_of
from seqapps.task import Example

LABELS = ["bad", "good", "odd", "rare", "그저 그런"]  # sorted, as scikit-learn wants them
METRICS = {"accuracy": accuracy(), "macro_f1": macro_f1(), "log_loss": log_loss()}


def answered(count: int, *, seed: int):
    """Random cases and responses over five labels, of which one is rare."""
    random = np.random.default_rng(seed)
    shares = [0.3, 0.3, 0.2, 0.01, 0.19]
    cases = [{"label": str(label)} for label in random.choice(LABELS, count, p=shares)]
    scores = random.dirichlet(np.ones(5), count)
    responses = [
        {"label": LABELS[row.argmax()], "labels": LABELS, "scores": row.tolist()} for row in scores
    ]
    return cases, responses, scores


def value(metric, cases, responses) -> float:
    return values_of({"it": metric}, cases, responses)["it"]


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_gives_its_example_the_declared_value(name):
    metric = METRICS[name]
    received = value(metric, metric.example.cases, metric.example.responses)
    assert received == pytest.approx(metric.example.value, abs=1e-12)


@pytest.mark.parametrize("count", [1, 7, 101])
@pytest.mark.parametrize("seed", [0, 1])
def test_all_agree_with_scikit_learn(count, seed):
    cases, responses, scores = answered(count, seed=seed)
    true = [case["label"] for case in cases]
    told = [response["label"] for response in responses]
    received = values_of(METRICS, cases, responses)
    assert received == pytest.approx(
        {
            "accuracy": accuracy_score(true, told),
            "macro_f1": f1_score(true, told, average="macro"),
            "log_loss": sklearn_log_loss(true, scores, labels=LABELS),
        },
        abs=1e-12,
    )


def test_log_loss_looks_labels_up_by_name_and_not_by_place():
    case = {"label": "good"}
    one = {"label": "good", "labels": ["bad", "good"], "scores": [0.2, 0.8]}
    turned = {"label": "good", "labels": ["good", "bad"], "scores": [0.8, 0.2]}
    for response in (one, turned):
        assert value(log_loss(), [case], [response]) == pytest.approx(-math.log(0.8))


@pytest.mark.parametrize("true", ["bad", "never seen"])
def test_no_single_case_costs_infinity(true):
    response = {"label": "good", "labels": ["bad", "good"], "scores": [0.0, 1.0]}
    assert value(log_loss(), [{"label": true}], [response]) == pytest.approx(
        -math.log(LEAST_PROBABILITY)
    )


def test_only_log_loss_is_better_when_it_is_lower():
    assert {name: metric.higher_is_better for name, metric in METRICS.items()} == {
        "accuracy": True,
        "macro_f1": True,
        "log_loss": False,
    }


def test_a_label_that_is_never_told_counts_as_zero_in_macro_f1():
    cases = [{"label": "good"}, {"label": "odd"}]
    responses = [{"label": "good", "labels": LABELS, "scores": [0.2] * 5}] * 2
    expected = f1_score(["good", "odd"], ["good", "good"], average="macro", zero_division=0.0)
    assert value(macro_f1(), cases, responses) == pytest.approx(expected)


def test_macro_f1_knows_labels_that_the_predictor_does_not():
    cases = [{"label": "good"}, {"label": "new"}, {"label": "good"}]
    responses = [{"label": "good", "labels": ["bad", "good"], "scores": [0.2, 0.8]}] * 3
    expected = f1_score(["good", "new", "good"], ["good"] * 3, average="macro", zero_division=0.0)
    assert value(macro_f1(), cases, responses) == pytest.approx(expected)


def test_a_mean_is_made_of_values_and_counts():
    metric = mean_of(
        lambda case, response: abs(case["x"] - response["y"]),
        example=Example([], [], 0.0),
        higher_is_better=False,
        unit="days",
    )
    cases, responses = [{"x": 3.0}, {"x": 5.0}, {"x": 7.0}], [{"y": 3.0}, {"y": 7.0}, {"y": 0.0}]
    np.testing.assert_array_equal(
        metric.statistics(cases, responses), [[0.0, 1.0], [2.0, 1.0], [7.0, 1.0]]
    )
    assert value(metric, cases, responses) == 3.0
    assert (metric.higher_is_better, metric.unit) == (False, "days")


def test_cases_and_responses_must_be_as_many():
    cases, responses, _ = answered(7, seed=0)
    for metric in METRICS.values():
        with pytest.raises(ValueError, match=r"shorter|broadcast"):
            metric.statistics(cases, responses[:5])
