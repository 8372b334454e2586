"""Random numbers of a row: uniform, and a function of its seed, its text and the place alone."""

import numpy as np
import tensorflow as tf
from scipy import stats

from seqapps.decoding.randomness import keys, uniforms

MASK = (1 << 64) - 1


def split_mix(key, places):
    """SplitMix64 as its paper writes it, in Python's whole numbers; 24 bits of each."""
    for place in places:
        bits = (key + (place + 1) * 0x9E3779B97F4A7C15) & MASK
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
        yield ((bits ^ (bits >> 31)) >> 40) / 2**24


def test_numbers_are_those_of_split_mix():
    given = [0, 7, 2**63 + 11, MASK]
    found = uniforms(tf.constant(given, tf.uint64), 13, start=5)
    np.testing.assert_array_equal(found, [list(split_mix(key, range(5, 18))) for key in given])


def test_numbers_are_uniform_and_not_correlated():
    rows = keys(tf.range(101), tf.constant([f"row {number % 7}" for number in range(101)]))
    found = uniforms(rows, 997).numpy()  # [101, 997]
    assert found.min() >= 0
    assert found.max() < 1
    assert stats.kstest(found.ravel(), "uniform").pvalue > 0.01
    assert stats.kstest(found[:, 0], "uniform").pvalue > 0.01
    for one, other in ((found[:, 1:], found[:, :-1]), (found[1:], found[:-1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(one.size)


def test_seed_and_text_both_make_a_difference():
    seeds = tf.constant([0, 1, 0, -1, 2**31 - 1])
    texts = tf.constant(["a", "a", "b", "a", ""])
    assert len(set(keys(seeds, texts).numpy().tolist())) == 5


def test_a_row_has_the_same_numbers_in_any_batch_and_from_any_start():
    many = keys(tf.constant([3, 5, 7]), tf.constant(["one", "two", "three"]))
    alone = keys(tf.constant([5], tf.int64), tf.constant(["two"]))
    whole = uniforms(alone, 17).numpy()
    np.testing.assert_array_equal(uniforms(many, 11)[1:2], whole[:, :11])
    parts = uniforms(many, 11, start=tf.constant([2, 6, 0]))
    np.testing.assert_array_equal(parts[1:2], whole[:, 6:])
