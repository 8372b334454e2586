"""A sentence becomes these ids and no others: one row, by hand."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from seqapps.tasks.tagging.features import TagFeatures, fit
from seqapps.tasks.tagging.raw import split_raw
from seqapps.tasks.tagging.task import TASK

SETTINGS = replace(TASK.tiny, max_characters=5)
STATE = {
    "words": ["the", "watch"],
    "counts": np.array([7, 3], "float32"),
    "characters": ["t", "h", "e", "w", "a", "c", "T"],
    "tags": ["DET", "NOUN", "VERB"],
}


@pytest.fixture
def features():
    return TagFeatures(SETTINGS, STATE)


def pair(features, text, tags):
    inputs, targets = features.pair({"text": tf.constant(text), "tags": tf.constant(tags)})
    return {name: ids.numpy().tolist() for name, ids in inputs.items()}, targets.numpy().tolist()


def test_the_watch_stops(features):
    """Words: 2 the, 3 watch, 1 unknown. Characters count from 3, 2 is unknown. Tags from 1."""
    inputs, targets = pair(features, ["The watch", "Stops"], ["DET NOUN", "VERB"])
    assert inputs["words"] == [[2, 3], [1, 0]]
    assert inputs["characters"] == [
        [[9, 4, 5, 0, 0], [6, 7, 3, 8, 4]],
        [[2, 3, 2, 2, 2], [0, 0, 0, 0, 0]],
    ]
    assert targets == [[1, 2], [3, 0]]


def test_of_a_long_word_both_ends_are_read(features):
    """whitewatch -> wh + tch."""
    inputs, _ = pair(features, ["whitewatch"], ["NOUN"])
    assert inputs["characters"] == [[[6, 4, 3, 8, 4]]]


def says_the_third_where_a_word_is_unknown(inputs):
    unknown = tf.cast(inputs["words"] == 1, tf.float32)[:, :, None]
    return tf.concat([1 - unknown, unknown * 0, 4 * unknown], axis=2)  # [batch, time, tags]


def test_the_answer_has_a_tag_for_every_word_and_none_for_padding(features):
    raw = {"text": tf.constant(["The film !", "the"])}
    answer = features.respond(says_the_third_where_a_word_is_unknown, raw)
    assert answer["tokens"].numpy().tolist() == [[b"The", b"film", b"!"], [b"the", b"", b""]]
    assert answer["tags"].numpy().tolist() == [[b"DET", b"VERB", b"VERB"], [b"DET", b"", b""]]
    assert answer["ids"].numpy().tolist() == [[2, 1, 1], [2, 0, 0]]
    sure = np.exp(4) / (np.exp(4) + 2)
    np.testing.assert_allclose(answer["scores"][0, 1:], [sure, sure], rtol=1e-6)
    np.testing.assert_array_equal(answer["scores"][1, 1:], [0, 0])


def test_nothing_is_answered_by_one_step_of_padding(features):
    answer = features.respond(
        says_the_third_where_a_word_is_unknown, {"text": tf.constant(["", " \n"])}
    )
    assert answer["tags"].numpy().tolist() == [[b""], [b""]]


def test_fit_counts_words_without_capitals_and_characters_with_them():
    rows = [{"text": "A cat A", "tags": "DET NOUN DET"}, {"text": "a dog", "tags": "DET NOUN"}]
    state = fit(iter(rows), replace(SETTINGS, vocabulary=2))
    assert state["words"] == ["a", "cat"]
    assert state["counts"].tolist() == [3, 1]
    assert sorted(state["characters"]) == sorted("AacdogAt".replace("A", "", 1))
    assert state["tags"] == ["DET", "NOUN"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop, it's 3.5 km!", "Do n't stop , it 's 3.5 km !"),
        ("We can’t — I cannot.", "We ca n’t — I can not ."),
        ("Mr. Li of the U.S. paid 1,200 (or so)...", "Mr. Li of the U.S. paid 1,200 ( or so ) ..."),
        ("See http://a.b/c?d=1 or ask a.b@c.org :)", "See http://a.b/c?d=1 or ask a.b@c.org :)"),
        ("a 15-year-old's 'so-called' word", "a 15 - year - old 's ' so - called ' word"),
        ("  Ça  va?!\n", "Ça va ? !"),
        ("", ""),
    ],
)  # fmt: skip
def test_raw_text_is_cut_as_universal_dependencies_cuts_english(text, words):
    assert split_raw(tf.constant([text])).numpy()[0].decode() == words


def test_raw_text_gets_the_tags_of_its_words(features):
    raw = {"text": tf.constant(["The watch!"])}
    answer = features.raw_text(says_the_third_where_a_word_is_unknown, raw)
    assert answer["tokens"].numpy().tolist() == [[b"The", b"watch", b"!"]]
