"""A review becomes these ids and no others: one row, by hand."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from seqapps.tasks.sentiment.features import TextFeatures, fit
from seqapps.tasks.sentiment.task import TASK

WORDS = replace(TASK.tiny, max_tokens=5)
STATE = {"text_terms": ["the", "film", "!", "lovely"], "labels": ["negative", "positive"]}


@pytest.fixture
def features():
    return TextFeatures(WORDS, STATE)


def pair(features, *texts, label="positive"):
    columns = {"text": tf.constant(list(texts)), "label": tf.constant([label] * len(texts))}
    ids, labels = features.pair(columns)
    return ids.numpy().tolist(), labels.numpy().tolist()


def test_a_lovely_film(features):
    """ "a" is unknown: 1; the vocabulary counts from 2: the, film, !, lovely."""
    assert pair(features, "A lovely film!") == ([[1, 5, 3, 4]], [1])


def test_padding_is_zero(features):
    ids, _ = pair(features, "Lovely", "the film")
    assert ids == [[5, 0], [2, 3]]


def test_labels_are_numbered_in_the_order_of_the_state(features):
    assert [pair(features, "x", label=label)[1] for label in STATE["labels"]] == [[0], [1]]


def test_words_beyond_the_longest_text_are_cut(features):
    ids, _ = pair(features, "the film the film the film lovely")
    assert ids == [[2, 3, 2, 3, 2]]


def test_a_text_without_words_is_one_step_of_padding(features):
    assert pair(features, "...")[0] == [[0]]


def scores_of_ids(ids):
    """Stands for a model: rows with more known words are more positive."""
    known = tf.reduce_sum(tf.cast(ids > 1, tf.float32), axis=1)  # [batch]
    return tf.stack([1 / (1 + known), known / (1 + known)], axis=1)  # [batch, labels]


def test_the_answer_is_the_label_of_the_highest_score(features):
    answer = features.respond(scores_of_ids, {"text": tf.constant(["A lovely film!", "dull"])})
    assert answer["label"].numpy().tolist() == [b"positive", b"negative"]
    np.testing.assert_allclose(answer["scores"], [[1 / 4, 3 / 4], [1, 0]])
    assert answer["labels"].numpy().tolist() == [[b"negative", b"positive"]] * 2


def test_serving_sees_the_ids_that_training_sees(features):
    texts = ["A lovely film!", "", "the film the film the film"]
    seen = []

    def model(ids):
        seen.append(ids.numpy().tolist())
        return scores_of_ids(ids)

    features.respond(model, {"text": tf.constant(texts)})
    assert seen == [pair(features, *texts)[0]]


def test_fit_learns_frequent_words_and_sorted_labels():
    rows = [
        {"text": "The film, the FILM", "label": "positive"},
        {"text": "the film!", "label": "negative"},
        {"text": "the end", "label": "mixed"},
    ]
    assert fit(rows, replace(WORDS, vocabulary=3)) == {
        "text_terms": ["the", "film", "!"],
        "labels": ["mixed", "negative", "positive"],
    }


def test_the_explanation_has_a_weight_for_every_word(sentiment, tiny, trained):
    model, features, _ = trained
    raw = {"text": tf.constant(["The cast is not dull but lovely", "lovely", ""])}
    shown = features.explain(model, raw)
    assert shown["tokens"].shape == shown["ids"].shape == shown["weights"].shape == [3, 7]
    np.testing.assert_allclose(np.sum(shown["weights"], axis=1), [1, 1, 0], atol=1e-5)
    assert not np.asarray(shown["weights"])[shown["tokens"].numpy() == b""].any()
