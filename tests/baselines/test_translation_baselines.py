"""Copying, looking up, and word by word."""

import math
import random

import numpy as np
import pytest
import sacrebleu
from sklearn.feature_extraction.text import TfidfVectorizer

from seqapps.baselines import translation
from seqapps.baselines.translation import _grams, copy_source, nearest_source
from seqapps.baselines.word_by_word import Spacing, ibm_model_1

PAIRS = {
    "A dog runs.": "Ein Hund rennt.",
    "A cat sleeps.": "Eine Katze schläft.",
    "The dog sleeps, the cat runs.": "Der Hund schläft, die Katze rennt.",
    "Two dogs and a cat.": "Zwei Hunde und eine Katze.",
    "The cat runs.": "Die Katze rennt.",
}
TRAINING = [{"source": source, "target": target} for source, target in PAIRS.items()]
ALL = {"copy": copy_source, "nearest": nearest_source, "ibm": ibm_model_1}


def told(predict, *sources):
    return [response["translation"] for response in predict([{"source": text} for text in sources])]


@pytest.mark.parametrize("name", ALL)
def test_every_case_gets_a_translation_and_a_score(name):
    predict = ALL[name](TRAINING)
    responses = predict([{"source": text} for text in ("A dog.", "?", "xyz 7", "한국어")])
    assert len(responses) == 4
    for response in responses:
        assert response.keys() == {"translation", "score"}
        assert isinstance(response["translation"], str)
        assert math.isfinite(response["score"])
    assert predict([]) == []


def test_a_copy_is_the_source():
    assert told(copy_source(TRAINING), "A  dog.") == ["A  dog."]


def test_what_training_has_is_found_whatever_its_case():
    predict = nearest_source(TRAINING)
    assert told(predict, *PAIRS) == list(PAIRS.values())
    response, capitals = predict([{"source": "A cat sleeps."}, {"source": "A CAT SLEEPS."}])
    assert response["score"] == capitals["score"] == pytest.approx(1)


def test_the_nearest_shares_words_in_a_row_or_letters_of_a_word():
    predict = nearest_source(TRAINING)
    assert told(predict, "a big cat sleeps", "doggs") == [
        "Eine Katze schläft.",
        "Zwei Hunde und eine Katze.",
    ]


def test_nothing_in_common_has_the_first_translation_and_no_similarity():
    (response,) = nearest_source(TRAINING)([{"source": "ㅋㅋ"}])
    assert response == {"translation": "Ein Hund rennt.", "score": 0}


def random_cases(count, *, seed):
    drawn = random.Random(seed)
    words = ["dog", "cat", "house", "tree", "sleeps", "runs", "a", "the", "red", "3", "."]
    return [
        {"source": " ".join(drawn.choices(words, k=drawn.randint(1, 9))), "target": str(number)}
        for number in range(count)
    ]


def test_it_is_the_one_that_tfidf_by_hand_finds(monkeypatch):
    monkeypatch.setattr(translation, "CELLS", 7 * 101)  # seven questions at a time
    training, asked = random_cases(101, seed=0), random_cases(53, seed=1)
    grams = {gram for case in training + asked for gram in _grams(case["source"])}
    vectorizer = TfidfVectorizer(analyzer=_grams, vocabulary=sorted(grams))
    known = vectorizer.fit_transform([case["source"] for case in training]).toarray()
    wanted = vectorizer.transform([case["source"] for case in asked]).toarray()
    similar = wanted @ known.T  # [asked, training]
    for response, row in zip(nearest_source(training)(asked), similar, strict=True):
        assert response["score"] == pytest.approx(row.max(), abs=1e-5)
        assert row[int(response["translation"])] == pytest.approx(row.max(), abs=1e-5)


def test_n_grams_by_hand():
    assert set(_grams("A dog, no cat!")) >= {
        "a",
        "dog no cat",
        "a dog no cat",
        "# a ",
        "#at!",
        "#t! ",
    }
    assert list(_grams("7")) == ["7", "# 7 "]
    assert list(_grams("")) == []


