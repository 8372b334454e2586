"""Thresholds keep the wanted rate of false alarms, and say what they cannot tell."""

import math

import numpy as np
import pytest
from scipy.stats import genpareto

from seqapps.errors import UserError
from seqapps.series.thresholds import threshold


def test_no_more_than_the_wanted_share_of_the_scores_is_above():
    scores = np.random.default_rng(3).gamma(2, size=1009)
    for wanted in (0.0, 0.001, 0.01, 0.1, 0.5):
        above = (scores > threshold(scores, false_alarms=wanted).value).sum()
        assert above == math.floor(wanted * 1009)


def test_equal_scores_are_never_above():
    assert threshold(np.full(101, 3.0), false_alarms=0.5).value == 3.0


def test_gaps_are_left_out():
    scores = np.array([1, np.nan, 2, np.inf, 3, 4.0])
    found = threshold(scores, false_alarms=0.25)
    assert (found.value, found.steps) == (3.0, 4)


def test_a_share_that_the_steps_cannot_tell_is_said_to_be_so():
    found = threshold(np.arange(101.0), false_alarms=0.001)
    assert found.value == 100
    assert "cannot tell" in found.note and "0.990%" in found.note
    assert "cannot tell" not in threshold(np.arange(1009.0), false_alarms=0.001).note


@pytest.mark.parametrize("shape", [-0.2, 0.0, 0.3])
def test_a_tail_finds_quantiles_of_a_pareto_distribution_beyond_its_scores(shape):
    scores = genpareto.rvs(shape, size=20011, random_state=3)
    found = threshold(scores, false_alarms=1e-5, tail=True)
    assert found.tail
    assert found.value == pytest.approx(genpareto.isf(1e-5, shape), rel=0.25)
    assert found.value > np.quantile(scores, 0.9999)


def test_a_tail_agrees_with_the_maximum_likelihood_fit_of_scipy():
    scores = np.random.default_rng(5).standard_normal(50021)
    found = threshold(scores, false_alarms=1e-4, tail=True)
    level = np.sort(scores)[-1001]
    shape, _, scale = genpareto.fit(scores[scores > level] - level, floc=0)
    expected = level + genpareto.isf(1e-4 * 50021 / 1000, shape, scale=scale)
    assert found.value == pytest.approx(expected, rel=0.02)


def test_without_enough_peaks_the_quantile_is_taken():
    found = threshold(np.arange(101.0), false_alarms=0.01, tail=True)
    assert (found.tail, found.value) == (False, 99.0)


def test_a_tail_of_equal_scores_is_their_value():
    scores = np.concatenate([np.arange(1009) / 1009, np.full(503, 2.0)])
    assert threshold(scores, false_alarms=0.001, tail=True).value == 2.0


@pytest.mark.parametrize("wrong", [-0.1, 1.0, 3])
def test_a_share_that_is_none_is_refused(wrong):
    with pytest.raises(UserError, match="false_alarms"):
        threshold(np.arange(5.0), false_alarms=wrong)


def test_scores_without_a_number_are_refused():
    with pytest.raises(UserError, match="none that is a number"):
        threshold(np.array([np.nan]), false_alarms=0.1)
