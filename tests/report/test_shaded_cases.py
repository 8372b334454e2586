"""Shaded tokens of a case read as the text does, and the note says what the shade means."""

from dataclasses import replace

import pytest

from seqapps import registry
from seqapps.answers import Answers
from seqapps.report import cases


@pytest.fixture(scope="module")
def language_model():
    task = registry.load("language_model")
    return task.under(task.settings)


def case_of(task, case, response, tokens):
    judged = Answers([case], [response], None, None)
    weights = {"0": [[token, 1.0 + number] for number, token in enumerate(tokens)]}
    explained = {"picks": [{"title": "Best", "places": [0]}], "weights": weights}
    return cases.groups(task, judged, explained, None)[0]["cases"][0]


def piece(text, context=""):
    return {"text": text, "context": context, "ends": 1.0}


SCORES = {"nats_per_token": 1.5, "tokens": 3, "log_probability": -4.5}


@pytest.mark.parametrize(
    ("text", "tokens", "spaced"),
    [
        ("A dull film", ["a", "dull", "film"], True),  # normalised words without their spaces
        ("It is so", ["It", " is", " so"], False),
        ("so", ["s", "o"], False),
        ("unkn own", ["un", "kn", " own"], False),
        ("Hello!", ["Hello", "!"], False),
        ("zyx is", ["<unk>", " is"], False),
    ],
)
def test_tokens_with_their_own_spaces_get_no_others(language_model, text, tokens, spaced):
    assert case_of(language_model, piece(text), SCORES, tokens)["spaced"] is spaced


def test_a_newline_among_tokens_is_seen(language_model):
    found = case_of(language_model, piece("a\nb"), SCORES, ["a", "\n", "b"])
    assert [word["text"] for word in found["words"]] == ["a", "↵\n", "b"]


def test_what_was_read_before_the_tokens_leads_them(language_model):
    found = case_of(language_model, piece("end", "x" * 200 + " the "), SCORES, ["e", "n", "d"])
    assert found["lead"].startswith("...xx")
    assert found["lead"].endswith(" the ")
    assert len(found["lead"]) == cases.LEAD + 3


def test_the_only_text_is_not_told_twice(sentiment):
    response = {"label": "good", "labels": ["bad", "good"], "scores": [0.1, 0.9]}
    case = {"text": "A DULL film", "label": "good"}
    assert case_of(sentiment, case, response, ["a", "dull", "film"])["lead"] == ""


def test_a_style_is_told_beside_the_scores():
    task = registry.load("language_model")
    settings = replace(task.settings, condition="party")
    found = case_of(task.under(settings), {**piece("so"), "party": "none"}, SCORES, ["s", "o"])
    assert found["facts"][0] == {"name": "party", "value": "none", "side": ""}
    assert found["lead"] == ""


def test_a_long_text_of_single_characters_is_shown_further(language_model):
    text = "x" * 1000
    found = case_of(language_model, piece(text), SCORES, list(text))
    assert len(found["words"]) == cases.SHADED + 1
    assert found["words"][-1]["text"] == f" ... and {1000 - cases.SHADED:,} more tokens"


def test_the_note_says_what_the_weights_mean(sentiment, language_model):
    surprise = cases.shading(language_model, language_model.settings)
    assert "how surprising each is" in surprise
    assert "signature surprisal" in surprise
    assert "pooled" in cases.shading(sentiment, sentiment.settings)
    nothing = replace(sentiment.settings, representation="tfidf")
    assert cases.shading(sentiment, nothing) == ""


def test_a_score_is_told_once(language_model):
    found = case_of(language_model, piece("so"), SCORES, ["s", "o"])
    assert [fact["name"] for fact in found["facts"]].count("nats_per_token") == 1


def test_a_score_that_counts_over_all_cases_is_told_as_such():
    """Of a case alone no word is rare, and CIDEr-D would be 0."""
    task = registry.load("captioning")
    said = ["a red ball", "a blue box", "two green stars"]
    image = {"sha256": "0" * 64}
    judged = Answers(
        [{"image_bytes": image, "captions": text, "scene": ""} for text in said],
        [{"caption": text, "score": -1.0} for text in said],
        [{"caption": said[1], "score": -1.0} for _ in said],
        None,
    )
    explained = {"picks": [{"title": "Best", "places": [0]}], "weights": {}}
    (found,) = cases.groups(task, judged, explained, "nearest_image")[0]["cases"]
    told = {each["name"]: each["value"] for each in found["facts"]}
    assert float(told["cider_d"]) > 5
    assert float(told["cider_d of nearest_image"]) < 1
    assert told["true captions"] == said[0]
    assert "true scene" not in told  # JSON, which the scores of facts are counted by
