"""Validation cases are read once and answered as they would be from raw inputs."""

import collections
from types import SimpleNamespace

import pytest
import tensorflow as tf

from seqapps.features import Features
from seqapps.predict import in_process
from seqapps.task import Buckets, Column
from seqapps.training.validation import validator

SETTINGS = SimpleNamespace(batch_tokens=29, epochs=3)
TASK = SimpleNamespace(
    inputs={"text": Column("text", "")}, batching=Buckets(lambda case, settings: len(case["text"]))
)


class Hashes(Features):
    """A number for a text, times what the model has learnt."""

    def once(self, raw):
        return {"text": self._number(raw["text"])}

    def respond(self, model, raw):
        found = model * tf.cast(self._number(raw["text"]), "float32")
        return {"twice": 2 * found, "score": found}

    def _number(self, text):
        return tf.strings.to_hash_bucket_fast(text, 97) if text.dtype == tf.string else text


class Counting(list):
    """Counts how often each case is read."""

    def __init__(self, cases):
        super().__init__(cases)
        self.read = collections.Counter()

    def __getitem__(self, place):
        self.read[place] += 1
        return super().__getitem__(place)


class Raw(Hashes):
    """Nothing of it costs much."""

    once = Features.once


class Drawing(Hashes):
    """Reads by chance, which must not be the same in every round."""

    def once(self, raw):
        return {"text": self._number(raw["text"]) + tf.random.uniform([], 0, 2, "int64")}


@pytest.mark.parametrize("max_memory", [10**9, 0], ids=["in memory", "on disk"])
@pytest.mark.parametrize(("features", "reads"), [(Hashes(), 1), (Raw(), 3), (Drawing(), 3)])
def test_what_costs_much_is_read_once_and_answered_alike(tmp_path, features, reads, max_memory):
    cases = Counting({"text": "abcdefghijklm"[: 1 + place % 11] * 2} for place in range(31))
    learnt = tf.Variable(0.0)
    answer = validator(
        TASK, SETTINGS, learnt, features, cases, folder=tmp_path, max_memory=max_memory
    )
    predict = in_process(TASK, SETTINGS, learnt, features)
    for round_ in (1, 2, 3):
        learnt.assign(round_)
        assert answer() == predict(list(cases))
    assert cases.read == collections.Counter(dict.fromkeys(range(31), reads))
    assert list(tmp_path.iterdir()) == []
