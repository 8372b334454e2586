"""The gradient by the state at each lag, against hand-made cases and Keras's own gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.training.lags import MOST, by_lag, kept_lags, state_gradients
from seqapps.training.recording import recorded

BATCH, TIME, INPUTS, UNITS = 3, 7, 2, 5
ZERO = tf.UnconnectedGradients.ZERO
KINDS = {
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
    "simple_rnn": keras.layers.SimpleRNN,
}
MASK = np.array([[1] * 7, [1] * 4 + [0] * 3, [1, 0, 1, 1, 0, 1, 0]], bool)  # [batch, time]


def measured(layer, loss_of, sequence, mask=None):
    """(norms [time, batch], mask [time, batch]) of the loss that `loss_of` makes of the output."""
    with recorded([layer]) as calls, tf.GradientTape() as tape:
        output = layer(sequence, mask=mask, training=True)
        loss = loss_of(output)
    (call,) = calls
    direct = tape.gradient(loss, tf.nest.flatten(call.output), unconnected_gradients=ZERO)
    norms, real = state_gradients(call, direct)
    return norms.numpy(), real.numpy()


def random(*shape) -> tf.Tensor:
    return tf.constant(np.random.default_rng(sum(shape)).normal(size=shape), "float32")


def test_in_a_linear_network_it_shrinks_as_powers_of_the_recurrent_matrix():
    """U = 0.8 times a rotation, loss = sum of the last state: |d loss / d h at lag k| is
    0.8^k sqrt(units), whatever was read.
    """
    keras.utils.set_random_seed(1)
    layer = keras.layers.SimpleRNN(UNITS, activation=None)
    layer.build([None, TIME, INPUTS])
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=[UNITS, UNITS]))
    layer.cell.recurrent_kernel.assign(0.8 * rotation)
    norms, mask = measured(layer, tf.reduce_sum, random(BATCH, TIME, INPUTS))
    expected = 0.8 ** np.arange(TIME) * UNITS**0.5
    np.testing.assert_allclose(by_lag(norms, mask), expected, rtol=1e-5)


def test_in_a_linear_network_along_one_axis_it_goes_by_that_axis():
    """U is diagonal, the loss sees one unit: that unit's own factor, above 1 as well as below."""
    for unit, factor in ((0, 1.5), (3, 0.25)):
        layer = keras.layers.SimpleRNN(UNITS, activation=None)
        layer.build([None, TIME, INPUTS])
        layer.cell.recurrent_kernel.assign(np.diag([1.5, 1.0, 0.5, 0.25, 0.0]))
        norms, mask = measured(layer, lambda h, u=unit: tf.reduce_sum(h[:, u]), random(3, TIME, 2))
        np.testing.assert_allclose(by_lag(norms, mask), factor ** np.arange(TIME), rtol=1e-5)


def by_initial_state(layer, loss_of, sequence, mask, *, start: int) -> np.ndarray:
    """The norm of the gradient by the state before step `start`, by Keras: the layer is run to
    there, then from there on with its state as a variable.
    """
    stepper = type(layer).from_config(
        {**layer.get_config(), "return_sequences": True, "return_state": True}
    )
    stepper.build(sequence.shape)
    stepper.set_weights(layer.get_weights())
    head, *state = stepper(sequence[:, :start], mask=mask[:, :start])
    with tf.GradientTape() as tape:
        tape.watch(state)
        rest, *_ = stepper(sequence[:, start:], mask=mask[:, start:], initial_state=state)
        # What a step gave directly counts as the state after it, so the head's last is from it.
        last = state[0] if start else head
        outputs = tf.concat([head[:, : start - 1], last[:, None], rest], axis=1)
        loss = loss_of(outputs if layer.return_sequences else rest[:, -1])
    gradient = tape.gradient(loss, state, unconnected_gradients=ZERO)
    return np.sqrt(sum(np.square(part).sum(axis=-1) for part in gradient))  # [batch]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sequences", [True, False], ids=["every state", "the last state"])
