"""Random numbers of a row that depend on nothing but its seed and its text."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

# SplitMix64 (Steele, Lea and Flood 2014, figure 16): the number at place n is a hash of
# key + n * GAMMA, so that any of them can be had without those before it.
GAMMA = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
BITS = 24  # of a float32 between 0 and 1


def keys(seed: tf.Tensor, text: tf.Tensor) -> tf.Tensor:
    """What all randomness of a row follows from: int [batch], string [batch] -> uint64 [batch].

    The text is hashed by FarmHash64, which is the same on every machine.
    """
    fingerprint = tf.strings.to_hash_bucket_fast(text, np.iinfo(np.int64).max)
    return _mixed(tf.bitcast(tf.cast(seed, tf.int64), tf.uint64) * GAMMA) ^ _mixed(
        tf.bitcast(fingerprint, tf.uint64)
    )


def uniforms(keys: tf.Tensor, count: Any, *, start: Any = 0) -> tf.Tensor:
    """Uniform in [0, 1), from place `start` on: uint64 [batch] -> float32 [batch, count].

    `start` is a number for all rows, or int32 [batch].
    """
    first = tf.reshape(tf.cast(start, tf.int64), [-1, 1]) + 1
    places = tf.bitcast(tf.range(tf.cast(count, tf.int64)) + first, tf.uint64)
    mixed = _mixed(keys[:, None] + places * GAMMA)  # [batch, count]
    bits = tf.bitwise.right_shift(mixed, np.uint64(64 - BITS))
    return tf.cast(tf.bitcast(bits, tf.int64), tf.float32) * 2.0**-BITS


def _mixed(bits: tf.Tensor) -> tf.Tensor:
    bits = _folded(bits, 30) * FIRST
    bits = _folded(bits, 27) * SECOND
    return _folded(bits, 31)


def _folded(bits: tf.Tensor, places: int) -> tf.Tensor:
    return tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, np.uint64(places)))
