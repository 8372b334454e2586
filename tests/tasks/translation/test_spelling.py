"""Misspelt words: each means one word, and there is an error in it."""

from collections import Counter

import pytest
from seqapps.tasks.translation.spelling import (
    BY_EAR,
    DOUBLE,
    KINDS,
    NEIGHBOURS,
    TIMES,
    misspellings,
    reference_words,
    spelling,
)

from seqapps.metrics.translation import distance


@pytest.fixture(scope="module")
def rows():
    return list(spelling())


def test_words_are_those_of_prose():
    words, every = reference_words()
    assert len(words) > 1500  # the texts differ by the version of Python
    assert words == sorted(set(words))
    assert set(words) <= every
    assert {"statement", "iterable", "separate", "their"} <= set(words)
    assert not {"assert_stmt", "longstringchar", "eturn", "elif"} & set(words)


def test_every_source_means_one_word_and_right_ones_stay(rows):
    words, every = reference_words()
    assert len(rows) == len({row["source"] for row in rows})
    assert [row["source"] for row in rows if row["kind"] == "right"] == words
    for row in rows:
        assert row["target"] in words
        right = row["kind"] == "right"
        assert (row["source"] == row["target"]) is right
        assert right or row["source"] not in every


def test_all_kinds_are_common(rows):
    counts = Counter(row["kind"] for row in rows)
    assert counts.keys() == {*KINDS, "right", "two places"}
    assert min(counts.values()) > 0.04 * len(rows)


def test_errors_are_small(rows):
    """One letter more, less or other, or two turned round; by ear some more."""
    most = {"wrong order": 2, "by ear": 4, "two places": 8}
    for row in rows[::11]:
        assert distance(row["target"], row["source"]) <= most.get(row["kind"], 1)


def test_a_word_is_always_misspelt_in_the_same_ways():
    assert misspellings("separate") == misspellings("separate")
    assert len(misspellings("they")) == TIMES


def test_keys_lie_beside_each_other():
    assert NEIGHBOURS.keys() == set("abcdefghijklmnopqrstuvwxyz")
    for key, others in NEIGHBOURS.items():
        assert all(key in NEIGHBOURS[other] for other in others), key


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("command", ["mm"]),
        ("visible", ["s"]),
        ("they", []),
        ("begin", ["g", "n"]),
        ("labelled", ["b"]),  # labeled is right, too
    ],
)
def test_letters_that_may_be_doubled_or_not(word, expected):
    assert [match.group() for match in DOUBLE.finditer(word)] == expected


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("seperate", "separate"), ("independant", "independent"), ("rong", "wrong"),
        ("recieve", "receive"), ("definate", "definite"), ("fone", "phone"),
        ("appearence", "appearance"),
    ],
)  # fmt: skip
def test_common_errors_by_ear_are_made(wrong, right):
    made = {
        right[: match.start()] + text + right[match.end() :]
        for rule, text in BY_EAR
        for match in rule.finditer(right)
    }
    assert wrong in made
