"""Several texts of one memory: read as if each had a copy of it, with the same gradients."""

import numpy as np
import pytest
import tensorflow as tf

from seqapps.layers.coverage_penalty import CoveragePenalty
from seqapps.layers.cross_attention import KINDS
from seqapps.layers.recurrent_decoder import RecurrentDecoder
from seqapps.layers.scheduled_sampling import ScheduledSampling
from seqapps.layers.several import Texts
from seqapps.layers.soft_attention_decoder import SoftAttentionDecoder
from seqapps.layers.word_noise import WordNoise

BATCH, SEVERAL, TIME, SOURCE, SIZE, UNITS = 2, 3, 5, 7, 11, 14
MASK = tf.sequence_mask([SOURCE, 4], SOURCE)
DECODERS = {
    **{kind: lambda kind=kind: RecurrentDecoder("gru", UNITS, attention=kind, heads=2, window=2)
       for kind in ("none", *KINDS)},
    "reads_on": lambda: RecurrentDecoder("lstm", UNITS, layers=2, reads_on=True),
    "before": lambda: SoftAttentionDecoder("lstm", UNITS),
}  # fmt: skip


def values(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


@pytest.mark.parametrize("name", DECODERS)
def test_texts_beside_each_other_are_read_as_if_each_had_the_memory(name):
    decoder = DECODERS[name]()
    memory, vectors = values(BATCH, SOURCE, UNITS), values(BATCH, SEVERAL, TIME, SIZE, seed=1)
    weigh = values(BATCH, SEVERAL, TIME, UNITS, seed=2)
    parts = {"none": 1, "reads_on": 6, "before": 2}.get(name, 1)

    def told(several):
        with tf.GradientTape() as tape:
            tape.watch([memory, vectors])
            if several:
                states = [tf.reduce_mean(memory, axis=1)] * parts
                given, weights = decoder(vectors, memory, MASK, states)
            else:
                copies, mask = (tf.repeat(each, SEVERAL, axis=0) for each in (memory, MASK))
                rows = tf.reshape(vectors, [BATCH * SEVERAL, TIME, SIZE])
                states = [tf.reduce_mean(copies, axis=1)] * parts
                given, weights = decoder(rows, copies, mask, states)
                given = tf.reshape(given, weigh.shape)
                weights = tf.reshape(weights, [BATCH, SEVERAL, TIME, SOURCE])
            loss = tf.reduce_sum(weigh * given) + tf.reduce_sum(weights**2)
        variables = [variable.value for variable in decoder.trainable_variables]
        return given, weights, tape.gradient(loss, [memory, vectors, *variables])

    together, apart = told(True), told(False)
    assert together[0].shape == (BATCH, SEVERAL, TIME, UNITS)
    for one, other in zip(*map(tf.nest.flatten, (together, apart)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_a_text_is_a_row_and_its_steps_are_queries_of_its_memory():
    vectors = values(BATCH, SEVERAL, TIME, SIZE)
    texts = Texts(vectors)
    rows = texts.as_rows(vectors)
    np.testing.assert_array_equal(rows[1 * SEVERAL + 2], vectors[1, 2])
    queries = texts.as_queries(rows)
    np.testing.assert_array_equal(queries[1, 2 * TIME + 3], vectors[1, 2, 3])
    np.testing.assert_array_equal(texts.as_given(queries), vectors)
    states = values(BATCH, UNITS)
    np.testing.assert_array_equal(texts.for_each(states), np.repeat(states, SEVERAL, axis=0))


def test_one_text_of_each_memory_is_as_it_is():
    vectors = values(BATCH, TIME, SIZE)
    texts = Texts(vectors)
    assert texts.as_rows(vectors) is texts.as_queries(vectors) is texts.as_given(vectors) is vectors


def test_what_training_does_to_tokens_is_done_to_each_text():
    """Noise stays behind the same token, and the model's own token stands one place later."""
    ids = tf.constant([[[1, 5, 6, 0], [1, 5, 7, 8]], [[1, 9, 0, 0], [0, 0, 0, 0]]])
    noisy = np.concatenate([WordNoise(0.9)(ids, training=True) for _ in range(20)])
    assert {*noisy[:, :, 0].flat} == {0, 1} and {*noisy[::2, 0, 1]} == {5, 9}
    assert {*noisy[::2, 0, 2]} == {6, 7}
    sampling = ScheduledSampling(0.0, 1)
    logits = tf.one_hot(10 + tf.reshape(tf.range(16), ids.shape), 30)
    sampling(ids, logits, training=True)  # the first step has a share of 1
    mixed = sampling(ids, logits, training=True)
    np.testing.assert_array_equal(mixed[0], [[1, 10, 11, 0], [1, 14, 15, 16]])


def test_coverage_of_texts_beside_each_other_is_that_of_rows():
    states = values(BATCH, SEVERAL, TIME, UNITS)
    weights = tf.nn.softmax(values(BATCH, SEVERAL, TIME, SOURCE))
    real = tf.sequence_mask([[5, 3, 0], [2, 1, 4]], TIME)
    beside, rows = CoveragePenalty(0.3), CoveragePenalty(0.3)
    beside(states, weights, real, training=True)
    flat = [tf.reshape(each, [-1, *each.shape[2:]]) for each in (states, weights, real)]
    rows(*flat, training=True)
    assert float(beside.losses[0]) == pytest.approx(float(rows.losses[0]), rel=1e-5)
