"""In training the recurrent kernel has holes: the same ones at every step, in both loops."""

from contextlib import suppress

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.layers import recurrent
from seqapps.layers.recurrent import GRU, LSTM

BATCH, TIME, INPUTS, UNITS, RATE = 5, 7, 3, 11, 0.37
STOCK = {LSTM: keras.layers.LSTM, GRU: keras.layers.GRU}
CLOSE = {"rtol": 1e-4, "atol": 1e-5}
# Ours, and what makes Keras's own loop run: dropout of states that leaves out nothing.
LOOPS = {"our loop": {}, "unrolled": {"unroll": True}, "Keras's loop": {"recurrent_dropout": 1e-9}}


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    monkeypatch.setattr(recurrent, "_compiled", False)


@pytest.fixture(params=[LSTM, GRU])
def kind(request):
    return request.param


@pytest.fixture(params=LOOPS)
def options(request):
    return LOOPS[request.param]


@pytest.fixture
def inputs():
    return tf.constant(np.random.default_rng(1).normal(size=[BATCH, TIME, INPUTS]), "float32")


@pytest.fixture
def layer(kind, options):
    keras.utils.set_random_seed(2)
    layer = kind(UNITS, return_sequences=True, weight_dropout=RATE, **options)
    layer.build([BATCH, TIME, INPUTS])
    return layer


def with_holes(layer, kernel):
    """Keras's layer that has this recurrent kernel and the other weights of ours."""
    stock = next(STOCK[kind] for kind in STOCK if isinstance(layer, kind))
    other = stock(UNITS, return_sequences=True)
    other.build([BATCH, TIME, INPUTS])
    other.set_weights(layer.get_weights()[:3])
    other.cell.recurrent_kernel.assign(kernel)
    return other


def mask_of(layer):
    """What the next call of the layer will leave out: 0 or 1 / (1 - rate)."""
    seed = layer._weight_seed.state.numpy()
    ones = tf.ones_like(layer.cell.recurrent_kernel.value)
    mask = keras.random.dropout(ones, RATE, seed=layer._weight_seed)
    layer._weight_seed.state.assign(seed)
    return mask.numpy()


def test_training_reads_with_a_kernel_that_has_the_same_holes_at_every_step(layer, inputs):
    mask = mask_of(layer)
    assert 0.2 < np.mean(mask == 0) < 0.6
    assert set(np.unique(mask)) == {0, np.float32(1 / (1 - RATE))}
    expected = with_holes(layer, layer.cell.recurrent_kernel * mask)(inputs)
    np.testing.assert_allclose(layer(inputs, training=True), expected, **CLOSE)


def test_every_batch_has_other_holes(layer, inputs):
    once, again = layer(inputs, training=True), layer(inputs, training=True)
    assert np.abs(once - again).max() > 1e-3


def test_answers_are_made_with_the_whole_kernel(layer, inputs):
    expected = with_holes(layer, layer.cell.recurrent_kernel)(inputs)
    np.testing.assert_allclose(layer(inputs), expected, **CLOSE)


def test_the_kernel_is_whole_again_after_training(layer, inputs):
    kernel, value = layer.cell.recurrent_kernel, layer.cell.recurrent_kernel.numpy()
    layer(inputs, training=True)
    assert layer.cell.recurrent_kernel is kernel
    np.testing.assert_array_equal(kernel, value)


def test_the_kernel_is_whole_again_where_reading_fails(layer):
    kernel = layer.cell.recurrent_kernel
    with suppress(RuntimeError), layer.dropped_weights(training=True):
        assert layer.cell.recurrent_kernel is not kernel
        raise RuntimeError
    assert layer.cell.recurrent_kernel is kernel


def test_a_weight_that_is_left_out_has_no_gradient_and_the_others_have_theirs(layer, inputs):
    mask = mask_of(layer)
    other = with_holes(layer, layer.cell.recurrent_kernel * mask)
    found, expected = (
        gradient_of(each, inputs, training) for each, training in ((layer, True), (other, False))
    )
    np.testing.assert_allclose(found, expected * mask, **CLOSE)
    assert np.any(found)


def gradient_of(layer, inputs, training):
    kernel = layer.cell.recurrent_kernel.value
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.sin(layer(inputs, training=training)))
    return tape.gradient(total, kernel).numpy()


def test_fit_trains_with_holes(kind, options, inputs):
    """In the graph of `fit`, one step changes only weights that were kept."""
    keras.utils.set_random_seed(2)
    layer = kind(UNITS, weight_dropout=RATE, **options)
    steps = keras.Input([TIME, INPUTS])
    model = keras.Model(steps, layer(steps))
    model.compile(keras.optimizers.SGD(1.0), "mse")
    mask, before = mask_of(layer), layer.cell.recurrent_kernel.numpy()
    model.fit(inputs, tf.ones([BATCH, UNITS]), batch_size=BATCH, verbose=0)
    changed = layer.cell.recurrent_kernel.numpy() != before
    assert not changed[mask == 0].any()
    assert changed[mask > 0].mean() > 0.9


def test_without_weight_dropout_there_is_nothing_more(kind):
    layer, stock = kind(UNITS), STOCK[kind](UNITS)
    for each in (layer, stock):
        each.build([BATCH, TIME, INPUTS])
    assert len(layer.variables) == len(stock.variables)


def test_the_rate_is_part_of_the_configuration(kind):
    layer = kind(UNITS, weight_dropout=RATE)
    again = kind.from_config(layer.get_config())
    assert again.weight_dropout == RATE
    assert again.get_config() == layer.get_config()
