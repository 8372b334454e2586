"""Predictors are scored on the same resamples; intervals are as wide as they must be."""

import math

import numpy as np
import pytest

from seqapps.metrics import judge as judging
from seqapps.metrics.classification import accuracy, log_loss, macro_f1
from seqapps.metrics.judge import better, judge, values_of

COUNTED = {"accuracy": accuracy(), "macro_f1": macro_f1()}  # sums of whole numbers: exact
METRICS = {**COUNTED, "log_loss": log_loss()}
LABELS = ["bad", "good"]


def coin_flips(count: int, *, seed: int, right: float = 0.5):
    """Cases of two labels, and a predictor that is right with this probability."""
    random = np.random.default_rng(seed)
    truth = random.integers(2, size=count)
    told = np.where(random.random(count) < right, truth, 1 - truth)
    cases = [{"label": LABELS[i]} for i in truth]
    responses = [
        {"label": LABELS[i], "labels": LABELS, "scores": [0.7, 0.3] if i == 0 else [0.3, 0.7]}
        for i in told
    ]
    return cases, responses


def width(score) -> float:
    return score["high"] - score["low"]


def test_the_interval_of_a_coin_flips_accuracy_is_that_of_the_binomial():
    """Normal approximation of the binomial, 3.92 standard errors wide; 5 % for the resampling."""
    cases, responses = coin_flips(1009, seed=3)
    scores, _ = judge({"accuracy": accuracy()}, cases, {"coin": responses}, resamples=4001)
    score = scores["coin"]["accuracy"]
    share = score["value"]
    deviation = math.sqrt(share * (1 - share) / 1009)
    assert width(score) == pytest.approx(3.92 * deviation, rel=0.05)
    assert score["low"] == pytest.approx(share - 1.96 * deviation, abs=0.1 * deviation)


def test_values_are_those_without_resampling():
    cases, responses = coin_flips(101, seed=3)
    scores, _ = judge(METRICS, cases, {"coin": responses}, resamples=11)
    values = {name: score["value"] for name, score in scores["coin"].items()}
    assert values == values_of(METRICS, cases, responses)


def test_an_interval_holds_its_value():
    cases, responses = coin_flips(13, seed=3)
    scores, _ = judge(METRICS, cases, {"coin": responses}, resamples=3)
    for score in scores["coin"].values():
        assert score["low"] <= score["value"] <= score["high"]


def test_groups_whose_cases_agree_widen_the_interval():
    """Each case eleven times over is no more evidence: sqrt(11) wider than single cases claim."""
    cases, responses = coin_flips(211, seed=3)
    groups = [f"film {number}" for number in range(211) for _ in range(11)]
    cases = [case for case in cases for _ in range(11)]
    responses = {"coin": [response for response in responses for _ in range(11)]}
    single, grouped = (
        judge({"accuracy": accuracy()}, cases, responses, groups=names)[0]["coin"]["accuracy"]
        for names in (None, groups)
    )
    assert grouped["value"] == single["value"]
    assert width(grouped) == pytest.approx(math.sqrt(11) * width(single), rel=0.1)


def test_groups_of_one_case_are_single_cases():
    """In the order of their names, for resampling goes by it."""
    cases, responses = coin_flips(101, seed=3)
    groups = [f"{number:03}" for number in range(101)]
    assert judge(METRICS, cases, {"a": responses}, groups=groups) == judge(
        METRICS, cases, {"a": responses}
    )


NOTHING = {"value": 0.0, "low": 0.0, "high": 0.0}


def test_a_predictor_does_not_differ_from_itself():
    cases, responses = coin_flips(101, seed=3)
    _, differences = judge(METRICS, cases, {"a": responses}, against=("a", ["a"]))
    assert differences == {"a": dict.fromkeys(METRICS, NOTHING)}


def test_predictors_that_answer_the_same_do_not_differ():
    cases, responses = coin_flips(101, seed=3)
    answered = {"a": responses, "same": [dict(response) for response in responses]}
    _, differences = judge(COUNTED, cases, answered, against=("a", ["same"]))
    assert differences == {"same": dict.fromkeys(COUNTED, NOTHING)}


def test_differences_are_paired():
    """Right wherever the other is and on one case of ten more: a difference as sure as that."""
    cases, responses = coin_flips(997, seed=3)
    improved = [
        {**response, "label": case["label"]} if number % 10 == 0 else response
        for number, (case, response) in enumerate(zip(cases, responses, strict=True))
    ]
    scores, differences = judge(
        {"accuracy": accuracy()},
        cases,
        {"new": improved, "old": responses},
        against=("new", ["old"]),
    )
    difference = differences["old"]["accuracy"]
    new, old = scores["new"]["accuracy"], scores["old"]["accuracy"]
    assert difference["value"] == pytest.approx(new["value"] - old["value"])
    gains = np.array([a["label"] != b["label"] for a, b in zip(improved, responses, strict=True)])
    assert width(difference) == pytest.approx(3.92 * gains.std() / math.sqrt(997), rel=0.15)
    assert width(difference) < width(new) / 2


def test_a_difference_is_signed_from_the_first_to_the_other():
    cases, good = coin_flips(101, seed=3, right=0.9)
    bad = [{**response, "label": "neither"} for response in good]
    _, differences = judge(METRICS, cases, {"good": good, "bad": bad}, against=("good", ["bad"]))
    assert differences["bad"]["accuracy"]["low"] > 0
    _, differences = judge(METRICS, cases, {"good": good, "bad": bad}, against=("bad", ["good"]))
    assert differences["good"]["accuracy"]["high"] < 0


def test_a_further_predictor_changes_no_others_scores():
    cases, one = coin_flips(101, seed=3)
    _, other = coin_flips(101, seed=5)
    alone, _ = judge(COUNTED, cases, {"one": one})
    together, _ = judge(COUNTED, cases, {"other": other, "one": one})
    assert together["one"] == alone["one"]


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    cases, responses = coin_flips(101, seed=3)
    first, again, other = (
        judge({"log_loss": log_loss()}, cases, {"a": responses}, seed=seed)[0] for seed in (0, 0, 1)
    )
    assert first == again != other


def test_resampling_in_chunks_gives_the_same(monkeypatch):
    cases, responses = coin_flips(101, seed=3)
    groups = [f"film {number % 37}" for number in range(101)]
    whole = judge(COUNTED, cases, {"a": responses}, groups=groups, resamples=53)
    for at_once in (1, 7 * 37, 7 * 37 + 1):  # one draw at a time; seven, 53 = 7 * 7 + 4
        monkeypatch.setattr(judging, "AT_ONCE", at_once)
        assert judge(COUNTED, cases, {"a": responses}, groups=groups, resamples=53) == whole


@pytest.mark.parametrize(
    ("metric", "first", "second", "expected"),
    [
        (accuracy(), 0.7, 0.6, True),
        (accuracy(), 0.6, 0.6, False),
        (log_loss(), 0.6, 0.7, True),
        (log_loss(), 0.7, 0.6, False),
        (accuracy(), math.nan, 0.1, False),
        (log_loss(), math.nan, 0.1, False),
        (accuracy(), 0.1, math.nan, True),
        (log_loss(), 0.1, math.nan, True),
    ],
)
def test_better_follows_the_metrics_direction_and_not_a_number_is_never_better(
    metric, first, second, expected
):
    assert better(metric, first, second) is expected
