"""Every option of the task trains, exports with proof and passes the checks, at tiny size."""

from dataclasses import replace

import pytest
from seqapps.tasks.sentiment.samples import BAD, GOOD

from seqapps import checks

# Each value of each setting once; the checks of the default are in tests/test_checks.py.
OPTIONS = {
    "deep alone": {},
    "wide, of characters": {"wide": True, "tokens": "characters", "epochs": 12},
    "wide, frozen vectors": {"wide": True, "vectors": "file", "tune_vectors": False},
    "one_hot linear": {"representation": "one_hot", "layers": 0},
    "counts MLP": {"representation": "counts", "layers": 1},
    "tfidf deep MLP": {"representation": "tfidf", "layers": 2, "ngrams": 3},
    "naive Bayes": {"representation": "tfidf", "naive_bayes": "weights"},
    "naive Bayes of counts": {"representation": "counts", "naive_bayes": "weights"},
    "NBSVM": {"representation": "one_hot", "naive_bayes": "scale"},
    "tfidf of characters": {"representation": "tfidf", "tokens": "characters", "layers": 0},
    "characters": {"tokens": "characters", "epochs": 12},
    "mean of embeddings": {"layers": 0, "pooling": "mean"},
    "GRU last": {"encoder": "gru", "pooling": "last"},
    "one way, last": {"bidirectional": False, "pooling": "last"},
    "simple RNN mean": {"encoder": "simple_rnn", "pooling": "mean"},
    "stacked, attention pooling": {"layers": 2, "pooling": "attention"},
    "self-attention": {"encoder": "attention", "layers": 2, "epochs": 12},
    "frozen vectors": {"vectors": "file", "tune_vectors": False},
    "tuned vectors": {"vectors": "file"},
    "not calibrated": {"calibrate": False},
    "ensemble": {"ensemble": True},
    "ensemble, not calibrated": {"ensemble": True, "calibrate": False},
}
# A sum of words cannot tell "not lovely" from "lovely, not": the toy sample is made that way.
NEVER = {"mean of embeddings": {"model beats trivial baseline"}}
LEFT_OUT = {"training is repeatable"}  # trains once more; the long run has it
MODEL_FREE = {
    "splits have rows", "splits share no row", "task is light", "settings are documented",
    "bad rows are told", "metrics match hand made case", "metrics are finite",
}  # fmt: skip


@pytest.fixture(scope="module")
def vectors_file(tmp_path_factory):
    """Vectors of some of the toy sample's words, as word2vec writes them: good, bad, not."""
    file = tmp_path_factory.mktemp("vectors") / "small.txt"
    words = dict.fromkeys(GOOD, "1 0 0") | dict.fromkeys(BAD, "-1 0 0")
    words |= {"not": "0 1 0", "film": "0 0 0.1"}
    lines = [f"{word} {numbers}" for word, numbers in words.items()]
    file.write_text("\n".join([f"{len(words)} 3", *lines]) + "\n", encoding="utf-8")
    return file


def problems(task, skipped):
    found = [check for check in checks.CHECKS if checks.name_of(check) not in skipped]
    return {
        checks.name_of(check): problem
        for check, problem in checks.run(task, file=None, checks=found)
        if problem
    }


def with_option(sentiment, name, vectors_file):
    # Linear scores of n-grams solve the toy sample alone, and would hide a reader that cannot.
    values = {"wide": False, **OPTIONS[name]}
    if values.get("vectors") == "file":
        values["vectors"] = str(vectors_file)
    return replace(sentiment, tiny=replace(sentiment.tiny, **values))


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_passes_the_checks(sentiment, name, vectors_file):
    skipped = MODEL_FREE | LEFT_OUT | NEVER.get(name, set())
    assert not problems(with_option(sentiment, name, vectors_file), skipped)


@pytest.mark.long
@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_trains_to_the_same_again(sentiment, name, vectors_file):
    others = {checks.name_of(check) for check in checks.CHECKS} - LEFT_OUT
    assert not problems(with_option(sentiment, name, vectors_file), others)