def test_it_is_what_keras_says_of_a_layer_that_starts_there(kind, sequences):
    keras.utils.set_random_seed(7)
    layer = KINDS[kind](UNITS, return_sequences=sequences)
    sequence = random(BATCH, TIME, INPUTS)
    weights = random(BATCH, TIME, UNITS) if sequences else random(BATCH, UNITS)

    def loss_of(output):
        return tf.reduce_sum(tf.square(output) * weights)

    everywhere = np.ones([BATCH, TIME], bool)
    norms, _ = measured(layer, loss_of, sequence)
    for step in range(TIME - 1):
        expected = by_initial_state(layer, loss_of, sequence, everywhere, start=step + 1)
        np.testing.assert_allclose(norms[step], expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_masked_steps_are_stepped_over(kind):
    """Only the real steps of a row, put together, give the same."""
    keras.utils.set_random_seed(7)
    layer = KINDS[kind](UNITS)
    sequence = random(BATCH, TIME, INPUTS)
    norms, mask = measured(layer, lambda h: tf.reduce_sum(h**2), sequence, MASK)
    np.testing.assert_array_equal(mask.T, MASK)
    for row in range(BATCH):
        real = sequence.numpy()[row : row + 1, MASK[row]]
        alone, _ = measured(layer, lambda h: tf.reduce_sum(h**2), tf.constant(real))
        np.testing.assert_allclose(norms[MASK[row], row], alone[:, 0], rtol=1e-4)


def test_of_a_layer_that_reads_backwards_the_end_is_the_first_step():
    keras.utils.set_random_seed(7)
    forth = keras.layers.GRU(UNITS)
    back = keras.layers.GRU(UNITS, go_backwards=True)
    sequence = random(BATCH, TIME, INPUTS)
    back.build(sequence.shape)
    norms, mask = measured(forth, lambda h: tf.reduce_sum(h**2), sequence)
    back.set_weights(forth.get_weights())
    turned, _ = measured(back, lambda h: tf.reduce_sum(h**2), sequence[:, ::-1])
    np.testing.assert_allclose(turned, norms, rtol=1e-5)
    np.testing.assert_allclose(by_lag(norms, mask)[0], norms[-1].mean(), rtol=1e-6)


def test_a_state_that_is_given_on_counts_too():
    """The loss sees only the cell that the LSTM hands on, as a decoder would."""
    keras.utils.set_random_seed(7)
    layer = keras.layers.LSTM(UNITS, return_state=True)
    norms, _ = measured(layer, lambda told: tf.reduce_sum(told[2]), random(BATCH, TIME, INPUTS))
    np.testing.assert_allclose(norms[-1], UNITS**0.5, rtol=1e-6)
    assert (norms[0] > 0).all()


def test_both_directions_are_seen_in_a_layer_that_wraps_them():
    keras.utils.set_random_seed(7)
    both = keras.layers.Bidirectional(keras.layers.LSTM(UNITS, return_sequences=True))
    sequence, mask = random(BATCH, TIME, INPUTS), MASK
    both.build(sequence.shape)
    layers = [both.forward_layer, both.backward_layer]
    with recorded(layers) as calls, tf.GradientTape() as tape:
        loss = tf.reduce_sum(both(sequence, mask=mask)[:, 0])  # the first step of both
    direct = tape.gradient(loss, [call.output for call in calls])
    forward, backward = (
        by_lag(*(part.numpy() for part in state_gradients(call, [gradient])))
        for call, gradient in zip(calls, direct, strict=True)
    )
    # From the left the first step has seen nothing before it; from the right it has seen all.
    assert np.flatnonzero(forward).tolist() == [3, 6]  # rows of 4, 4 and 7 real steps
    assert (backward > 0).all()


def test_rows_are_aligned_at_their_ends():
    norms = np.array([[1.0, 5.0], [2.0, 7.0], [4.0, 9.0]])  # [time, batch]
    mask = np.array([[1, 1], [1, 1], [1, 0]], bool)
    np.testing.assert_allclose(by_lag(norms, mask), [(4 + 7) / 2, (2 + 5) / 2, 1])


def test_of_a_long_sequence_some_lags_are_kept_near_ones_all():
    assert kept_lags(7) == list(range(7))
    lags = kept_lags(1000)
    assert lags[:5] == [0, 1, 2, 3, 4] and lags[-1] == 999
    assert len(lags) <= MOST and lags == sorted(set(lags))
