"""A review becomes these ids and no others: one row, by hand."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from seqapps.tasks.sentiment.features import TextFeatures, fit
from seqapps.tasks.sentiment.task import TASK
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from seqapps.training.train import build

WORDS = replace(TASK.tiny, max_tokens=5, wide=False)
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


def test_a_wide_and_deep_network_takes_ids_and_two_bags_of_ngrams(trained):
    _, features, state = trained
    ids, *bags = features.encode(tf.constant(["lovely"]))
    assert ids.shape == (1, 1)
    for terms, (places, values) in zip(
        (state["words_terms"], state["characters_terms"]),
        (bags[:2], bags[2:]),
        strict=True,
    ):
        assert places.shape == values.shape
        found = [terms[place - 1] for place in places.numpy()[0]]
        assert len(found) == len(set(found))
        assert set(found) <= set(terms)
        assert np.linalg.norm(values) == pytest.approx(1, abs=1e-5)


def test_the_scores_of_a_wide_and_deep_network_are_of_the_sum_of_its_logits(trained):
    model, features, _ = trained
    given = features.encode(tf.constant(["The cast is not dull but lovely", "messy"]))
    names = ["text_logits", "words_logits", "characters_logits"]
    parts = keras.Model(model.input, [model.get_layer(name).output for name in names])(given)
    (weight,) = model.get_layer("scores").get_weights()[0]
    expected = keras.ops.softmax(weight * sum(parts))
    np.testing.assert_allclose(model(given), expected, rtol=1e-5)


def test_naive_bayes_answers_as_that_of_scikit_learn(toy, tiny, sentiment):
    """The weights are not trained, and the untrained bias is 0: equal chances before the text."""
    settings = replace(tiny, representation="counts", naive_bayes="weights")
    rows = toy.splits["train"]
    state = sentiment.fit(rows, settings)
    model, features = build(sentiment, settings, state, seed=0)
    assert [variable.name for variable in model.trainable_variables] == ["bias"]
    pattern = r"(?u)\b\w+\b|[!?]"
    vectors = CountVectorizer(
        vocabulary=state["text_terms"], ngram_range=(1, 2), token_pattern=pattern, binary=True
    )
    made = MultinomialNB(fit_prior=False)
    made.fit(vectors.transform([row["text"] for row in rows]), [row["label"] for row in rows])
    texts = [row["text"] for row in toy.splits["valid"]]
    scores = features.respond(model, {"text": tf.constant(texts)})["scores"]
    np.testing.assert_allclose(scores, made.predict_proba(vectors.transform(texts)), rtol=1e-4)


@pytest.mark.parametrize("tokens", ["words", "characters"])
def test_a_wide_network_of_characters_has_no_words(tokens):
    members = replace(TASK.settings, tokens=tokens).members()
    assert list(members) == {
        "words": ["text", "words", "characters"], "characters": ["text", "characters"]
    }[tokens]  # fmt: skip
    assert members["characters"].max_tokens == {"words": 2400, "characters": 400}[tokens]


def test_the_characters_of_an_ensemble_cover_the_words_of_the_others():
    settings = replace(TASK.settings, tokens="characters", ensemble=True, max_tokens=7)
    assert {name: member.max_tokens for name, member in settings.members().items()} == {
        "naive_bayes": 7, "recurrent": 7, "characters": 42
    }  # fmt: skip
