"""What the report of a language model shows is asked of the model, and is what it says."""

import math

import numpy as np
import pytest
from seqapps.tasks.language_model import observed, styles, surprise, written

from seqapps import checks
from seqapps.task import Surroundings
from seqapps.text import codec


def numbers(value):
    if isinstance(value, dict):
        return [number for each in value.values() for number in numbers(each)]
    if isinstance(value, list):
        return [number for each in value for number in numbers(each)]
    return [value] if isinstance(value, int | float) else []


@pytest.mark.long
def test_a_tiny_model_is_observed_and_its_sections_draw(trial):
    checks.check_figures_draw(trial)
    found = trial.observed
    assert len(numbers(found)) > 500
    assert all(map(math.isfinite, numbers(found)))
    assert found["styles"] is None
    assert len(found["written"]["samples"]) == written.SHOWN * len(written.TEMPERATURES)
    assert "".join(token for token, _ in found["surprise"]["passage"]["tokens"])


@pytest.mark.long
def test_surprise_is_that_of_the_model_and_of_its_n_grams(trial):
    """The parts of a picture add up to the nats that the model and the baseline are judged by."""
    cases = trial.cases("test")
    theirs = trial.task.baselines["kneser_ney"](trial.cases("train"))(cases)
    tokens = sum(response["tokens"] for response in trial.responses)
    parts = trial.observed["surprise"]["position"]
    assert sum(part["tokens"] for part in parts) == tokens
    for key, answers in (("model", trial.responses), ("ngrams", theirs)):
        told = sum(part["tokens"] * part[key] for part in parts)
        judged = -sum(response["log_probability"] for response in answers)
        assert told == pytest.approx(judged, rel=1e-3)


def test_neighbours_are_those_of_the_vectors(trial):
    model, features = trial.trained
    vectors = np.array(model.get_layer("embedding").get_weights()[0])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = features.codec.names()
    answer = features.neighbours(model, {"token": np.array(["the", "", "e"])})
    for row, name in ((0, "t"), (2, "e")):
        cosine = vectors @ vectors[names.index(name)]
        order = [id_ for id_ in np.argsort(-cosine) if id_ > 2 and names[id_] != name]
        told = [token.decode() for token in answer["tokens"].numpy()[row]]
        assert told == [names[id_] for id_ in order[: len(told)]]
        assert np.allclose(answer["similarities"][row], cosine[order[: len(told)]], atol=1e-6)
    assert np.isfinite(answer["similarities"][1]).all(), "a text without tokens is answered, too"


@pytest.mark.parametrize(
    ("prompt", "whole"),
    [("An assignment state", "An assignment"), ("One", "One"), ("", ""), ("a b ", "a"),
     ("Title\n*****\n\nUnlike", "Title\n*****"), ("  so", "  so"), ("말은 하나", "말은")],
)  # fmt: skip
def test_a_prompt_ends_with_a_whole_word(prompt, whole):
    assert written.whole_words(prompt) == whole


def test_the_surprise_of_a_word_is_that_of_the_tokens_that_end_in_it():
    spans = list(surprise._spans(["It", " is", "n't", " 3", ".", "5", "\n", "so", "on"]))
    assert spans == [
        ("it", 0, 1), ("isn't", 1, 3), ("3", 3, 4), ("5", 5, 6), ("soon", 7, 9),
    ]  # fmt: skip
    assert list(surprise._spans(list("a b"))) == [("a", 0, 1), ("b", 2, 3)]


def test_places_are_counted_from_the_start_of_each_document():
    cases = [{"text": "abc", "context": ""}, {"text": "de", "context": "abc"},
             {"text": "f", "context": "abcde"}, {"text": "gh", "context": ""}]  # fmt: skip
    assert surprise._starts(cases) == [0, 3, 5, 0]


def test_texts_are_cut_to_as_much_in_all():
    assert written._cut(["abcde", "fgh", "ij"], 7) == ["abcde", "fg", ""]


def test_training_that_is_too_long_is_read_up_to_a_point(monkeypatch):
    monkeypatch.setattr(observed, "READ", 17)
    cases = [{"text": "one two three", "context": ""}, {"text": " four five", "context": ""}]
    tokens = codec.codec(codec.fit(["one two three four"], tokens="characters", vocabulary=100))
    training = observed.Training(cases, tokens)
    assert training.texts == ["one two three", " fou"]
    assert not training.whole
    assert training.counts.sum() == 17
    assert [training.count(word) for word in ("one", "fou", "never")] == [1, 1, 0]


class Writes:
    """An export that writes the words of the style it is given, or those of nobody."""

    def __init__(self, heeds):
        self.heeds = heeds
        self.seeds = []

    def __call__(self, name, cases):
        assert name == "generate"
        self.seeds += [case["seed"] for case in cases if not case["prompt"]]
        found = []
        for case in cases:
            random = np.random.default_rng(case["seed"])
            words = WORDS[case["party"]] if self.heeds else [*WORDS["owl"], *WORDS["lark"]]
            found.append({"continuation": " ".join(random.choice(words, 60))})
        return found


WORDS = {"owl": ["night", "moon", "mouse", "hoot"], "lark": ["dawn", "sun", "seed", "sing"]}


@pytest.fixture
def birds(language_model):
    from dataclasses import replace

    random = np.random.default_rng(3)

    def piece(style):
        text = " ".join(random.choice(WORDS[style], 200))
        return {"text": text, "context": "", "prompt": text[:40], "party": style}

    cases = [piece(style) for style in ("owl", "lark") for _ in range(7)]
    rare = {**piece("owl"), "text": "cuckoo", "party": "cuckoo"}
    settings = replace(language_model.settings, condition="party")
    return Surroundings(settings=settings, state={}, train=[*cases, rare], test=cases)


@pytest.mark.parametrize("heeds", [True, False])
def test_a_classifier_sees_whether_the_style_steers(birds, heeds):
    ask = Writes(heeds)
    found = styles.styles(ask, birds)
    assert sorted(found["names"]) == ["lark", "owl"]
    verdict = found["verdict"]
    assert verdict["real"]["right"] == verdict["real"]["of"]
    assert verdict["written"]["of"] == 2 * styles.TEXTS
    share = verdict["written"]["right"] / verdict["written"]["of"]
    assert (share == 1) if heeds else (0.3 < share < 0.7)
    assert len(ask.seeds[-2 * styles.TEXTS :]) == len(set(ask.seeds[-2 * styles.TEXTS :]))
    assert [each["style"] for each in found["samples"]] == found["names"] * styles.PROMPTS


def test_styles_that_are_held_out_come_first(birds):
    from dataclasses import replace

    many = [{**case, "party": "cuckoo"} for case in birds.train] * 3
    found = styles.styles(Writes(True), replace(birds, train=[*birds.train, *many]))
    assert sorted(found["names"]) == ["lark", "owl"]


def test_one_style_alone_is_compared_with_nothing(birds):
    from dataclasses import replace

    alone = [{**case, "party": "owl"} for case in birds.train]
    assert styles.styles(Writes(True), replace(birds, train=alone)) is None
