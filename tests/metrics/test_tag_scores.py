"""Scores of tags: what counts as a word, and that padding never does."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from seqapps.metrics.tagging import (
    sentence_accuracy,
    tag_macro_f1,
    tagged,
    token_accuracy,
    unseen_accuracy,
)

TAGS = ["ADJ", "NOUN", "VERB"]


@pytest.fixture(scope="module")
def drawn():
    """(cases, answers with padding, true tags, told tags, unseen) of 17 sentences."""
    random = np.random.default_rng(0)
    cases, answers, true, told, unseen = [], [], [], [], []
    for length in random.integers(1, 11, 17):
        mine, theirs = random.choice(TAGS, [2, length])
        ids = random.choice([1, 2, 5], length)
        padding = 13 - length
        cases.append({"text": " ".join(f"w{n}" for n in range(length)), "tags": " ".join(mine)})
        answers.append({"tags": [*theirs, *[""] * padding], "ids": [*ids, *[0] * padding]})
        true += [*mine]
        told += [*theirs]
        unseen += [*(ids == 1)]
    return cases, answers, np.array(true), np.array(told), np.array(unseen)


def value(metric, cases, answers):
    return metric.reduce(metric.statistics(cases, answers).sum(axis=0))


def test_token_accuracy_is_that_of_all_words_together(drawn):
    cases, answers, true, told, _ = drawn
    assert value(token_accuracy(), cases, answers) == pytest.approx(accuracy_score(true, told))


def test_unseen_accuracy_is_that_of_the_words_that_training_lacks(drawn):
    cases, answers, true, told, unseen = drawn
    expected = accuracy_score(true[unseen], told[unseen])
    assert value(unseen_accuracy(), cases, answers) == pytest.approx(expected)


def test_macro_f1_is_that_of_scikit_learn(drawn):
    cases, answers, true, told, _ = drawn
    expected = f1_score(true, told, average="macro")
    assert value(tag_macro_f1(), cases, answers) == pytest.approx(expected)


def test_without_unseen_words_their_score_is_no_number():
    case, answer = {"text": "go", "tags": "VERB"}, {"tags": ["VERB"], "ids": [7]}
    assert np.isnan(value(unseen_accuracy(), [case], [answer]))


def test_a_word_that_gets_no_tag_is_wrong():
    case, answer = {"text": "go on", "tags": "VERB ADV"}, {"tags": ["VERB"], "ids": [7]}
    assert [one.told for one in tagged(case, answer)] == ["VERB", ""]
    assert value(sentence_accuracy(), [case], [answer]) == 0
