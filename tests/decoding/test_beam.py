"""Beam search: against all sequences there are, a plain search in Python, greedy, and by hand."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from plain_beam_search import Hypothesis, plain_beam_search
from random_decoder import END, RandomDecoder

from seqapps.decoding.beam import beam_search
from seqapps.decoding.greedy import greedy
from seqapps.decoding.hypotheses import NONE

MEMORY = [
    tf.TensorSpec([None, 11]),
    tf.TensorSpec([None, None, 11]),
    tf.TensorSpec([None, None], tf.bool),
]


def searched(decoder, **options):
    """A function of the number of tokens and of rows of the decoder, traced once."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32), *MEMORY])
    def search(max_tokens, begin, keys, real):
        return beam_search(
            decoder.step(keys, real), begin[:, None], first=tf.fill(tf.shape(max_tokens), END),
            max_tokens=max_tokens, end=END, source=real, **options,
        )._asdict()  # fmt: skip

    def ask(max_tokens, rows=slice(None)):
        found = search(tf.constant(max_tokens, tf.int32), *decoder.tensors(rows))
        return {name: value.numpy() for name, value in found.items()}

    ask.graph = search
    return ask


def agree(found, row, expected, *, alpha=0.0, beta=0.0):
    """What was found for a row are the expected hypotheses, and the others do not exist."""
    for place, one in enumerate(expected):
        length = found["lengths"][row, place]
        assert found["ids"][row, place, :length].tolist() == one.ids
        aligned = [weights.argmax() if weights.size else -1 for weights in one.paid]
        assert found["aligned"][row, place, :length].tolist() == aligned
        values = found["log_probability"][row, place], found["scores"][row, place]
        assert values == pytest.approx((one.log_probability, one.score(alpha, beta)), rel=1e-4)
        assert not found["ids"][row, place, length:].any()
        assert not found["aligned"][row, place, length:].any()
    others = {name: value[row, len(expected) :] for name, value in found.items()}
    assert not others["ids"].any()
    assert not others["lengths"].any()
    assert (others["scores"] == NONE).all()
    assert (others["log_probability"] == NONE).all()


def every_sequence(decoder, row, length):
    """Those that end, and those of `length` that do not."""
    for size in range(1, length + 1):
        for ids in itertools.product(range(decoder.vocabulary), repeat=size):
            if END not in ids[:-1] and (ids[-1] == END or size == length):
                steps = [decoder.after(row, [END, *ids[:at]]) for at in range(size)]
                total = sum(step[0][id_] for step, id_ in zip(steps, ids, strict=True))
                yield Hypothesis(list(ids), total, steps[-1][1])


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (0.9, 0.3)])
def test_a_wide_beam_finds_all_sequences_there_are_in_their_order(alpha, beta):
    """Of 5 tokens and a length of 4: 1 + 4 + 16 + 64 that end and 256 that do not, 341."""
    decoder = RandomDecoder(2, vocabulary=5, seed=17)
    search = searched(decoder, beam=347, length_penalty=alpha, coverage_penalty=beta)
    found = search([4, 4])
    for row in range(2):
        expected = sorted(every_sequence(decoder, row, 4), key=lambda one: -one.score(alpha, beta))
        assert len(expected) == 341
        agree(found, row, expected, alpha=alpha, beta=beta)
        assert np.exp(found["log_probability"][row].astype("float64")).sum() == pytest.approx(1)


WAYS = [
    {"beam": 2},
    {"beam": 3, "alpha": 1.0},
    {"beam": 5, "alpha": 0.6, "beta": 0.2},
    {"beam": 7, "beta": 1.5, "forbidden": (0, 3)},
    {"beam": 3, "alpha": 0.7, "no_repeat": 2},
    {"beam": 4, "alpha": -0.4, "forbidden": (0, END), "no_repeat": 1},
]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_hypotheses_are_those_of_a_plain_search(way):
    """Rows with a number of tokens each; with `no_repeat` 1 and no end, none is left at last."""
    decoder = RandomDecoder(13, vocabulary=11, seed=23)
    names = {"alpha": "length_penalty", "beta": "coverage_penalty"}
    search = searched(decoder, **{names.get(name, name): value for name, value in way.items()})
    max_tokens = np.random.default_rng(3).permutation(13) + 1
    found = search(max_tokens)
    penalties = {name: way.get(name, 0.0) for name in names}
    full = 0
    for row in range(13):
        expected = plain_beam_search(
            lambda ids, row=row: decoder.after(row, ids),
            first=END, end=END, max_tokens=max_tokens[row], **way,
        )  # fmt: skip
        agree(found, row, expected, **penalties)
        full += max_tokens[row] > max(len(one.ids) for one in expected)
    assert full > 0  # some rows are done before their last token


