"""N-grams count the model's own tokens, and know what stands before a piece."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from seqapps.tasks.language_model import baselines
from seqapps.tasks.language_model.baselines import n_grams
from seqapps.tasks.language_model.task import TASK

from seqapps.baselines.kneser_ney import KneserNey
from seqapps.text.codec import codec
from seqapps.text.token_ids import UNKNOWN

LINE = (
    "The cat sat on the mat, and that was that: 고양이가 앉았다.\n\nIs that a hat? No,  it is 😀. "
)
ROWS = [{"text": LINE * times, "follows": 0.0} for times in (1, 97, 2, 61)]
KINDS = {
    "characters": {}, "words": {"tokens": "words"}, "subwords": {"tokens": "subwords"},
    "words without marks": {"tokens": "words", "punctuation": False},
}  # fmt: skip


@pytest.fixture(params=KINDS)
def settings(request):
    return replace(TASK.tiny, vocabulary=307, **KINDS[request.param])


@pytest.fixture
def cases(settings):
    return TASK.list_cases(ROWS, settings)


@pytest.fixture
def learnt(monkeypatch):
    """What baselines build their codecs from."""
    states = []
    build = baselines.codec.codec
    monkeypatch.setattr(
        baselines.codec, "codec", lambda state: states.append(state) or build(state)
    )
    return states


def test_the_vocabulary_is_the_models(settings, cases, learnt):
    n_grams(cases, settings, unigram=True)
    (state,) = learnt
    model = TASK.fit(iter(ROWS), settings)
    assert model.pop("styles") == []
    assert state.keys() == model.keys()
    for name, value in model.items():
        np.testing.assert_array_equal(state[name], value)


@pytest.mark.parametrize("unigram", [True, False])
def test_pieces_together_are_as_likely_as_the_document(settings, cases, unigram):
    predict = n_grams(cases, settings, unigram=unigram)
    tokens = codec(TASK.fit(iter(ROWS), settings))
    texts = tf.constant([row["text"] for row in ROWS])
    ids = [each.numpy() for each in tokens.encode(texts)]
    order = 1 if unigram else baselines.ORDERS[settings.tokens]
    model = KneserNey.fit(iter(ids), order=order, size=tokens.size)
    found = {"tokens": 0, "unknown": 0, "log_probability": 0.0}
    for response in predict(cases):
        found = {name: value + response[name] for name, value in found.items()}
    assert found["tokens"] == sum(map(len, ids))
    assert found["unknown"] == sum((each == UNKNOWN).sum() for each in ids)
    expected = sum(model.log_probabilities(each)[: len(each)].sum() for each in ids)
    assert found["log_probability"] == pytest.approx(expected, rel=1e-6)


def test_an_answer_is_the_mean_and_the_sum_of_the_same(settings, cases):
    for response in n_grams(cases, settings, unigram=False)(cases[:3]):
        assert response["tokens"] > 0
        mean = -response["log_probability"] / response["tokens"]
        assert response["nats_per_token"] == pytest.approx(mean)


def test_a_text_without_tokens_is_sure():
    settings = TASK.tiny
    predict = n_grams(TASK.list_cases(ROWS, settings), settings, unigram=False)
    (response,) = predict([{"text": "", "context": ""}])
    assert response == {"nats_per_token": 0, "tokens": 0, "unknown": 0, "log_probability": 0}


def test_the_context_matters_to_n_grams_and_not_to_single_tokens(cases, settings):
    asked = [{"text": " sat", "context": context} for context in ("The cat", "and that")]
    first, second = n_grams(cases, settings, unigram=True)(asked)
    assert first == second
    first, second = n_grams(cases, settings, unigram=False)(asked)
    assert first["log_probability"] != second["log_probability"]


def test_what_is_counted_ends_at_the_most():
    streams = [np.arange(5), np.arange(7), np.arange(3)]
    for most, expected in ((4, [4]), (5, [5]), (11, [5, 6]), (12, [5, 7]), (99, [5, 7, 3])):
        assert [len(part) for part in baselines._up_to(most, iter(streams))] == expected


def test_the_task_under_its_settings_compares_with_n_grams_of_its_tokens(settings, cases):
    for name, baseline in TASK.under(settings).baselines.items():
        expected = n_grams(cases, settings, unigram=name == "unigram")(cases[:2])
        assert baseline(cases)(cases[:2]) == expected
