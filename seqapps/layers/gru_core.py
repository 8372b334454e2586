"""The loop of a GRU in TensorFlow: compiled for training, plain operations for answering.

With the names of `seqapps.layers.gates`, s_t = h_{t-1} U + b' has the parts s_z, s_r, s_g, and

    g_t = tanh(x_t W_g + b_g + r_t * s_g),    h_t = z_t * h_{t-1} + (1 - z_t) * g_t.

Every derivative is a multiple of dh_t, the gradient with respect to h_t:

    d(x_t W) = (Z_t, R_t, G_t) * dh_t           Z_t = (h_{t-1} - g_t) z_t (1 - z_t)
    d(s_t)   = (Z_t, R_t, G_t * r_t) * dh_t     G_t = (1 - z_t) (1 - g_t^2)
    dh_{t-1} = z_t * dh_t + d(s_t) U'           R_t = G_t * s_g * r_t (1 - r_t)

The forward loop saves these factors, so that the loop back is products alone. What has no loop in
it is one product of matrices over all steps. Where a step does not count, the state passes it
unchanged, and so does its gradient.
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


def gru(
    inputs: Any, kernel: Any, recurrent: Any, bias: Any, states: Any, how: Reading
) -> tuple[Any, list[Any]]:
    """(hidden [batch, time, units] or None, [last hidden [batch, units]]).

    `inputs` are [batch, time, inputs], `kernel` [inputs, 3 units], `recurrent` [units, 3 units],
    `bias` [2, 3 units] or None, `states` the initial hidden alone.
    """
    bias = tf.zeros([2, kernel.shape[1]], kernel.dtype) if bias is None else bias
    if not how.training:
        return _answer(inputs, kernel, recurrent, bias, states[0], how.mask)
    *hidden, last = _trained(how)(inputs, kernel, recurrent, bias, states[0])
    return hidden[0] if how.sequences else None, [last]


def _answer(
    inputs: Any, kernel: Any, recurrent: Any, bias: Any, state: Any, mask: Any
) -> tuple[Any, list[Any]]:
    """The loop in operations that any server has."""
    xz = tf.transpose(tf.matmul(inputs, kernel) + bias[0], [1, 0, 2])  # [time, batch, 3 units]
    counts = None if mask is None else tf.transpose(mask)[:, :, None]
    x, m = array_of(xz), None if counts is None else array_of(counts)

    def step(t: Any, h: Any, hidden: Any) -> tuple[Any, ...]:
        x_z, x_r, x_g = tf.split(x.read(t), 3, axis=1)
        s_z, s_r, s_g = tf.split(tf.matmul(h, recurrent) + bias[1], 3, axis=1)
        update = tf.sigmoid(x_z + s_z)
        candidate = tf.tanh(x_g + tf.sigmoid(x_r + s_r) * s_g)
        new = update * h + (1 - update) * candidate
        if m is not None:
            new = tf.where(m.read(t), new, h)
        return new, hidden.write(t, new)

    hidden = array_for(xz, recurrent.shape[0])
    h, hidden = walked(step, xz, (state, hidden), steps=tf.shape(xz)[0])
    return tf.transpose(hidden.stack(), [1, 0, 2]), [h]


def _trained(how: Reading) -> Any:
    """(inputs, kernel, recurrent, bias, initial hidden) -> (all hidden, last hidden).

    All hidden states are left out where nobody asks for them.
    """
    forward = _forward.taken(compiled=how.compiled)
    backward = _backward.taken(compiled=how.compiled)

    @tf.custom_gradient
    def run(inputs: Any, kernel: Any, recurrent: Any, bias: Any, h0: Any) -> Any:
        # A tape that watches them would ask XLA for what the loop holds inside.
        inputs, kernel, recurrent, bias, h0 = map(
            tf.stop_gradient, (inputs, kernel, recurrent, bias, h0)
        )
        layout = Layout(inputs, compiled=how.compiled)
        with_bias = tf.concat([kernel, bias[:1]], 0)  # meets a column of ones
        xs, hs = layout.cut(inputs, filler=1.0, features=1), layout.cut_state(h0)
        counts = layout.cut_mask(how.mask, inputs.dtype)
        hidden, last, saved = zip(
            *[
                forward(times(x, with_bias), recurrent, bias[1], h, m, layout.time)
                for x, h, m in zip(xs, hs, counts, strict=True)
            ],
            strict=True,
        )

        def gradient(*given: Any) -> tuple[Any, ...]:
            *d_hidden, d_last = given
            back, n = tf.transpose(recurrent), layout.time
            pieces = zip(layout.cut_if(d_hidden), layout.cut_state(d_last), saved, strict=True)
            dx, ds, d_recalled, d_h0 = zip(
                *[backward(*piece, back, n) for piece in pieces], strict=True
            )
            d_kernel = tf.add_n(
                [product_gradient(x[:n], z[:n]) for x, z in zip(xs, dx, strict=True)]
            )
            d_recurrent = tf.add_n(
                [recurrent_gradient(*piece, n) for piece in zip(hs, hidden, ds, strict=True)]
            )
            d_inputs = layout.joined([times(z, kernel, transposed=True) for z in dx])
            # Of update and reset both biases have the same gradient.
            given = d_kernel[-1]
            said = tf.concat([given[: -recurrent.shape[0]], tf.add_n(d_recalled)], 0)
            d_bias = tf.stack([given, said])
            return d_inputs, d_kernel[:-1], d_recurrent, d_bias, layout.joined_state(d_h0)

        state = (layout.joined_state(last),)
        return (layout.joined(hidden), *state) if how.sequences else state, gradient

    return run


@Loop
def _forward(xz: Any, recurrent: Any, bias: Any, h0: Any, counts: Any, steps: Any) -> Any:
    """(hidden [time, rows, units], last hidden, what `_backward` needs)."""
    units = recurrent.shape[0]
    x, m = array_of(xz), None if counts is None else array_of(counts)

    def step(t: Any, h: Any, hidden: Any, a: Any, g: Any, kept: Any) -> tuple[Any, ...]:
        given, said = x.read(t), tf.matmul(h, recurrent) + bias
        # sigmoid(z) = (1 + tanh(z / 2)) / 2
        gates = 0.5 + 0.5 * tf.tanh(0.5 * (given[:, : 2 * units] + said[:, : 2 * units]))
        update, reset = gates[:, :units], gates[:, units:]
        recalled = said[:, 2 * units :]
        candidate = tf.tanh(given[:, 2 * units :] + reset * recalled)
        new = candidate + update * (h - candidate)
        rise = (1 - update) * (1 - candidate * candidate)
        from_reset = rise * recalled * reset * (1 - reset)
        slopes = tf.concat([(h - candidate) * update * (1 - update), from_reset, rise * reset], 1)
        if m is not None:
            here = m.read(t)
            slopes, rise, update = here * slopes, here * rise, here * update + (1 - here)
            new = h + here * (new - h)
        written = hidden.write(t, new), a.write(t, slopes), g.write(t, rise), kept.write(t, update)
        return new, *written

    arrays = [array_for(xz, size) for size in (units, 3 * units, units, units)]
    h, hidden, *saved = walked(step, xz, (h0, *arrays), steps=steps)
    return hidden.stack(), h, [array.stack() for array in saved]


@Loop
def _backward(d_hidden: Any, d_last: Any, saved: Any, back: Any, steps: Any) -> Any:
    """(d(x W), d(s), each [time, rows, 3 units], the sum of d(s_g), that of the first hidden).

    The sum, [units], grows in the loop: another walk over d(s) took as long as a product of it.
    At a step that does not count, what was saved passes dh on unchanged: no mask is needed.
    """
    units = d_last.shape[1]
    a, g, kept = map(array_of, saved)
    d = None if d_hidden is None else array_of(d_hidden)

    def step(t: Any, dh: Any, recalled: Any, dx: Any, ds: Any) -> tuple[Any, ...]:
        dh = dh if d is None else dh + d.read(t)
        said = a.read(t) * tf.concat([dh, dh, dh], 1)
        given = tf.concat([said[:, : 2 * units], g.read(t) * dh], 1)
        before = tf.matmul(said, back) + kept.read(t) * dh
        recalled = recalled + said[:, 2 * units :]
        return before, recalled, dx.write(t, given), ds.write(t, said)

    arrays = [array_for(saved[0], 3 * units) for _ in range(2)]
    first = (d_last, tf.zeros_like(d_last), *arrays)
    dh, recalled, dx, ds = walked_back(step, saved[0], first, steps=steps)
    return dx.stack(), ds.stack(), tf.reduce_sum(recalled, 0), dh
