"""Perplexity and its relatives: by hand, weighted by tokens, and in agreement with each other."""

import math

import numpy as np
import pytest

from seqapps.metrics.judge import values_of
from seqapps.metrics.perplexity import (
    bits_per_character,
    nats_per_token,
    perplexity,
    perplexity_per_word,
    unknown_rate,
)

METRICS = {
    "nats": nats_per_token(),
    "perplexity": perplexity(),
    "bits": bits_per_character(),
    "per_word": perplexity_per_word(),
    "per_word_without_newlines": perplexity_per_word(newlines=False),
}


@pytest.mark.parametrize("metric", [*METRICS.values(), unknown_rate()], ids=[*METRICS, "unknown"])
def test_a_metric_gives_its_example_the_declared_value(metric):
    example = metric.example
    received = values_of({"it": metric}, example.cases, example.responses)["it"]
    assert received == pytest.approx(example.value, rel=1e-12)


@pytest.mark.parametrize("size", [2, 65, 10_000])
def test_a_uniform_model_has_the_perplexity_of_its_vocabulary(size):
    texts = ["abc", "d", "efghijk\n"]
    cases = [{"text": text} for text in texts]
    responses = [
        {"tokens": len(text), "log_probability": -len(text) * math.log(size)} for text in texts
    ]
    found = values_of(METRICS, cases, responses)
    assert found["perplexity"] == pytest.approx(size)
    assert found["nats"] == pytest.approx(math.log(size))
    assert found["bits"] == pytest.approx(math.log2(size))  # a token is a character here
    assert found["per_word"] == pytest.approx(size ** (12 / 4))
    assert found["per_word_without_newlines"] == pytest.approx(size ** (12 / 3))


def test_every_token_counts_once_however_texts_are_cut():
    """In one text or in many, which a mean of the texts' own perplexities would not give."""
    random = np.random.default_rng(3)
    words = [f"w{number}" for number in range(101)]
    nats = random.exponential(3, 101)

    def values(cuts):
        parts = list(zip([0, *cuts], [*cuts, 101], strict=True))
        cases = [{"text": " ".join(words[start:end]) + " "} for start, end in parts]
        responses = [
            {"log_probability": -nats[start:end].sum(), "tokens": end - start}
            for start, end in parts
        ]
        return values_of(METRICS, cases, responses)

    assert values([3, 5, 60]) == pytest.approx(values([]), rel=1e-9)
    assert values([])["perplexity"] == pytest.approx(np.exp(nats.mean()))


def test_penn_treebank_counts_the_end_of_each_line_as_a_word():
    text = " no it was n't black monday \n but while \n"
    answer = {"log_probability": -10.0, "tokens": 10}  # 8 words, 2 ends of lines
    found = values_of(METRICS, [{"text": text}], [answer])
    assert found["per_word"] == found["perplexity"]
    assert found["per_word_without_newlines"] == pytest.approx(math.exp(10 / 8))


def test_texts_without_tokens_have_no_score_and_harm_none():
    empty, other = {"text": ""}, {"text": "ab"}
    nothing, answer = {"log_probability": 0.0, "tokens": 0}, {"log_probability": -3.0, "tokens": 2}
    assert all(math.isnan(v) for v in values_of(METRICS, [empty], [nothing]).values())
    both = values_of(METRICS, [empty, other], [nothing, answer])
    assert both["nats"] == 1.5


def test_unknown_tokens_are_a_share_of_all_and_not_a_mean_of_the_texts_shares():
    cases = [{"text": "a b"}, {"text": "c " * 8}, {"text": ""}]
    responses = [
        {"tokens": tokens, "unknown": unknown, "log_probability": -9.0}
        for tokens, unknown in ((2, 1), (8, 0), (0, 0))
    ]
    metric = unknown_rate()
    assert values_of({"it": metric}, cases, responses) == {"it": pytest.approx(1 / 10)}
    assert not metric.higher_is_better


def test_a_hopeless_model_has_a_perplexity_that_can_be_written():
    found = values_of(METRICS, [{"text": "a"}], [{"log_probability": -1e6, "tokens": 1}])
    assert math.isfinite(found["perplexity"])
    assert found["nats"] == 1e6


def test_all_are_better_when_they_are_lower():
    assert not any(metric.higher_is_better for metric in METRICS.values())
