"""Adam in one operation moves weights as the paper says."""

import keras
import numpy as np
import tensorflow as tf

from seqapps.training.adam import Adam

RATE, STEPS = 0.01, 5


def by_the_paper(start, gradients):
    """Kingma and Ba 2015, algorithm 1, with Keras's place of epsilon."""
    weights, m, v = start.astype("float64"), 0.0, 0.0
    for step, gradient in enumerate(gradients, 1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        rate = RATE * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        weights = weights - rate * m / (np.sqrt(v) + 1e-7)
    return weights


def moved(optimizer, start, gradients):
    variable = keras.Variable(start)
    for gradient in gradients:
        optimizer.apply([gradient], [variable])
    return np.asarray(variable)


def test_it_is_adam():
    random = np.random.default_rng(0)
    start, gradients = random.normal(size=[7, 3]), random.normal(size=[STEPS, 7, 3])
    found = moved(Adam(RATE), start, [tf.constant(g, "float32") for g in gradients])
    np.testing.assert_allclose(found, by_the_paper(start, gradients), atol=1e-6)


def test_a_word_that_occurs_twice_counts_with_the_sum_of_its_gradients():
    random = np.random.default_rng(1)
    start, rows = random.normal(size=[7, 3]), random.normal(size=[STEPS, 4, 3])
    places = [2, 5, 2, 0]
    sparse = [tf.IndexedSlices(tf.constant(r, "float32"), places, [7, 3]) for r in rows]
    dense = np.zeros([STEPS, 7, 3])
    for place, row in zip(places, rows.transpose(1, 0, 2), strict=True):
        dense[:, place] += row
    found = moved(Adam(RATE), start, sparse)
    np.testing.assert_allclose(found, by_the_paper(start, dense), atol=1e-6)


def test_clipping_and_weight_decay_are_those_of_keras():
    random = np.random.default_rng(2)
    start, gradients = random.normal(size=[5]), random.normal(size=[STEPS, 5])
    options = {"global_clipnorm": 0.5, "weight_decay": 0.1}
    gradients = [tf.constant(g, "float32") for g in gradients]
    ours = moved(Adam(RATE, **options), start, gradients)
    np.testing.assert_allclose(
        ours, moved(keras.optimizers.Adam(RATE, **options), start, gradients), atol=1e-6
    )