@pytest.mark.parametrize("most", [1, 2, 3, 5, 7])
def test_of_many_cases_some_from_all_over_are_searched(monkeypatch, most):
    monkeypatch.setattr(translation, "MOST", most)
    predict = nearest_source(TRAINING)
    found = [told(predict, source) == [target] for source, target in PAIRS.items()]
    assert sum(found) == min(most, 5)
    assert found[0]
    assert most == 1 or found[-1]


def test_words_are_translated_one_by_one():
    predict = ibm_model_1(TRAINING)
    assert told(predict, "The dog sleeps, the cat sleeps.")[0].endswith("Katze schläft.")
    assert told(predict, "cat dog") == ["Katze Hund"]


def test_unknown_words_are_copied_and_count_as_one_of_all_target_words():
    """German has 13 tokens here, marks among them; with NULL's place they are 14."""
    predict = ibm_model_1(TRAINING)
    assert told(predict, "unicorn 42!") == ["unicorn 42 !"]
    (response,) = predict([{"source": "unicorn"}])
    targets = {
        token
        for text in PAIRS.values()
        for token in text.replace(".", " .").replace(",", " ,").split()
    }
    assert response["score"] == pytest.approx(-math.log(len(targets) + 1))


def test_a_word_that_nothing_stands_for_is_left_out():
    """`do` has no counterpart, and the likeliest word for it comes sooner from nothing."""
    drawn = random.Random(0)
    words = {f"w{letter}": f"v{letter}" for letter in "abcdefghijklmnopqrstuvw"}
    cases = []
    for number in range(307):
        chosen = drawn.sample(list(words), 5)
        source = [*chosen, "do"] if number % 2 else chosen
        cases.append(
            {"source": " ".join(source), "target": " ".join([*map(words.get, chosen), "ja"])}
        )
    predict = ibm_model_1(cases)
    assert told(predict, "wc do wg wk") == ["vc vg vk"]


def test_spaces_are_put_where_training_has_them():
    spacing = Spacing()
    for text in ("Ja, ja! Oh nein", "1999-03-03", "(so) 年月日"):
        spacing.add(text)
    assert spacing.joined(["oh", ",", "nein", "nein", "!"]) == "oh, nein nein!"
    assert spacing.joined(["2001", "-", "07", "-", "11"]) == "2001-07-11"
    assert spacing.joined(["(", "ja", ")"]) == "(ja)"
    assert spacing.joined(["月", "日", "年"]) == "月日年"
    assert spacing.joined(["ja", "…"]) == "ja …"  # nothing is known of it
    assert spacing.joined([]) == ""


def test_only_the_first_hundred_tokens_of_a_text_are_aligned():
    long = {"source": "a " * 100 + "late", "target": "b " * 100 + "spät"}
    assert told(ibm_model_1([long]), "a late") == ["b late"]


def test_a_word_that_stood_beside_nothing_is_copied():
    predict = ibm_model_1([*TRAINING, {"source": "zebra", "target": "\u3000"}])
    assert told(predict, "cat zebra") == ["Katze zebra"]


def test_baselines_of_words_work_on_a_single_case():
    for name in ALL:
        assert len(ALL[name](TRAINING[:1])([{"source": "A dog runs."}])) == 1


@pytest.mark.shared_data
def test_real_sentences_are_translated_as_well_as_when_it_was_measured(shared_data):
    """Of a tenth of Multi30k. Of all of it: 17.6 word by word, 11.4 looked up, 0.5 copied."""
    training, test = (
        [
            dict(zip(("source", "target"), line.split("\t"), strict=True))
            for line in (shared_data / "translation" / f"multi30k_en_de_{split}.tsv")
            .read_text(encoding="utf-8")
            .splitlines()[1 : limit + 1]
        ]
        for split, limit in (("train", 2900), ("test2016", 211))
    )
    scores = {}
    for name, baseline in ALL.items():
        translations = [response["translation"] for response in baseline(training)(test)]
        references = [case["target"] for case in test]
        scores[name] = sacrebleu.corpus_bleu(translations, [references]).score
    assert scores["copy"] < 2 < 5 < scores["nearest"] < scores["ibm"]
    assert np.isfinite(list(scores.values())).all()
