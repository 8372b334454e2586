"""BLEU and chrF are sacrebleu's to the last digit; the others are as worked out by hand."""

import math
import random

import numpy as np
import pytest
import sacrebleu

from seqapps.metrics.judge import judge, signatures_of, values_of
from seqapps.metrics.translation import (
    bleu,
    chrf,
    distance,
    exact_match,
    length_ratio,
    token_accuracy,
)

METRICS = {
    "bleu": bleu(), "chrf": chrf(), "exact_match": exact_match(),
    "token_accuracy": token_accuracy(), "length_ratio": length_ratio(),
}  # fmt: skip
WORDS = [*"ABCabcde", "Haus", "haus.", "3,5", "-", "don't", "학교", "Ärger", '"so"', "&amp;"]


def texts(count, *, seed):
    """References of up to 16 words, and translations with words lost, new and in other places."""
    drawn = random.Random(seed)
    references, translations = [], []
    for _ in range(count):
        words = drawn.choices(WORDS, k=drawn.randint(1, 16))
        references.append(" ".join(words))
        told = [drawn.choice(WORDS) if drawn.random() < 0.2 else word for word in words]
        told = [word for word in told if drawn.random() < 0.9]
        if drawn.random() < 0.3:
            told = told[::-1]
        translations.append(" ".join(told))
    return references, translations


def values(references, translations, metrics=METRICS):
    cases = [{"target": text} for text in references]
    return values_of(metrics, cases, [{"translation": text} for text in translations])


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_of_translations_gives_its_example_the_declared_value(name):
    example = METRICS[name].example
    received = values_of(METRICS, example.cases, example.responses)[name]
    assert received == pytest.approx(example.value, rel=1e-12)


@pytest.mark.parametrize("count", [1, 7, 211])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_bleu_and_chrf_are_those_of_sacrebleu(count, seed):
    references, translations = texts(count, seed=seed)
    found = values(references, translations)
    assert found["bleu"] == sacrebleu.corpus_bleu(translations, [references]).score
    assert found["chrf"] == sacrebleu.corpus_chrf(translations, [references]).score


def test_a_resample_has_the_score_that_sacrebleu_gives_it():
    """Sums of rows are what the scores of a bootstrap are made of."""
    references, translations = texts(53, seed=3)
    drawn = np.random.default_rng(0).integers(53, size=53)
    again = [references[place] for place in drawn], [translations[place] for place in drawn]
    for name, ours in (("bleu", sacrebleu.corpus_bleu), ("chrf", sacrebleu.corpus_chrf)):
        metric = METRICS[name]
        rows = metric.statistics(
            [{"target": text} for text in references],
            [{"translation": text} for text in translations],
        )
        assert len(rows) == 53
        assert metric.reduce(rows[drawn].sum(axis=0)) == ours(again[1], [again[0]]).score


def test_case_and_marks_count():
    assert values(["Das ist ein Haus."], ["das ist ein Haus."])["bleu"] < 100
    assert values(["Das ist ein Haus."], ["Das ist ein Haus ."])["bleu"] == pytest.approx(100)
    assert values(["Das ist ein Haus."], ["Das ist ein Haus ."])["exact_match"] == 0


@pytest.mark.parametrize("translation", ["", " ", "a b c d e f"])
def test_what_has_nothing_right_is_0(translation):
    found = values(["x y z w v"], [translation])
    assert found["bleu"] == found["chrf"] == found["token_accuracy"] == 0


def test_single_words_have_no_bleu_and_a_chrf():
    found = values(["Haus", "Katze"], ["Haus", "Katze"])
    assert found["bleu"] == 0
    assert found["chrf"] == 100


def test_signatures_name_what_was_counted():
    found = signatures_of({"bleu": bleu(), "chrf": chrf(), "exact_match": exact_match()})
    assert list(found) == ["bleu", "chrf"]
    version = sacrebleu.__version__
    assert found["bleu"] == f"nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:{version}"
    assert found["chrf"] == f"nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:{version}"


@pytest.mark.parametrize(
    ("reference", "translation", "accuracy", "ratio"),
    [
        ("1999-03-07", "1999-03-11", 4 / 5, 1),
        ("1999-03-07", "1999-03", 3 / 5, 3 / 5),
        ("a b c", "b c", 2 / 3, 2 / 3),  # nothing after a lost word is wrong for it
        ("a b c", "x a b c y", 3 / 5, 5 / 3),
        ("a b", "b a", 0, 1),
        ("a", "", 0, 0),
        ("3月7日", "3月8日", 3 / 4, 1),
    ],
)
def test_tokens_are_laid_side_by_side(reference, translation, accuracy, ratio):
    found = values([reference], [translation])
    assert found["token_accuracy"] == pytest.approx(accuracy)
    assert found["length_ratio"] == pytest.approx(ratio)


def test_long_texts_count_for_more():
    found = values(["a b c d e f g", "h"], ["a b c d e f g", "x"])
    assert found["token_accuracy"] == pytest.approx(7 / 8)
    assert found["exact_match"] == 1 / 2


def test_no_tokens_at_all_have_no_ratio():
    assert math.isnan(METRICS["length_ratio"].reduce(np.zeros(2)))


@pytest.mark.parametrize("seed", range(20))
def test_the_distance_is_that_of_a_table_filled_cell_by_cell(seed):
    drawn = random.Random(seed)
    first, second = ("".join(drawn.choices("abc", k=drawn.randrange(13))) for _ in range(2))
    table = {}
    for i in range(len(first) + 1):
        for j in range(len(second) + 1):
            ways = [i + j] if not i or not j else []
            if i and j:
                replaced = table[i - 1, j - 1] + (first[i - 1] != second[j - 1])
                ways = [table[i - 1, j] + 1, table[i, j - 1] + 1, replaced]
            table[i, j] = min(ways)
    assert distance(first, second) == distance(second, first) == table[len(first), len(second)]


def test_intervals_hold_the_scores():
    references, translations = texts(31, seed=5)
    cases = [{"target": text} for text in references]
    answers = {"model": [{"translation": text} for text in translations]}
    scores, _ = judge(METRICS, cases, answers, resamples=101)
    for name, score in scores["model"].items():
        assert math.isfinite(score["low"]) and math.isfinite(score["high"])
        assert score["low"] <= score["value"] <= score["high"]
        assert score["low"] < score["high"] or name == "exact_match"


def test_cases_and_translations_must_be_as_many():
    for metric in METRICS.values():
        with pytest.raises(ValueError, match="shorter"):
            metric.statistics([{"target": "a"}] * 3, [{"translation": "a"}] * 2)
