"""What goes on inside a recurrent layer: its gates and its cell, step by step, in NumPy.

Keras gives out a layer's states only. Here the same numbers are computed from the layer's weights,
so that they can be looked at. In what follows, x_t is the input of step t, h_t the state, * the
product of elements, and W, U, b are the layer's kernel, recurrent kernel and bias.

LSTM (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000):

    i_t = sigmoid(x_t W_i + h_{t-1} U_i + b_i)    input gate
    f_t = sigmoid(x_t W_f + h_{t-1} U_f + b_f)    forget gate
    g_t = tanh(x_t W_g + h_{t-1} U_g + b_g)       candidate
    o_t = sigmoid(x_t W_o + h_{t-1} U_o + b_o)    output gate
    c_t = f_t * c_{t-1} + i_t * g_t               cell
    h_t = o_t * tanh(c_t)                         hidden

GRU (Cho et al. 2014; Keras counts z as what is kept, and by default resets after the product):

    z_t = sigmoid(x_t W_z + h_{t-1} U_z + b_z)    update gate
    r_t = sigmoid(x_t W_r + h_{t-1} U_r + b_r)    reset gate
    g_t = tanh(x_t W_g + r_t * (h_{t-1} U_g + b'_g) + b_g)    candidate
    h_t = z_t * h_{t-1} + (1 - z_t) * g_t         hidden
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

Gates = dict[str, np.ndarray]  # name -> float32 [batch, time, units]
Step = Callable[[np.ndarray, Gates], Gates]  # (x_t [batch, inputs], before) -> what becomes of it
CARRIED = ("cell", "hidden")  # kept over a masked step; a gate has no value there


def has_gates(layer: Any) -> bool:
    """Whether it is an LSTM or a GRU, or one that reads in both directions."""
    return any(isinstance(one, keras.layers.LSTM | keras.layers.GRU) for one in _directions(layer))


def gates(layer: Any, inputs: Any, mask: Any = None) -> dict[str, Gates]:
    """{"forward": gates}, {"backward": gates} or both, as the layer reads.

    `inputs` are [batch, time, inputs], `mask` bool [batch, time]. Of an LSTM the gates are
    `input_gate, forget_gate, output_gate, candidate, cell, hidden`, of a GRU `update_gate,
    reset_gate, candidate, hidden`, each [batch, time, units]. Place t is step t of the inputs in
    both directions: of a backward reading, what was computed before it stands at t + 1. At a masked
    step cell and hidden are those of the step read before, and a gate is NaN: none is computed.
    The reading starts from zeros, without dropout.
    """
    values = np.asarray(inputs, "float32")
    real = np.ones(values.shape[:2], bool) if mask is None else np.asarray(mask, bool)
    found = {}
    for one in _directions(layer):
        name = "backward" if one.go_backwards else "forward"
        order = range(values.shape[1])
        found[name] = _read(one, values, real, reversed(order) if one.go_backwards else iter(order))
    return found


def means(found: Gates, *, row: int) -> dict[str, list[float]]:
    """The mean over the units of one row's gates, step by step: name -> [time]."""
    return {name: value[row].mean(axis=-1).tolist() for name, value in found.items()}


def _directions(layer: Any) -> list[Any]:
    if isinstance(layer, keras.layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer]


def _read(layer: Any, values: np.ndarray, real: np.ndarray, order: Iterator[int]) -> Gates:
    """The gates of one direction, each [batch, time, units]; `order` is that of reading."""
    is_lstm = isinstance(layer, keras.layers.LSTM)
    step = _lstm_step(layer.cell) if is_lstm else _gru_step(layer.cell)
    names = CARRIED if is_lstm else CARRIED[1:]
    batch, time, _ = values.shape
    before = {name: np.zeros([batch, layer.units], "float32") for name in names}
    found: Gates = {}
    for t in order:
        after = step(values[:, t], before)
        for name, value in after.items():
            otherwise = before.get(name, np.float32(np.nan))
            kept = np.where(real[:, t, None], value, otherwise)  # [batch, units]
            place = found.setdefault(name, np.empty([batch, time, layer.units], "float32"))
            place[:, t] = kept
            if name in names:
                before[name] = kept
    return found


def _lstm_step(cell: Any) -> Step:
    kernel, recurrent, bias = _weights(cell)
    gate, squash = _in_numpy(cell.recurrent_activation), _in_numpy(cell.activation)

    def step(x: np.ndarray, before: Gates) -> Gates:
        sums = x @ kernel + before["hidden"] @ recurrent + bias  # [batch, 4 units]
        i, f, g, o = np.split(sums, 4, axis=1)  # Keras's order; each [batch, units]
        found = {"input_gate": gate(i), "forget_gate": gate(f), "output_gate": gate(o)}
        found["candidate"] = squash(g)
        kept = found["forget_gate"] * before["cell"]
        found["cell"] = kept + found["input_gate"] * found["candidate"]
        return {**found, "hidden": found["output_gate"] * squash(found["cell"])}

    return step


def _gru_step(cell: Any) -> Step:
    kernel, recurrent, bias = _weights(cell)
    gate, squash = _in_numpy(cell.recurrent_activation), _in_numpy(cell.activation)
    # With reset_after there is a second bias, of the recurrent product.
    own, theirs = (bias[0], bias[1]) if cell.reset_after and cell.use_bias else (bias, 0.0)

    def step(x: np.ndarray, before: Gates) -> Gates:
        hidden, units = before["hidden"], cell.units
        given, said = x @ kernel + own, hidden @ recurrent + theirs  # each [batch, 3 units]
        update, reset = np.split(gate(given[:, : 2 * units] + said[:, : 2 * units]), 2, axis=1)
        if cell.reset_after:
            recalled = reset * said[:, 2 * units :]  # [batch, units]
        else:
            recalled = (reset * hidden) @ recurrent[:, 2 * units :]
        candidate = squash(given[:, 2 * units :] + recalled)
        return {
            "update_gate": update,
            "reset_gate": reset,
            "candidate": candidate,
            "hidden": update * hidden + (1 - update) * candidate,
        }

    return step


def _weights(cell: Any) -> tuple[np.ndarray, np.ndarray, Any]:
    """(kernel, recurrent kernel, bias or 0)."""
    bias = np.asarray(cell.bias) if cell.use_bias else 0.0
    return np.asarray(cell.kernel), np.asarray(cell.recurrent_kernel), bias


def _in_numpy(activation: Any) -> Callable[[np.ndarray], np.ndarray]:
    return lambda value: np.asarray(activation(keras.ops.convert_to_tensor(value)))
