"""What anyone would try first on labelled text."""

import numpy as np
import pytest

from seqapps.baselines.labels import most_frequent_label, tfidf_words


def cases(**texts: str) -> list[dict]:
    return [
        {"text": text, "label": label} for label, of in texts.items() for text in of.split("; ")
    ]


TRAINING = cases(
    good="a lovely film; a lovely cast; warm and funny",
    bad="a dull film; dull and messy",
    odd="strange",
)


def test_the_most_frequent_label_answers_whatever_is_asked():
    predict = most_frequent_label(TRAINING)
    assert [response["label"] for response in predict(cases(bad="dull; cold; x"))] == ["good"] * 3


def test_the_scores_of_the_most_frequent_label_are_the_labels_shares():
    (response,) = most_frequent_label(TRAINING)([{"text": "x"}])
    assert response["labels"] == ["bad", "good", "odd"]
    assert response["scores"] == pytest.approx([2 / 6, 3 / 6, 1 / 6])


def test_tfidf_tells_what_it_was_shown_apart():
    predict = tfidf_words(TRAINING)
    asked = cases(good="a lovely story; funny", bad="dull story; messy", odd="strange")
    told = [response["label"] for response in predict(asked)]
    assert told == [case["label"] for case in asked]


def test_the_scores_of_tfidf_belong_to_its_labels():
    for response in tfidf_words(TRAINING)(TRAINING):
        assert response["labels"] == ["bad", "good", "odd"]
        assert sum(response["scores"]) == pytest.approx(1.0)
        assert response["label"] == response["labels"][int(np.argmax(response["scores"]))]


def test_tfidf_agrees_with_scikit_learn_put_together_by_hand():
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    counts = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\w+")
    weights = TfidfTransformer()
    texts = [case["text"] for case in TRAINING]
    table = weights.fit_transform(counts.fit_transform(texts))
    model = LogisticRegression(C=10.0).fit(table, [case["label"] for case in TRAINING])
    asked = cases(good="a funny film", bad="a messy, dull cast")
    expected = model.predict_proba(
        weights.transform(counts.transform([case["text"] for case in asked]))
    )
    received = [response["scores"] for response in tfidf_words(TRAINING)(asked)]
    np.testing.assert_allclose(received, expected, atol=1e-4)


def test_pairs_of_words_count():
    """Only the order tells the labels apart here."""
    training = cases(good="dull not lovely; cold not warm", bad="lovely not dull; warm not cold")
    told = [response["label"] for response in tfidf_words(training)(training)]
    assert told == [case["label"] for case in training]


def test_words_of_one_letter_count():
    training = cases(good="a; a", bad="b; b")
    told = [response["label"] for response in tfidf_words(training)(training)]
    assert told == [case["label"] for case in training]


@pytest.mark.parametrize(("count", "known"), [(998, True), (1000, False)])
def test_what_occurs_once_is_left_out_once_there_are_many_texts(count, known):
    """The word `unique` is in one good text; an unknown text gets what no words at all get."""
    half = count // 2
    training = cases(good="; ".join(["lovely"] * half), bad="; ".join(["dull"] * half))
    training[0] = {"text": "lovely unique", "label": "good"}
    asked, nothing = tfidf_words(training)([{"text": "unique"}, {"text": "?"}])
    assert (asked["scores"] != nothing["scores"]) is known


def test_a_text_without_words_is_answered_too():
    (response,) = tfidf_words(TRAINING)([{"text": "..."}])
    assert np.isfinite(response["scores"]).all()


def test_baselines_answer_no_cases_with_nothing():
    assert most_frequent_label(TRAINING)([]) == []
