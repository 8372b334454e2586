"""Every option of embeddings trains, exports with proof and passes the checks, at tiny size."""

import pytest
from each_once import each_once

# Each value of each setting once; the checks of the default are in tests/test_checks.py.
OPTIONS = {
    "deep alone": {},
    "wide, of characters": {"wide": True, "tokens": "characters", "epochs": 12},
    "wide, frozen vectors": {"wide": True, "vectors": "file", "tune_vectors": False},
    "characters": {"tokens": "characters", "epochs": 12},
    "mean of embeddings": {"layers": 0, "pooling": "mean"},
    "GRU last": {"encoder": "gru", "pooling": "last"},
    "one way, last": {"bidirectional": False, "pooling": "last"},
    "simple RNN mean": {"encoder": "simple_rnn", "pooling": "mean"},
    "stacked, attention pooling": {"layers": 2, "pooling": "attention"},
    "self-attention": {"encoder": "attention", "layers": 2, "epochs": 12},
    "frozen vectors": {"vectors": "file", "tune_vectors": False},
    "tuned vectors": {"vectors": "file"},
}
ALIKE = {*OPTIONS} - {"GRU last"}  # all others are in make test-all
# A sum of words cannot tell "not lovely" from "lovely, not": the toy sample is made that way.
NEVER = {"mean of embeddings": {"model beats trivial baseline"}}


@pytest.mark.parametrize("name", each_once(OPTIONS, ALIKE))
def test_an_option_passes_the_checks(check_option, name):
    assert not check_option(OPTIONS[name], NEVER.get(name, set()))


@pytest.mark.long
@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_trains_to_the_same_again(check_repeatable, name):
    assert not check_repeatable(OPTIONS[name])
