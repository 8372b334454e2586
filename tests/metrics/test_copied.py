"""Shares of n-grams: by hand, and against sets of strings."""

import math
import random

import numpy as np
import pytest

from seqapps.metrics import copied
from seqapps.metrics.copied import copied_share, distinct_share


def grams(text, length):
    return [tuple(text[at : at + length]) for at in range(len(text) - length + 1)]


def texts(count, *, seed):
    draw = random.Random(seed)
    return ["".join(draw.choices("abc한😀\n", k=draw.randrange(97))) for _ in range(count)]


def test_shares_by_hand():
    assert copied_share(["abcde"], ["xabcx"], length=3) == pytest.approx(1 / 3)
    assert copied_share(["aaaa", "b"], ["aa"], length=2) == 1  # three times the same
    assert copied_share(["abcd"], ["dcba"], length=2) == 0
    assert distinct_share(["abab"], length=2) == pytest.approx(2 / 3)
    assert distinct_share(["ab", "ab", "cd"], length=2) == pytest.approx(2 / 3)


@pytest.mark.parametrize("length", [1, 3, 5])
def test_shares_are_those_of_sets_of_strings(length, monkeypatch):
    monkeypatch.setattr(copied, "AT_ONCE", 13)  # so that long texts are read in parts
    generated, training = texts(11, seed=1), texts(17, seed=2)
    known = {gram for text in training for gram in grams(text, length)}
    every = [gram for text in generated for gram in grams(text, length)]
    expected = sum(gram in known for gram in every) / len(every)
    assert 0 < expected <= 1
    assert copied_share(iter(generated), iter(training), length=length) == expected
    assert distinct_share(generated, length=length) == len(set(every)) / len(every)


def test_token_ids_are_told_apart_by_their_order():
    """Ids that differ little make hashes that differ."""
    numbers = np.random.default_rng(3).integers(0, 10_000, 20_011)
    other = np.random.default_rng(5).integers(0, 10_000, 20_011)
    assert copied_share([numbers], [numbers], length=8) == 1
    assert copied_share([numbers], [numbers[::-1], other], length=8) == 0
    assert distinct_share([numbers], length=8) == 1
    small = np.arange(20_011) % 2
    assert distinct_share([small], length=8) == pytest.approx(2 / 20_004)


def test_no_n_gram_goes_from_one_text_to_the_next():
    assert copied_share(["abcd"], ["ab", "cd"], length=3) == 0
    assert distinct_share(["ab", "ab"], length=2) == 0.5


def test_texts_that_are_too_short_have_no_share():
    assert math.isnan(copied_share(["abc", ""], ["abc"], length=8))
    assert math.isnan(distinct_share([], length=1))
    assert copied_share(["abcdefgh"], ["abc"], length=8) == 0


def test_an_n_gram_has_a_token():
    with pytest.raises(ValueError, match="length is 0"):
        distinct_share(["abc"], length=0)
