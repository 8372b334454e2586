"""Every option of n-grams and ensembles trains, exports with proof and passes the checks."""

import pytest
from each_once import each_once

# In a file of their own, so that the other process of the test run can take them.
OPTIONS = {
    "one_hot linear": {"representation": "one_hot", "layers": 0},
    "counts MLP": {"representation": "counts", "layers": 1},
    "tfidf deep MLP": {"representation": "tfidf", "layers": 2, "ngrams": 3},
    "naive Bayes": {"representation": "tfidf", "naive_bayes": "weights"},
    "naive Bayes of counts": {"representation": "counts", "naive_bayes": "weights"},
    "NBSVM": {"representation": "one_hot", "naive_bayes": "scale"},
    "tfidf of characters": {"representation": "tfidf", "tokens": "characters", "layers": 0},
    "not calibrated": {"calibrate": False},
    "ensemble": {"ensemble": True},
    "ensemble, not calibrated": {"ensemble": True, "calibrate": False},
}
ALIKE = {*OPTIONS} - {"one_hot linear"}  # all others are in make test-all


@pytest.mark.parametrize("name", each_once(OPTIONS, ALIKE))
def test_an_option_passes_the_checks(check_option, name):
    assert not check_option(OPTIONS[name])


@pytest.mark.long
@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_trains_to_the_same_again(check_repeatable, name):
    assert not check_repeatable(OPTIONS[name])
