"""Linear layers over bags, against NumPy and Keras's layer over the whole vector."""

import keras
import numpy as np

from seqapps.layers.bag import BagDense, ScaledBagDense
from seqapps.training.adam import Adam

BATCH, FOUND, SIZE, UNITS = 11, 5, 7, 3


def drawn(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def bag():
    """(ids, values, the whole vectors): up to five entries of seven, padded on the right."""
    random = np.random.default_rng(1)
    ids, values = np.zeros([BATCH, FOUND], "int64"), np.zeros([BATCH, FOUND], "float32")
    vectors = np.zeros([BATCH, SIZE], "float32")
    for row in range(BATCH):
        chosen = random.permutation(SIZE)[: row % (FOUND + 1)]
        ids[row, : len(chosen)] = chosen + 1
        values[row, : len(chosen)] = random.normal(size=len(chosen))
        vectors[row, chosen] = values[row, : len(chosen)]
    return ids, values, vectors


def test_a_bag_layer_is_a_dense_layer_over_the_vector_in_outputs_and_training():
    ids, values, vectors = bag()
    inputs = [keras.Input([None], dtype="int64"), keras.Input([None])]
    ours = keras.Model(inputs, BagDense(SIZE, UNITS, "relu")(inputs))
    theirs = keras.Sequential([keras.Input([SIZE]), keras.layers.Dense(UNITS, "relu")])
    theirs.set_weights([drawn(SIZE, UNITS), drawn(UNITS)])
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours([ids, values]), theirs(vectors), rtol=1e-4, atol=1e-6)
    for model, given in ((ours, [ids, values]), (theirs, vectors)):
        model.compile(Adam(0.1), "mse")
        for _ in range(3):
            model.train_on_batch(given, drawn(BATCH, UNITS))
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-4)


def test_the_kernel_starts_as_that_of_a_dense_layer_does():
    layer = BagDense(331, 37)
    layer([np.ones([1, 1], "int64"), np.ones([1, 1], "float32")])
    limit = np.sqrt(6 / (331 + 37))
    assert 0.95 * limit < np.abs(layer.kernel).max() <= limit


def test_weights_are_scales_times_factors():
    ids, values, vectors = bag()
    scale, factors, bias = drawn(SIZE, UNITS), drawn(SIZE, UNITS) + 1, drawn(UNITS)
    layer = ScaledBagDense(scale)
    assert not np.any(layer([ids, values]))
    layer.factors.assign(factors)
    layer.bias.assign(bias)
    expected = vectors @ (scale * factors) + bias
    np.testing.assert_allclose(layer([ids, values]), expected, rtol=1e-4, atol=1e-6)


def test_without_factors_the_scale_is_the_kernel_and_the_bias_is_trained():
    ids, values, vectors = bag()
    layer = ScaledBagDense(drawn(SIZE, UNITS), factors=False)
    np.testing.assert_allclose(
        layer([ids, values]), vectors @ drawn(SIZE, UNITS), rtol=1e-4, atol=1e-6
    )
    assert [variable.name for variable in layer.trainable_variables] == ["bias"]


def test_a_weight_without_scale_stays_0_in_training():
    ids, values, vectors = bag()
    scale = drawn(SIZE, UNITS)
    scale[4] = 0
    inputs = [keras.Input([None], dtype="int64"), keras.Input([None])]
    layer = ScaledBagDense(scale)
    model = keras.Model(inputs, layer(inputs))
    model.compile("sgd", "mse")
    model.train_on_batch([ids, values], drawn(BATCH, UNITS))
    assert vectors.any(axis=0).all()
    moved = np.any(np.asarray(layer.factors), axis=1)
    assert moved.tolist() == [row != 4 for row in range(SIZE)]
