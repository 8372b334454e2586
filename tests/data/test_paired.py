"""Tensors that are kept are those that `pair` makes, wherever they lie."""

import collections
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from seqapps.data import paired
from seqapps.data.batching import buckets, pipeline, shuffled
from seqapps.data.graph import draws, graph_of
from seqapps.data.paired import source_of
from seqapps.features import Features
from seqapps.progress import SILENT
from seqapps.task import Buckets, Column

COLUMNS = {"text": Column("text", ""), "value": Column("number", "")}
BATCHING = Buckets(lambda case, settings: len(case["text"]))
TASK = SimpleNamespace(columns=COLUMNS, inputs=COLUMNS, batching=BATCHING)
SETTINGS = SimpleNamespace(batch_tokens=97, epochs=3)


class Letters(Features):
    """Ids, a value and weight for each letter, and a number: what tensors of a case may be."""

    def pair(self, batch):
        ids = tf.strings.unicode_decode(batch["text"], "UTF-8").to_tensor(0)  # [batch, time]
        weights = tf.cast(ids % 3, "float32")  # 0 for some letters, the last one of a text too
        inputs = (ids, tf.stack([weights, weights], axis=-1))
        return inputs, tf.stack([batch["value"], -batch["value"]], axis=-1)


class Drawing(Letters):
    """Noise on what is read."""

    def pair(self, batch):
        (ids, weights), target = super().pair(batch)
        return (ids, weights + tf.random.uniform(tf.shape(weights))), target


def cases_of(count):
    random = np.random.default_rng(count)
    return [
        {"text": "".join(random.choice(list("abcdef"), size)), "value": float(size)}
        for size in random.integers(0, 23, count)
    ]


def read(source, cases):
    batches = shuffled(buckets(cases, BATCHING, SETTINGS), seed=5, epoch=1)
    return [[each.numpy() for each in tf.nest.flatten(pair)] for pair in source(lambda: batches)]


@pytest.fixture
def said():
    lines = []
    track = SILENT.track
    return SimpleNamespace(lines=lines, say=lines.append, track=track)


@pytest.mark.parametrize("max_memory", [10**9, 0], ids=["in memory", "on disk"])
def test_kept_tensors_are_those_of_the_batch(tmp_path, said, max_memory):
    cases = cases_of(211)
    source = source_of(
        TASK, SETTINGS, Letters(), cases, folder=tmp_path, max_memory=max_memory, progress=said
    )
    assert ["are kept on disk" in line for line in said.lines] == [True] * (max_memory == 0)
    direct = read(lambda batches: pipeline(cases, batches, COLUMNS, Letters().pair), cases)
    for _ in range(2):  # epochs
        kept = read(source, cases)
        assert len(kept) == len(direct)
        for mine, other in zip(kept, direct, strict=True):
            assert [each.dtype for each in mine] == [each.dtype for each in other]
            assert mine[0].shape[1] == max(1, other[0].shape[1])
            for one, two in zip(mine, other, strict=True):
                np.testing.assert_array_equal(one[:, : two.shape[1]], two)
                assert not one[:, two.shape[1] :].any()
    assert list(tmp_path.iterdir()) == []  # the file has no name


class Counting(list):
    """Knows how often each case was asked for."""

    def __init__(self, cases):
        super().__init__(cases)
        self.seen = collections.Counter()

    def __getitem__(self, place):
        self.seen[place] += 1
        return super().__getitem__(place)


class Lazy(collections.UserList):
    """Windows that are cut while they are read."""

    def __init__(self, cases):
        super().__init__(cases)
        self.seen = collections.Counter()

    def __getitem__(self, place):
        self.seen[place] += 1
        return self.data[place]

    def __iter__(self):
        return iter(self.data)


def test_cases_are_made_into_tensors_once(tmp_path, said):
    cases = Counting(cases_of(211))
    source = source_of(TASK, SETTINGS, Letters(), cases, folder=tmp_path, progress=said)
    counted = cases.seen.copy()
    read(source, cases)
    assert cases.seen == counted
    assert counted == collections.Counter(range(211))


@pytest.mark.parametrize("why", ["chance", "one epoch", "lazy cases", "no room"])
def test_what_must_not_be_kept_is_made_for_each_batch(tmp_path, said, why, monkeypatch):
    cases = Lazy(cases_of(31)) if why == "lazy cases" else Counting(cases_of(31))
    features = Drawing() if why == "chance" else Letters()
    settings = SimpleNamespace(batch_tokens=97, epochs=1 if why == "one epoch" else 2)
    if why == "no room":
        full = SimpleNamespace(free=0)
        monkeypatch.setattr(paired.shutil, "disk_usage", lambda folder: full)
    source = source_of(
        TASK, settings, features, cases, folder=tmp_path, max_memory=0, progress=said
    )
    assert len(said.lines) == (why == "no room")
    cases.seen.clear()
    for epoch in (1, 2):
        read(source, cases)
        assert cases.seen == collections.Counter(dict.fromkeys(range(31), epoch))


def test_drawing_is_seen_in_the_graph(sentiment, trained):
    assert draws(graph_of(Drawing().pair, COLUMNS))
    assert not draws(graph_of(Letters().pair, COLUMNS))
    assert not draws(graph_of(trained[1].pair, sentiment.columns))
