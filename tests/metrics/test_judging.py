"""Which metrics tell something of which cases."""

import dataclasses
from types import SimpleNamespace

import pytest

from seqapps.errors import UserError
from seqapps.evaluate import goal_metric
from seqapps.report.verdict import chosen_on
from seqapps.training.monitor import check_tells


@pytest.fixture
def task(sentiment):
    (name, first), *rest = sentiment.metrics.items()
    long = dataclasses.replace(first, tells_of=lambda case: len(case["text"]) > 7)
    return dataclasses.replace(sentiment, metrics={name: first, "of_long": long, **dict(rest)})


def cases(*texts):
    return [{"text": text, "label": "good"} for text in texts]


def test_a_metric_tells_of_all_cases_unless_it_says_otherwise(sentiment):
    assert sentiment.judging(cases("short")) == sentiment.metrics


def test_one_case_that_has_what_it_asks_for_is_enough(task):
    assert task.judging(cases("short", "a longer one")) == task.metrics
    assert list(task.judging(cases("short"))) == [n for n in task.metrics if n != "of_long"]


def test_a_monitor_that_tells_nothing_of_the_data_is_told(task):
    check_tells(task, "of_long", cases("a longer one"))
    with pytest.raises(UserError, match=r"monitor = 'of_long' tells nothing.*Take one of accuracy"):
        check_tells(task, "of_long", cases("short"))


def test_the_verdict_speaks_of_the_first_score_that_tells_something(task):
    """Not of F1 where nothing is known to be wrong."""
    (first, *rest) = task.metrics
    told = dataclasses.replace(task.metrics[first], tells_of=lambda case: False)
    silent = dataclasses.replace(task, metrics={**task.metrics, first: told})
    data = SimpleNamespace(sample=None)
    assert goal_metric(silent.judging(cases("a longer one")), data) == rest[0]
    assert goal_metric(task.judging(cases("a longer one")), data) == first


def test_what_chose_the_best_baseline_is_said():
    assert chosen_on({"chosen_on": "valid"}) == chosen_on({}) == "validation"
    assert "the test part" in chosen_on({"chosen_on": "test"})
