"""How errors of forecasts grow, by hand."""

import numpy as np
import pytest

from seqapps import registry
from seqapps.metrics.by_step import errors_by_step, told_of

FORECAST = registry.load("forecasting")


def case(*truth):
    return {"truth": np.array(truth, "float32")[:, None]}


def answer(*mean):
    return {"mean": [[value] for value in mean]}


def test_the_error_of_a_step_is_the_mean_over_cases():
    cases = [case(1, 2, 3), case(5, 0, 0)]
    told = [answer(0, 0, 0), answer(1, 1, 1)]
    assert errors_by_step(FORECAST, cases, told) == [2.5, 1.5, 2.0]


def test_a_step_whose_truth_is_not_known_counts_nowhere():
    cases = [case(1, 2, np.nan), case(5, np.nan, np.nan)]
    assert errors_by_step(FORECAST, cases, [answer(0, 0, 0)] * 2) == [3.0, 2.0, None]


def test_channels_count_alike():
    cases = [{"truth": np.array([[1.0, 3.0], [0.0, 0.0]])}]
    assert errors_by_step(FORECAST, cases, [{"mean": [[0, 0], [0, 5]]}]) == [2.0, 2.5]


@pytest.mark.parametrize("told", [{"label": "x"}, answer(1, 2)])
def test_where_no_series_of_that_shape_is_told_there_is_none(told):
    assert told_of(FORECAST, [case(1, 2, 3)], [told]) == ("", "")
    assert errors_by_step(FORECAST, [case(1, 2, 3)], [told]) == []


def test_a_task_of_labels_has_no_steps(sentiment):
    assert errors_by_step(sentiment, [{"label": "pos"}], [{"label": "pos"}]) == []
