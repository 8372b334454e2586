"""What the loops of LSTM and GRU share: time first, rows in blocks, few shapes.

XLA compiles a loop anew for every shape, so rows and steps are padded to few numbers of them; the
loop itself takes just the steps that there are. The rows of a batch are dealt to blocks that run
side by side, one a core: a single step is too little work for two cores to share. A loop that is
not compiled takes the batch as it is. Where a layer has one step alone, there is no loop at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from seqapps import start

MOST_BLOCKS = 4
GRAIN = 8  # rows of a block are a multiple of it, and steps of a short batch


class Reading(NamedTuple):
    """How a layer reads its inputs."""

    mask: Any  # bool [batch, time], or None
    sequences: bool  # whether all hidden states are asked for, or the last alone
    training: bool
    compiled: bool  # whether the loops of training are compiled by XLA


class Layout:
    """How a batch lies in blocks: which are [padded time, rows, ...], each with its own rows."""

    def __init__(self, inputs: Any, *, compiled: bool) -> None:
        """`inputs` are [batch, time, inputs]."""
        shape = tf.shape(inputs)
        self._batch, self.time = shape[0], 1 if inputs.shape[1] == 1 else shape[1]
        self._blocks = _cores() if compiled else 1
        self._rows = padded_size(-(-self._batch // self._blocks)) if compiled else self._batch
        self._padded = padded_size(self.time) if compiled else self.time

    def cut(self, value: Any, *, filler: float = 0.0, features: int = 0) -> list[Any]:
        """[batch, time, size] -> for each block [padded time, rows, size + features].

        What is added to time, rows and features is filled with `filler`.
        """
        size = value.shape[-1] + features
        more = self._blocks * self._rows - self._batch
        added = [[0, more], [0, self._padded - self.time], [0, features]]
        value = tf.pad(value, added, constant_values=filler)
        value = tf.reshape(value, [self._blocks, self._rows, self._padded, size])
        return list(tf.unstack(tf.transpose(value, [0, 2, 1, 3])))

    def cut_if(self, value: Sequence[Any]) -> list[Any]:
        """`cut` of the only value there is, or None for each block where there is none."""
        return self.cut(*value) if value else [None] * self._blocks

    def cut_mask(self, mask: Any, dtype: Any) -> list[Any]:
        """Mask [batch, time] -> for each block [padded time, rows, 1] of 1 and 0; None of None."""
        if mask is None:
            return [None] * self._blocks
        return self.cut(tf.cast(mask, dtype)[:, :, None])

    def joined(self, values: Sequence[Any]) -> Any:
        """What `cut` cuts, without what it added: [batch, time, size]."""
        value = tf.transpose(tf.stack(values), [0, 2, 1, 3])
        value = tf.reshape(value, [self._blocks * self._rows, self._padded, values[0].shape[-1]])
        return value[: self._batch, : self.time]

    def cut_state(self, value: Any) -> list[Any]:
        """[batch, units] -> for each block [rows, units], zeros added."""
        value = tf.pad(value, [[0, self._blocks * self._rows - self._batch], [0, 0]])
        return list(tf.unstack(tf.reshape(value, [self._blocks, self._rows, value.shape[-1]])))

    def joined_state(self, values: Sequence[Any]) -> Any:
        """What `cut_state` cuts: [batch, units]."""
        return tf.concat(values, 0)[: self._batch]


class Loop:
    """A function of tensors that holds a loop, compiled by XLA or taken op by op."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._compiled = tf.function(function, jit_compile=True, autograph=False)

    def taken(self, *, compiled: bool) -> Callable[..., Any]:
        """The function, the one or the other way."""
        return self._compiled if compiled else self._function


def product_gradient(left: Any, right: Any) -> Any:
    """Sum over time and rows of left' right: [time, rows, n], [time, rows, m] -> [n, m]."""
    flat = [tf.reshape(value, [-1, value.shape[-1]]) for value in (left, right)]
    return tf.matmul(flat[0], flat[1], transpose_a=True)


def recurrent_gradient(first: Any, hidden: Any, right: Any, steps: Any) -> Any:
    """`product_gradient` of the states before each step: `first`, then all `hidden` but the last.

    `first` is [rows, units], `hidden` [time, rows, units], `right` [time, rows, m].
    """
    start = tf.matmul(first, right[0], transpose_a=True)
    return start + product_gradient(hidden[: steps - 1], right[1:steps])


def times(value: Any, matrix: Any, *, transposed: bool = False) -> Any:
    """[time, rows, n] times [n, m] or its transpose, as one product of two matrices."""
    flat = tf.matmul(tf.reshape(value, [-1, value.shape[-1]]), matrix, transpose_b=transposed)
    return tf.reshape(flat, [tf.shape(value)[0], tf.shape(value)[1], flat.shape[-1]])


class OneStep:
    """What a TensorArray of one step is, without its operations."""

    def __init__(self, value: Any = None) -> None:
        self._value = value  # [rows, size]

    def read(self, place: Any) -> Any:
        """The step, [rows, size]."""
        return self._value

    def write(self, place: Any, value: Any) -> OneStep:
        """An array that holds the step."""
        return OneStep(value)

    def stack(self) -> Any:
        """[1, rows, size]."""
        return self._value[None]


def array_of(value: Any) -> Any:
    """[time, ...] to be read step by step."""
    if value.shape[0] == 1:
        return OneStep(value[0])
    return tf.TensorArray(value.dtype, tf.shape(value)[0]).unstack(value)


def array_for(like: Any, size: int) -> Any:
    """To be written step by step, [time, rows, size], with time and rows of `like`."""
    if like.shape[0] == 1:
        return OneStep()
    return tf.TensorArray(like.dtype, tf.shape(like)[0], element_shape=[None, size])


def walked(step: Callable[..., Any], over: Any, states: Sequence[Any], *, steps: Any) -> Any:
    """`states` after `step` was taken at each of `steps` steps of `over` [time, rows, size].

    `step` takes its place, counted from 0, and the states, and gives the states after it.
    """
    if over.shape[0] == 1:
        return step(0, *states)
    _, *states = tf.while_loop(
        lambda t, *_: t < steps,
        lambda t, *states: (t + 1, *step(t, *states)),
        (0, *states),
        maximum_iterations=tf.shape(over)[0],
    )
    return states


def walked_back(step: Callable[..., Any], over: Any, states: Sequence[Any], *, steps: Any) -> Any:
    """The same from the last step to the first."""
    if over.shape[0] == 1:
        return step(0, *states)
    _, *states = tf.while_loop(
        lambda t, *_: t >= 0,
        lambda t, *states: (t - 1, *step(t, *states)),
        (steps - 1, *states),
        maximum_iterations=tf.shape(over)[0],
    )
    return states


def _cores() -> int:
    """Blocks run at once: as many as TensorFlow has threads, at most `MOST_BLOCKS`."""
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    return min(MOST_BLOCKS, threads or start.cores())


def padded_size(size: Any) -> Any:
    """Up to 8, 16, 24, 32, and then to four sizes between two powers of two."""
    powers = tf.constant([2**n for n in range(6, 31)])
    grain = tf.maximum(GRAIN, tf.reduce_max(tf.where(powers <= size, powers // 4, 0)))
    return -(-size // grain) * grain
