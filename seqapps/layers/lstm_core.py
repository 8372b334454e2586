"""The loop of an LSTM in TensorFlow: compiled for training, plain operations for answering.

With the names of `seqapps.layers.gates`, z_t = x_t W + h_{t-1} U + b has the parts i, f, g, o, and

    c_t = f_t * c_{t-1} + i_t * g_t,    h_t = o_t * tanh(c_t).

For the gradient of a loss, let dh_t and dc_t be those with respect to h_t and c_t. Then

    dc_t += dh_t * K_t                          K_t = o_t * (1 - tanh(c_t)^2)
    dz_t  = A_t * (dc_t, dc_t, dc_t, dh_t)      A_t: the derivatives of the four parts
    dh_{t-1} = dz_t U',   dc_{t-1} = dc_t * f_t

A_t, K_t and f_t need only what the forward loop has at hand: it saves them instead of the gates, so
that the loop back is products alone. Everything that has no loop in it (x W, and the gradients of
W, U and x) is one product of matrices over all steps. Where a step does not count, states pass it
unchanged, and so do their gradients.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from seqapps.layers.steps import (
    Layout,
    Loop,
    Reading,
    array_for,
    array_of,
    product_gradient,
    recurrent_gradient,
    times,
    walked,
    walked_back,
)


def lstm(
    inputs: Any, kernel: Any, recurrent: Any, bias: Any, states: Any, how: Reading
) -> tuple[Any, list[Any]]:
    """(hidden [batch, time, units] or None, last states [hidden, cell], each [batch, units]).

    `inputs` are [batch, time, inputs], `kernel` [inputs, 4 units], `recurrent` [units, 4 units],
    `bias` [4 units] or None, `states` as the last states.
    """
    bias = tf.zeros_like(kernel[0]) if bias is None else bias
    if not how.training:
        return _answer(inputs, kernel, recurrent, bias, states, how.mask)
    *hidden, h, c = _trained(how)(inputs, kernel, recurrent, bias, *states)
    return hidden[0] if how.sequences else None, [h, c]


def _answer(
    inputs: Any, kernel: Any, recurrent: Any, bias: Any, states: Any, mask: Any
) -> tuple[Any, list[Any]]:
    """The loop in operations that any server has."""
    xz = tf.transpose(tf.matmul(inputs, kernel) + bias, [1, 0, 2])  # [time, batch, 4 units]
    counts = None if mask is None else tf.transpose(mask)[:, :, None]
    x, m = array_of(xz), None if counts is None else array_of(counts)

    def step(t: Any, h: Any, c: Any, hidden: Any) -> tuple[Any, ...]:
        i, f, g, o = tf.split(x.read(t) + tf.matmul(h, recurrent), 4, axis=1)
        cell = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        new = tf.sigmoid(o) * tf.tanh(cell)
        if m is not None:
            here = m.read(t)
            new, cell = tf.where(here, new, h), tf.where(here, cell, c)
        return new, cell, hidden.write(t, new)

    hidden = array_for(xz, recurrent.shape[0])
    h, c, hidden = walked(step, xz, (*states, hidden), steps=tf.shape(xz)[0])
    return tf.transpose(hidden.stack(), [1, 0, 2]), [h, c]


def _trained(how: Reading) -> Any:
    """(inputs, kernel, recurrent, bias, hidden, cell) -> (all hidden, last hidden, last cell).

    All hidden states are left out where nobody asks for them.
    """
    forward = _forward.taken(compiled=how.compiled)
    backward = _backward.taken(compiled=how.compiled)

    @tf.custom_gradient
    def run(inputs: Any, kernel: Any, recurrent: Any, bias: Any, h0: Any, c0: Any) -> Any:
        # A tape that watches them would ask XLA for what the loop holds inside.
        inputs, kernel, recurrent, bias, h0, c0 = map(
            tf.stop_gradient, (inputs, kernel, recurrent, bias, h0, c0)
        )
        layout = Layout(inputs, compiled=how.compiled)
        with_bias = tf.concat([kernel, bias[None]], 0)  # meets a column of ones
        xs = layout.cut(inputs, filler=1.0, features=1)
        hs, cs = layout.cut_state(h0), layout.cut_state(c0)
        counts = layout.cut_mask(how.mask, inputs.dtype)
        hidden, last_h, last_c, saved = zip(
            *[
                forward(times(x, with_bias), recurrent, h, c, m, layout.time)
                for x, h, c, m in zip(xs, hs, cs, counts, strict=True)
            ],
            strict=True,
        )

        def gradient(*given: Any) -> tuple[Any, ...]:
            *d_hidden, d_h, d_c = given
            back, n = tf.transpose(recurrent), layout.time
            pieces = zip(
                layout.cut_if(d_hidden), layout.cut_state(d_h), layout.cut_state(d_c),
                saved, counts, strict=True,
            )  # fmt: skip
            dz, d_h0, d_c0 = zip(*[backward(*piece, back, n) for piece in pieces], strict=True)
            d_kernel = tf.add_n(
                [product_gradient(x[:n], z[:n]) for x, z in zip(xs, dz, strict=True)]
            )
            d_recurrent = tf.add_n(
                [recurrent_gradient(*piece, n) for piece in zip(hs, hidden, dz, strict=True)]
            )
            d_inputs = layout.joined([times(z, kernel, transposed=True) for z in dz])
            return (
                d_inputs, d_kernel[:-1], d_recurrent, d_kernel[-1],
                layout.joined_state(d_h0), layout.joined_state(d_c0),
            )  # fmt: skip

        last = layout.joined_state(last_h), layout.joined_state(last_c)
        return (layout.joined(hidden), *last) if how.sequences else last, gradient

    return run


@Loop
def _forward(xz: Any, recurrent: Any, h0: Any, c0: Any, counts: Any, steps: Any) -> Any:
    """(hidden [time, rows, units], last hidden, last cell, what `_backward` needs)."""
    units = recurrent.shape[0]
    # sigmoid(z) = (1 + tanh(z / 2)) / 2, so that one tanh serves all four.
    scale = tf.constant([0.5, 0.5, 1.0, 0.5], xz.dtype)[None, :, None]
    shift = tf.constant([0.5, 0.5, 0.0, 0.5], xz.dtype)[None, :, None]
    x, m = array_of(xz), None if counts is None else array_of(counts)

    def step(t: Any, h: Any, c: Any, hidden: Any, a: Any, k: Any, kept: Any) -> tuple[Any, ...]:
        z = tf.reshape(x.read(t) + tf.matmul(h, recurrent), [-1, 4, units])
        i, f, g, o = tf.unstack(tf.tanh(z * scale) * scale + shift, axis=1)
        through = i * g
        cell = f * c + through
        squashed = tf.tanh(cell)
        new = o * squashed
        slopes = tf.concat([through * (1 - i), c * f * (1 - f), i - through * g, new * (1 - o)], 1)
        rise = o - new * squashed
        if m is not None:
            here = m.read(t)
            slopes, rise, f = here * slopes, here * rise, here * f + (1 - here)
            new, cell = h + here * (new - h), c + here * (cell - c)
        written = hidden.write(t, new), a.write(t, slopes), k.write(t, rise), kept.write(t, f)
        return new, cell, *written

    arrays = [array_for(xz, size) for size in (units, 4 * units, units, units)]
    h, c, hidden, *saved = walked(step, xz, (h0, c0, *arrays), steps=steps)
    return hidden.stack(), h, c, [array.stack() for array in saved]


@Loop
def _backward(
    d_hidden: Any, d_h: Any, d_c: Any, saved: Any, counts: Any, back: Any, steps: Any
) -> Any:
    """(dz [time, rows, 4 units], and the gradients of the first hidden and cell)."""
    a, k, kept = map(array_of, saved)
    d = None if d_hidden is None else array_of(d_hidden)
    m = None if counts is None else array_of(counts)

    def step(t: Any, dh: Any, dc: Any, dz: Any) -> tuple[Any, ...]:
        dh = dh if d is None else dh + d.read(t)
        dc = dc + dh * k.read(t)
        z = a.read(t) * tf.concat([dc, dc, dc, dh], 1)
        before = tf.matmul(z, back)
        if m is not None:
            before = before + (1 - m.read(t)) * dh
        return before, dc * kept.read(t), dz.write(t, z)

    dz = array_for(saved[0], back.shape[0])
    dh, dc, dz = walked_back(step, saved[0], (d_h, d_c, dz), steps=steps)
    return dz.stack(), dh, dc
