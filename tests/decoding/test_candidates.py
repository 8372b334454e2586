"""The best next tokens: against a sort of the whole vocabulary, and what must not come."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from seqapps.decoding.candidates import FEW, candidates

SIZES = [7, 1021, FEW + 7, 8009]  # the last two are sorted in blocks
NO_ROWS = np.zeros([0, 3, 1031], "float32")


def some(size, seed=0):
    return np.random.default_rng(seed).normal(0, 3, [5, 3, size]).astype("float32")


def found(logits, count, **options):
    result = candidates(tf.constant(logits), count, **options)
    return result.log_probability.numpy(), result.ids.numpy()


@pytest.mark.parametrize("count", [1, 2, 13, 37])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("equal", [False, True])
def test_they_are_those_of_a_stable_sort(size, count, equal):
    """Of equal logits the lower id comes first, so that all searches agree."""
    logits = some(size).round() if equal else some(size)
    log_probability, ids = found(logits, count)
    expected = np.argsort(-logits, axis=-1, kind="stable")[:, :, :count]
    np.testing.assert_array_equal(ids, expected)
    of_all = special.log_softmax(logits.astype("float64"), axis=-1)
    np.testing.assert_allclose(
        log_probability, np.take_along_axis(of_all, expected, -1), rtol=1e-6, atol=1e-5
    )


@pytest.mark.parametrize("size", SIZES)
def test_a_probability_too_small_for_a_float_has_a_logarithm(size):
    logits = np.zeros([2, 3, size], "float32")
    logits[:, :, 5] = 500.0
    log_probability, ids = found(logits, 3)
    assert ids.tolist() == [[[5, 0, 1]] * 3] * 2
    np.testing.assert_allclose(log_probability, [[[0, -500, -500]] * 3] * 2, atol=1e-4)


@pytest.mark.parametrize("size", SIZES)
def test_forbidden_tokens_have_no_probability_and_the_others_their_own(size):
    logits = some(size)
    best = np.argsort(-logits[0, 0])[:3]
    log_probability, ids = found(logits, 2, forbidden=tuple(best))
    barred = np.isin(ids, best)
    assert barred[0, 0, :3].all()
    np.testing.assert_array_equal(log_probability == -np.inf, barred)
    assert ((~barred).sum(-1) >= 2).all()
    of_all = special.log_softmax(logits, axis=-1)
    expected = np.take_along_axis(of_all, ids, -1)[~barred]
    np.testing.assert_allclose(log_probability[~barred], expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("size", "history", "barred"),
    [
        (3, [5, 2, 4, 5, 2], {4}),
        (3, [5, 2, 4, 5, 2, 3, 5, 2], {4, 3}),
        (3, [5, 2, 4, 2, 5], set()),
        (3, [5, 2], set()),
        (3, [], set()),
        (2, [5, 2, 4, 5], {2}),
        (2, [5, 5], {5}),
        (2, [5], set()),
        (1, [5, 2, 5], {5, 2}),
        (1, [], set()),
        (4, [5, 2, 4, 6, 5, 2, 4], {6}),
        (5, [5, 2, 4], set()),
    ],
)
@pytest.mark.parametrize("size_of_vocabulary", [7, 1031])
def test_no_n_gram_comes_twice(size, history, barred, size_of_vocabulary):
    logits = np.arange(size_of_vocabulary, 0, -1, dtype="float32")[None, None]  # 0 is the best
    history = tf.constant(history, tf.int32)[None, None]
    log_probability, ids = found(logits, 7, history=history, no_repeat=size)
    allowed = ids[0, 0][log_probability[0, 0] > -np.inf].tolist()
    assert allowed[: 7 - len(barred)] == [id_ for id_ in range(7) if id_ not in barred]


def test_every_token_of_a_long_history_can_be_barred():
    """More than there are blocks, in one of two hypotheses."""
    logits = np.tile(np.arange(1031, 0, -1, dtype="float32"), [1, 2, 1])
    history = tf.stack([tf.range(101), tf.fill([101], 7)])[None]
    log_probability, ids = found(logits, 2, history=history, no_repeat=1, forbidden=(102,))
    for beam, expected in enumerate(([101, 103], [0, 1])):
        assert ids[0, beam][log_probability[0, beam] > -np.inf][:2].tolist() == expected


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("size", SIZES)
def test_logits_that_are_no_numbers_give_no_token(size, odd):
    """Neither one of them nor all; a few of -inf only bar themselves. Neighbours do not notice."""
    logits = some(size)
    expected = found(logits, 5)
    logits[0, 0] = odd
    logits[1, 1, 3] = odd
    log_probability, ids = found(logits, 5)
    assert ((ids >= 0) & (ids < size)).all()
    assert (log_probability[0, 0] == -np.inf).all()
    if odd == -np.inf:
        assert 3 not in ids[1, 1][log_probability[1, 1] > -np.inf]
    else:
        assert (log_probability[1, 1] == -np.inf).all()
    same = np.ones([5, 3], bool)
    same[0, 0] = same[1, 1] = False
    np.testing.assert_array_equal(log_probability[same], expected[0][same])
    np.testing.assert_array_equal(ids[same], expected[1][same])


def test_half_precision_and_no_rows_are_answered():
    half = tf.cast(some(1031), tf.bfloat16)
    expected = found(tf.cast(half, tf.float32), 3)
    for one, other in zip(found(half, 3), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    history = tf.zeros([0, 3, 5], tf.int32)
    _, ids = found(NO_ROWS, 3, forbidden=(0,), history=history, no_repeat=2)
    assert ids.shape == (0, 3, 4)
