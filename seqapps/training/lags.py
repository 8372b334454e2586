"""How far back learning reaches: the gradient of the loss by the state, at each time lag.

The state of a recurrent layer after step t is s_t: h_t, and for an LSTM (h_t, c_t). It acts on the
loss through the output at t and through the state that follows, s_{t+1} = F(x_{t+1}, s_t). So

    d loss / d s_t = (d loss / d h_t directly, 0) + J_{t+1}^T (d loss / d s_{t+1}),
    J_{t+1} = d F(x_{t+1}, s) / d s at s_t

and over k steps the part that comes from the end is a product of k Jacobians, whose length shrinks
or grows about exponentially with k (Hochreiter 1991; Bengio et al. 1994; Pascanu et al. 2013,
equation 5). The recurrence above is run as it stands: what the layer read, and the gradient of the
loss by what it gave, are taken from the model's own pass; then its cell is called step by step,
forward for the states and backward for the vector-Jacobian products. Nothing in the layer changes,
and whatever is read off its output (the last state, a pooling, attention, a layer above) is in the
direct part. Dropout inside the cell is left out of the Jacobians.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqapps.training.recording import Call

RECURRENT = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)
MOST = 48  # lags that are kept of a long sequence


def state_gradients(call: Call, direct: Sequence[Any]) -> tuple[tf.Tensor, tf.Tensor]:
    """(norms float [time, batch] of the gradient by the state, mask bool [time, batch]).

    `call` is of a recurrent layer, `direct` the gradients of the loss by what it gave: its output
    [batch, time, units], or [batch, units] of the last state alone, then its last states [batch,
    units], if it gave them. Time is in the order in which the layer reads.
    """
    cell, sequence = call.layer.cell, call.arguments[0]
    inputs, mask = _in_reading_order(call, sequence)  # [time, batch, inputs], [time, batch]
    first = _initial_state(call, sequence)
    before = _states_before(cell, inputs, mask, first)  # of each part [time, batch, units]
    by_step = _by_step(call, direct[0], mask)  # [time, batch, units]
    ends = list(direct[1:]) or [tf.zeros_like(state) for state in first]

    def back(carried: tuple[list[Any], Any], step: tuple[Any, ...]) -> tuple[list[Any], Any]:
        """(gradient by the state before this step, norm of that by the state after it)."""
        behind, _ = carried
        x, real, given, states = step
        total = [behind[0] + given, *behind[1:]]  # d loss / d s_t
        with tf.GradientTape() as tape:
            tape.watch(states)
            _, after = cell(x, states, training=False)
        through = tape.gradient(after, states, total, tf.UnconnectedGradients.ZERO)
        real = real[:, None]
        passed = [tf.where(real, one, other) for one, other in zip(through, total, strict=True)]
        squares = tf.add_n([tf.reduce_sum(tf.square(part), axis=-1) for part in total])
        return passed, tf.sqrt(squares)

    start = (ends, tf.zeros_like(inputs[0, :, 0]))
    _, norms = tf.scan(back, (inputs, mask, by_step, before), start, reverse=True)
    return norms, mask


def by_lag(norms: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The mean norm over the rows at each lag: float [longest], 0 being a row's last real step.

    `norms` and `mask` are [time, batch].
    """
    lags = np.cumsum(mask[::-1], axis=0)[::-1] - 1
    real = mask.astype(bool)
    sums = np.bincount(lags[real], weights=norms[real])
    return np.asarray(sums / np.maximum(1, np.bincount(lags[real])))


def kept_lags(longest: int) -> list[int]:
    """Lags that tell the story of a long sequence: all near ones, then ever fewer."""
    if longest <= MOST:
        return list(range(longest))
    return sorted({round(lag) for lag in np.geomspace(1, longest, MOST) - 1})


def _in_reading_order(call: Call, sequence: Any) -> tuple[Any, Any]:
    mask = call.options.get("mask")
    mask = mask[0] if isinstance(mask, list | tuple) else mask
    if mask is None:
        mask = tf.ones(tf.shape(sequence)[:2], "bool")
    inputs = tf.transpose(sequence, [1, 0, 2])
    mask = tf.transpose(tf.cast(mask, "bool"))
    if call.layer.go_backwards:
        inputs, mask = tf.reverse(inputs, [0]), tf.reverse(mask, [0])
    return inputs, mask


def _initial_state(call: Call, sequence: Any) -> list[Any]:
    given = call.options.get("initial_state")
    if given is None:
        given = call.layer.get_initial_state(tf.shape(sequence)[0])
    return [tf.convert_to_tensor(state) for state in keras.tree.flatten(given)]


def _states_before(cell: Any, inputs: Any, mask: Any, first: list[Any]) -> list[Any]:
    """The state that each step starts from, [time, batch, units] of each of its parts."""

    def forward(states: list[Any], step: tuple[Any, Any]) -> list[Any]:
        x, real = step
        _, after = cell(x, states, training=False)
        real = real[:, None]  # a masked step leaves the state as it is
        return [tf.where(real, one, other) for one, other in zip(after, states, strict=True)]

    after = tf.scan(forward, (inputs, mask), first)
    pairs = zip(first, after, strict=True)
    return [tf.concat([start[None], later[:-1]], axis=0) for start, later in pairs]


def _by_step(call: Call, direct: Any, mask: Any) -> Any:
    """The gradient by the output of each step, [time, batch, units]."""
    if call.layer.return_sequences:
        by_step = tf.transpose(direct, [1, 0, 2])
        if call.layer.zero_output_for_mask:  # what a masked step gives is no state then
            by_step = tf.where(mask[:, :, None], by_step, 0.0)
        return by_step
    # The last state alone: nothing comes directly to the steps before it.
    return tf.pad(direct[None], [[tf.shape(mask)[0] - 1, 0], [0, 0], [0, 0]])
