"""N-grams and the vectors over them, against scikit-learn."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB

from seqapps.text.ngrams import DocumentFrequency, TermWeights, ngrams
from seqapps.text.words import characters, words

TEXTS = ["the film, the FILM", "a lovely film!", "the end", "lovely lovely"]
PATTERN = r"(?u)\b\w+\b|!"


def terms_of(texts, *, longest=2, tokens=words, separator=" "):
    return ngrams(tokens(tf.constant(texts)), longest=longest, separator=separator)


@pytest.fixture
def learnt():
    counted = DocumentFrequency()
    counted.add(terms_of(TEXTS[:2]))
    counted.add(terms_of(TEXTS[2:]))
    return counted.terms(100)


def test_n_grams_are_all_runs_up_to_the_longest():
    (row,) = terms_of(["a lovely film"]).to_list()
    assert row == [b"a", b"lovely", b"film", b"a lovely", b"lovely film"]


def test_n_grams_of_characters_are_written_together():
    (row,) = terms_of(["abc"], longest=3, tokens=characters, separator="").to_list()
    assert row == [b"a", b"b", b"c", b"ab", b"bc", b"abc"]


def test_terms_are_ranked_by_the_texts_they_occur_in(learnt):
    """ "lovely" occurs three times, in two texts, as often as "film" and "the"."""
    terms, _ = learnt
    assert terms[:3] == ["film", "lovely", "the"]
    assert len(terms) == len(set(terms)) == 13


@pytest.mark.parametrize(
    ("representation", "made"),
    [
        ("one_hot", CountVectorizer(ngram_range=(1, 2), token_pattern=PATTERN, binary=True)),
        ("counts", CountVectorizer(ngram_range=(1, 2), token_pattern=PATTERN)),
        ("tfidf", TfidfVectorizer(ngram_range=(1, 2), token_pattern=PATTERN)),
    ],
)
def test_vectors_are_those_of_scikit_learn(learnt, representation, made):
    made.fit(TEXTS)
    new = ["the lovely film the film", "unknown", "", "the end of the film!"]
    order = [made.vocabulary_[term] for term in learnt[0]]
    expected = made.transform(new).toarray()[:, order]
    ids, values = TermWeights(*learnt, representation)(terms_of(new))
    found = np.zeros([4, 1 + len(order)])
    for row, entries in enumerate(zip(ids, values, strict=True)):
        np.add.at(found[row], *entries)
    np.testing.assert_allclose(found[:, 1:], expected, rtol=1e-5, atol=1e-7)
    assert not found[:, 0].any()  # padding
    assert ids.shape[1] == np.count_nonzero(expected, axis=1).max()


def test_without_a_known_ngram_there_is_padding_alone(learnt):
    ids, values = TermWeights(*learnt, "tfidf")(terms_of(["unknown", ""]))
    np.testing.assert_array_equal(ids, [[0], [0]])
    np.testing.assert_array_equal(values, [[0], [0]])


def test_entries_are_told_by_name(learnt):
    found = TermWeights(*learnt, "counts").entries(terms_of(["film zyzzyva film", ""]))
    assert found == [{"film": 2.0}, {}]


def test_what_occurs_in_one_text_of_many_is_left_out():
    counted = DocumentFrequency()
    counted.add(terms_of([f"common once{number}" for number in range(1009)], longest=1))
    assert counted.terms(50)[0] == ["common"]


def test_rare_terms_are_dropped_where_too_many_are_held():
    counted = DocumentFrequency(most=101)
    for number in range(500):
        counted.add(terms_of([f"common once{number}"], longest=1))
        assert len(counted.counts) <= 101
    assert counted.counts[b"common"] == 500


def test_log_ratios_are_those_of_naive_bayes_in_scikit_learn():
    labels = ["c", "a", "b", "a"]
    counted = DocumentFrequency()
    counted.add(terms_of(TEXTS[:3]), labels[:3])
    counted.add(terms_of(TEXTS[3:]), labels[3:])
    terms, _ = counted.terms(100)
    vectors = CountVectorizer(ngram_range=(1, 2), token_pattern=PATTERN, binary=True)
    made = MultinomialNB().fit(vectors.fit_transform(TEXTS), labels)
    logs = made.feature_log_prob_[:, [vectors.vocabulary_[term] for term in terms]]
    np.testing.assert_allclose(
        counted.log_ratios(terms), (logs - logs.mean(axis=0)).T, rtol=1e-5, atol=1e-7
    )


def test_log_ratios_by_hand():
    """good: (1+2)/(3+2) of x and (1+0)/(1+2) of y; half of ln((3/5)/(1/3)) = ln(1.8)."""
    counted = DocumentFrequency()
    counted.add(terms_of(["good", "good bad", "bad"], longest=1), ["x", "x", "y"])
    np.testing.assert_allclose(
        counted.log_ratios(["good", "bad"]),
        [[np.log(1.8) / 2, -np.log(1.8) / 2], [np.log(0.6) / 2, -np.log(0.6) / 2]],
        rtol=1e-6,
    )


def test_the_counts_of_labels_are_dropped_with_the_terms():
    counted = DocumentFrequency(most=101)
    for number in range(500):
        counted.add(terms_of([f"common once{number}"], longest=1), ["ab"[number % 2]])
        assert all(counts.keys() <= counted.counts.keys() for counts in counted.of_label.values())
    assert [counted.of_label[label][b"common"] for label in "ab"] == [250, 250]
