"""The linear layer with given scales, against NumPy."""

import keras
import numpy as np

from seqapps.layers.scaled import ScaledDense

BATCH, SIZE, UNITS = 11, 7, 3


def drawn(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_weights_are_scales_times_factors():
    scale, factors, bias, inputs = drawn(SIZE, UNITS), drawn(SIZE, UNITS), drawn(3), drawn(11, 7)
    layer = ScaledDense(scale)
    layer.build([None, SIZE])
    assert not np.any(layer(inputs))
    layer.factors.assign(factors)
    layer.bias.assign(bias)
    np.testing.assert_allclose(layer(inputs), inputs @ (scale * factors) + bias, rtol=1e-4)


def test_without_factors_the_scale_is_the_kernel_and_the_bias_is_trained():
    scale, inputs = drawn(SIZE, UNITS), drawn(BATCH, SIZE)
    layer = ScaledDense(scale, factors=False)
    np.testing.assert_allclose(layer(inputs), inputs @ scale, rtol=1e-4)
    assert [variable.name for variable in layer.trainable_variables] == ["bias"]


def test_a_weight_without_scale_stays_0_in_training():
    scale = drawn(SIZE, UNITS)
    scale[4] = 0
    model = keras.Sequential([keras.Input([SIZE]), ScaledDense(scale)])
    model.compile("sgd", "mse")
    model.train_on_batch(drawn(BATCH, SIZE), drawn(BATCH, UNITS))
    moved = np.any(np.asarray(model.layers[0].factors), axis=1)
    assert moved.tolist() == [row != 4 for row in range(SIZE)]
