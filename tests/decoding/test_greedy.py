"""Greedy search: against the same in NumPy, where it stops, and rows that share a batch."""

import numpy as np
import pytest
import tensorflow as tf
from random_decoder import END, RandomDecoder, ends_in_a_repeat

from seqapps.decoding.greedy import greedy

VOCABULARY, LIMIT = 13, 17
DECODER = RandomDecoder(29, vocabulary=VOCABULARY, seed=5)
OPTIONS = [{}, {"no_repeat": 2}, {"forbidden": (0, END), "no_repeat": 1}]
MEMORY = [
    tf.TensorSpec([None, 11]),
    tf.TensorSpec([None, None, 11]),
    tf.TensorSpec([None, None], tf.bool),
]


def searched(**options):
    """A function of the number of tokens and of rows of the decoder, traced once."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32), *MEMORY])
    def search(max_tokens, begin, keys, real):
        return greedy(
            DECODER.step(keys, real), begin[:, None], first=tf.fill(tf.shape(max_tokens), END),
            max_tokens=max_tokens, end=END, **options,
        )._asdict()  # fmt: skip

    def ask(max_tokens, rows=slice(None)):
        found = search(tf.constant(max_tokens, tf.int32), *DECODER.tensors(rows))
        return {name: value.numpy() for name, value in found.items()}

    ask.graph = search
    return ask


SEARCH = searched()


def expected(row, max_tokens, *, forbidden=(), no_repeat=0):
    """Token by token, always from the start: ids, log P, the source steps attended to."""
    ids, total, aligned = [], 0.0, []
    while len(ids) < max_tokens and END not in ids:
        log_probability, paid = DECODER.after(row, [END, *ids])
        order = np.argsort(-log_probability)
        allowed = [
            id_
            for id_ in order
            if id_ not in forbidden and not ends_in_a_repeat([*ids, id_], no_repeat)
        ]
        if not allowed:
            break
        ids.append(int(allowed[0]))
        total += log_probability[allowed[0]]
        aligned.append(int(paid[-1].argmax()))
    return ids, total, aligned


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_tokens_are_those_of_a_loop_in_numpy(options):
    max_tokens = np.random.default_rng(3).integers(0, LIMIT + 1, 29)
    found = searched(**options)(max_tokens)
    ended = 0
    for row in range(29):
        ids, total, aligned = expected(row, max_tokens[row], **options)
        length = found["lengths"][row]
        assert found["ids"][row, :length].tolist() == ids
        assert found["aligned"][row, :length].tolist() == aligned
        assert found["log_probability"][row] == pytest.approx(total, rel=1e-4)
        assert not found["ids"][row, length:].any()
        assert not found["aligned"][row, length:].any()
        ended += END in ids
    assert found["ids"].shape[1] == found["lengths"].max()
    assert 3 < ended < 26 or "forbidden" in options


def test_a_row_alone_has_the_tokens_it_has_among_strangers():
    max_tokens = np.arange(29) % 19
    together = SEARCH(max_tokens)
    for row in range(29):
        alone = SEARCH(max_tokens[row : row + 1], slice(row, row + 1))
        length = alone["lengths"][0]
        assert length == together["lengths"][row]
        for name in ("ids", "aligned"):
            np.testing.assert_array_equal(alone[name][0], together[name][row, :length])
        assert alone["log_probability"][0] == pytest.approx(together["log_probability"][row])


def test_no_tokens_and_no_rows_are_answered():
    found = SEARCH([0, -3], slice(2))
    assert found["ids"].shape == (2, 0)
    assert found["log_probability"].tolist() == [0, 0]
    assert SEARCH([], slice(0))["ids"].shape == (0, 0)


def test_the_loop_stops_when_all_rows_are_done():
    steps = tf.Variable(0)

    def counted(ids, state):
        steps.assign_add(1)
        return tf.one_hot(ids + 1, 7) * 99.0, state, None

    found = tf.function(
        lambda: greedy(
            counted, (), first=tf.constant([2, 4, 0]), max_tokens=tf.constant([1009, 1013, 2]),
            end=5,
        )
    )()  # fmt: skip
    assert found.ids.numpy().tolist() == [[3, 4, 5], [5, 0, 0], [1, 2, 0]]
    without = [[-1] * 3, [-1, 0, 0], [-1, -1, 0]]  # attention: nowhere, and padding
    assert found.aligned.numpy().tolist() == without
    assert steps.numpy() == 3


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_a_row_whose_logits_are_no_numbers_ends_with_what_it_has(odd):
    def step(ids, time):
        bad = (time == 2) & (tf.range(3)[:, None] == 1)  # [batch, 1]
        logits = tf.one_hot(time + 3, 11) * 99.0
        return tf.where(bad[:, :, None], odd, logits), time + 1, None

    found = greedy(
        step, tf.zeros([3, 1], tf.int32), first=tf.fill([3], END), max_tokens=tf.fill([3], 5),
        end=END,
    )  # fmt: skip
    assert found.ids.numpy().tolist() == [[3, 4, 5, 6, 7], [3, 4, 0, 0, 0], [3, 4, 5, 6, 7]]
    assert found.lengths.numpy().tolist() == [5, 2, 5]
    np.testing.assert_allclose(found.log_probability, [0, 0, 0], atol=1e-6)


def test_an_export_takes_the_same(tmp_path):
    module = tf.Module()
    module.search = SEARCH.graph
    tf.saved_model.save(module, tmp_path, signatures=module.search)
    loaded = tf.saved_model.load(tmp_path).signatures["serving_default"]
    begin, keys, real = DECODER.tensors()
    found = loaded(max_tokens=tf.fill([29], LIMIT), begin=begin, keys=keys, real=real)
    for name, value in SEARCH([LIMIT] * 29).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5)