def test_a_score_by_hand():
    """P is 0.58 * 0.8 * 0.9 for a b end, and 0.4 for end at once."""
    shares = np.full([4, 4], 1e-9, "float32")  # of what follows end, a, b
    shares[1, [1, 2, 3]] = 0.4, 0.58, 0.02
    shares[2, [1, 2, 3]] = 0.05, 0.15, 0.8
    shares[3, [1, 2, 3]] = 0.9, 0.05, 0.05
    weights = tf.constant([[9, 9, 9], [0.8, 0.2, 0], [0.7, 0.3, 0], [0.6, 0.4, 0]])

    def step(ids, state):
        return tf.math.log(tf.gather(shares, ids)), state, tf.gather(weights, ids)

    way = {"first": tf.constant([END]), "beam": 2, "max_tokens": tf.constant([3]), "end": END,
           "length_penalty": 2.0, "coverage_penalty": 0.5,
           "source": tf.constant([[True, True, False]])}  # fmt: skip
    found = beam_search(step, (), **way)
    assert found.ids.numpy().tolist() == [[[2, 3, 1], [1, 0, 0]]]
    assert found.lengths.numpy().tolist() == [[3, 1]]
    assert found.aligned.numpy().tolist() == [[[0, 0, 0], [0, 0, 0]]]
    np.testing.assert_allclose(found.log_probability, [[np.log(0.4176), np.log(0.4)]], rtol=1e-5)
    # lp is (8 / 6)^2 and 1. Covered are (2.1, 0.9) and (0.8, 0.2); what is over 1 counts as 1.
    scores = [
        np.log(0.4176) / (64 / 36) + 0.5 * np.log(0.9),
        np.log(0.4) + 0.5 * (np.log(0.8) + np.log(0.2)),
    ]
    np.testing.assert_allclose(found.scores, [scores], rtol=1e-5)
    # What is aligned is told among some steps, or of none; the search itself stays the same.
    for among, told in (([False, True, True], 1), ([False] * 3, -1)):
        other = beam_search(step, (), among=tf.constant([among]), **way)
        assert other.aligned.numpy().tolist() == [[[told] * 3, [told, 0, 0]]]
        np.testing.assert_array_equal(other.scores, found.scores)


def tables(seed, *, equal):
    """53 random models: logits by the last token and the time modulo 5; with ties if `equal`."""
    values = np.random.default_rng(seed).normal(0, 1.5, [53, 5, 7, 7]).astype("float32")
    return values.round() if equal else values


def by_table(table):
    """Its state counts; attention follows the tokens."""

    def step(ids, time):
        rows = tf.broadcast_to(tf.range(tf.shape(ids)[0])[:, None], tf.shape(ids))
        logits = tf.gather_nd(table, tf.stack([rows, time % 5, ids], -1))
        return logits, time + 1, tf.one_hot((ids + time) % 3, 3)

    return step


@pytest.mark.parametrize("options", [{}, {"forbidden": (0, 4)}, {"no_repeat": 2}], ids=str)
def test_a_beam_of_one_is_greedy(options):
    """In 212 random models, half of them with equal logits."""

    @tf.function(input_signature=[tf.TensorSpec([None, 5, 7, 7]), tf.TensorSpec([None], tf.int32)])
    def both(table, max_tokens):
        rows = tf.shape(max_tokens)[0]
        given = {
            "state": tf.zeros([rows, 1], tf.int32), "first": tf.fill([rows], END),
            "max_tokens": max_tokens, "end": END, **options,
        }  # fmt: skip
        one = beam_search(by_table(table), beam=1, length_penalty=0.8, **given)
        return greedy(by_table(table), **given), one

    for seed, equal in itertools.product(range(2), [False, True]):
        expected, found = both(tables(seed, equal=equal), tf.range(53) % 31)
        for name in ("ids", "lengths", "aligned"):
            np.testing.assert_array_equal(getattr(found, name)[:, 0], getattr(expected, name))
        np.testing.assert_allclose(
            found.log_probability[:, 0], expected.log_probability, rtol=1e-5, atol=1e-6
        )
        assert len(set(expected.lengths.numpy().tolist())) > 7


def test_a_row_alone_has_the_hypotheses_it_has_among_strangers():
    decoder = RandomDecoder(11, vocabulary=13, seed=5)
    search = searched(decoder, beam=3, length_penalty=0.7, coverage_penalty=0.1, no_repeat=3)
    max_tokens = [0, 1, 2, 19, 5, 3, 23, 4, 13, 7, 11]
    together = search(max_tokens)
    for row in range(11):
        alone = search(max_tokens[row : row + 1], slice(row, row + 1))
        time = alone["ids"].shape[2]
        assert alone["lengths"][0].tolist() == together["lengths"][row].tolist()
        for name in ("ids", "aligned"):
            np.testing.assert_array_equal(alone[name][0], together[name][row, :, :time])
        for name in ("scores", "log_probability"):
            np.testing.assert_allclose(alone[name][0], together[name][row], rtol=1e-5)


