"""Which metrics tell something of which cases."""

import dataclasses

import pytest

from seqapps.errors import UserError
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
