"""Leaving words out finds the words that a known model rests on."""

import math

import pytest

from seqapps.report import words
from seqapps.report.picks import labels_of

NAMES = ["bad", "good"]
TELLING = {"lovely": 2.0, "dull": -3.0}  # log odds of "good"


def ask(cases):
    """A model that adds up the log odds of words it knows."""
    found = []
    for case in cases:
        odds = sum(TELLING.get(word, 0.0) for word in case["text"].lower().split())
        good = 1 / (1 + math.exp(-odds))
        label = "good" if good >= 0.5 else "bad"
        found.append({"label": label, "labels": NAMES, "scores": [1 - good, good]})
    return found


@pytest.fixture
def labels(sentiment):
    return labels_of(sentiment)


def test_the_effect_of_a_word_is_its_log_odds_shrunk_by_two_texts(labels):
    texts = ["A lovely film", "a LOVELY cast", "lovely", "dull", "dull film", "a dull dull cast"]
    cases = [{"text": text, "label": "good"} for text in texts]
    found = words.effects(labels, "text", cases, ask(cases), ask)
    assert found["good"] == [["lovely", pytest.approx(2.0 * 3 / 5, abs=1e-3), 3]]
    # The third text keeps one "dull" when the first is left out: 3 nats there too.
    assert found["bad"] == [["dull", pytest.approx(3.0 * 3 / 5, abs=1e-3), 3]]


def test_a_word_of_few_texts_is_not_asked_for(labels):
    cases = [{"text": text, "label": "good"} for text in ("lovely", "lovely film", "film")]
    asked = []

    def counting(variants):
        asked.extend(case["text"] for case in variants)
        return ask(variants)

    assert words.effects(labels, "text", cases, ask(cases), counting) == {}
    assert asked == []


def test_long_texts_are_asked_for_fewer_words(labels, monkeypatch):
    monkeypatch.setattr(words, "TOKENS", 100)
    cases = [{"text": "lovely dull film cast plot", "label": "good"} for _ in range(7)]
    asked = []

    def counting(variants):
        asked.extend(variants)
        return ask(variants)

    words.effects(labels, "text", cases, ask(cases), counting)
    assert 0 < len(asked) * 5 <= 100


def test_stretches_put_together_are_the_text(labels):
    case = {"text": " A lovely, 'dull' film... ", "label": "good"}
    found = words.shades(labels, "text", case, ask([case])[0], ask)
    assert "".join(text for text, _ in found) == case["text"]
    assert {text for text, effect in found if effect is not None} == {
        "A", "lovely", "dull", "film",
    }  # fmt: skip


def test_an_effect_has_the_sign_of_the_label_that_was_told(labels):
    case = {"text": "lovely lovely dull", "label": "good"}  # log odds 1: good
    found = dict(words.shades(labels, "text", case, ask([case])[0], ask))
    assert found["lovely"] == pytest.approx(2.0, abs=1e-3)
    assert found["dull"] == pytest.approx(-3.0, abs=1e-3)


def test_a_text_without_words_is_one_stretch(labels):
    case = {"text": "...", "label": "good"}
    assert words.shades(labels, "text", case, ask([case])[0], ask) == [["...", None]]