def test_no_tokens_and_no_rows_are_answered():
    decoder = RandomDecoder(3, vocabulary=11)
    search = searched(decoder, beam=2, length_penalty=0.7, coverage_penalty=0.1, no_repeat=3)
    found = search([0, -5, 0])
    assert found["ids"].shape == (3, 2, 0)
    assert found["log_probability"].tolist() == [[0, NONE]] * 3
    assert np.isfinite(found["scores"]).all()
    assert (found["scores"][:, 0] > -100).all()
    assert search([], slice(0))["ids"].shape == (0, 2, 0)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_a_row_whose_logits_are_no_numbers_ends_with_what_it_has(odd):
    """At the third step; the third row has it in one of its hypotheses only."""

    def step(ids, time):
        bad = (time == 2) & (tf.range(5)[:, None] == 1)  # [batch, beam]
        bad |= (time == 2) & (tf.range(5)[:, None] == 2) & (ids == 3)
        logits = tf.one_hot(tf.fill(tf.shape(ids), 3), 11) * 2 + tf.one_hot(time + 4, 11) * 1.0
        return tf.where(bad[:, :, None], odd, logits), time + 1, None

    found = beam_search(
        step, tf.zeros([5, 1], tf.int32), first=tf.fill([5], END), max_tokens=tf.fill([5], 3),
        end=END, beam=2,
    )  # fmt: skip
    ids = found.ids.numpy().tolist()
    assert ids[0] == ids[3] == ids[4] == [[3, 3, 3], [3, 3, 6]]
    assert ids[1] == [[3, 3, 0], [3, 5, 0]]
    assert ids[2] == [[3, 5, 3], [3, 5, 6]]
    assert found.lengths.numpy().tolist() == [[3, 3], [2, 2], [3, 3], [3, 3], [3, 3]]
    assert np.isfinite(found.scores).all()


def test_the_loop_stops_when_all_rows_are_done():
    """3 is the best token and ends with the next; the row that begins with it needs a third."""
    steps = tf.Variable(0)

    def counted(ids, state):
        steps.assign_add(1)
        return tf.where(ids[:, :, None] == 3, [0.0, 9, 0, 0, 0], [0.0, 1, 0, 2, 0]), state, None

    found = tf.function(
        lambda: beam_search(
            counted, {}, first=tf.constant([4, 3, 4]), beam=2, end=END,
            max_tokens=tf.constant([1009, 1013, 2]),
        )
    )()  # fmt: skip
    assert found.ids[0].numpy().tolist() == [[3, 1, 0], [1, 0, 0]]
    assert found.lengths.numpy().tolist() == [[2, 1], [1, 3], [2, 1]]
    assert steps.numpy() == 3


def test_a_state_may_grow():
    """One that keeps all tokens it has read, as a Transformer does, in a nest of two."""
    table = tf.constant(tables(3, equal=False)[0, 0])

    def step(ids, state):
        read = tf.concat([state["read"], ids[:, :, None]], 2)  # [batch, beams, time]
        weights = tf.exp(-0.5 * tf.cast(tf.range(tf.shape(read)[2]), tf.float32))[::-1]
        logits = tf.einsum("nbtv,t->nbv", tf.gather(table, read), weights)
        return logits, {"read": read, "count": state["count"] + 1}, None

    @tf.function(input_signature=[tf.TensorSpec([None, 1, None], tf.int32)])
    def search(read):
        rows = tf.shape(read)[0]
        return beam_search(
            step, {"read": read, "count": tf.zeros([rows, 1])}, first=tf.fill([rows], END),
            beam=3, max_tokens=tf.fill([rows], 9), end=END, forbidden=(0,), length_penalty=0.5,
        )._asdict()  # fmt: skip

    def after(ids):
        weights = np.exp(-0.5 * np.arange(len(ids)))[::-1]
        logits = weights @ table.numpy()[ids]
        return logits - np.log(np.exp(logits).sum()), [np.zeros(0)] * len(ids)

    found = {name: value.numpy() for name, value in search(tf.zeros([2, 1, 0], tf.int32)).items()}
    expected = plain_beam_search(
        after, first=END, beam=3, max_tokens=9, end=END, forbidden=(0,), alpha=0.5
    )
    for row in range(2):
        agree(found, row, expected, alpha=0.5)


def test_an_export_finds_the_same(tmp_path):
    decoder = RandomDecoder(11, vocabulary=13, seed=5)
    search = searched(decoder, beam=3, length_penalty=0.7, coverage_penalty=0.1, no_repeat=3)
    module = tf.Module()
    module.search = search.graph
    tf.saved_model.save(module, tmp_path, signatures=module.search)
    loaded = tf.saved_model.load(tmp_path).signatures["serving_default"]
    begin, keys, real = decoder.tensors()
    found = loaded(max_tokens=tf.fill([11], 17), begin=begin, keys=keys, real=real)
    for name, value in search([17] * 11).items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam": 0}, "1 or more, received 0"),
        ({"coverage_penalty": 0.1}, "needs `source`"),
        ({"coverage_penalty": 0.1, "source": tf.ones([1, 3], tf.bool)}, "gives attention"),
    ],
)
def test_what_cannot_be_searched_is_refused(options, message):
    def step(ids, state):
        return tf.zeros([1, 2, 5]), state, None

    given = {"beam": 2, "first": tf.constant([1]), "max_tokens": tf.constant([3]), "end": END}
    with pytest.raises(ValueError, match=message):
        beam_search(step, (), **{**given, **options})
