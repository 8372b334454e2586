"""LSTM and GRU that train fast on a CPU: Keras's layers with another loop inside.

They are subclasses of `keras.layers.LSTM` and `keras.layers.GRU`: the same arguments, weights,
states and masks, and weights move both ways. Only how the steps are computed differs, and only
where that is faster: on the TensorFlow backend, without a GPU, with the activations tanh and
sigmoid, in float32, without recurrent dropout, not unrolled, and for a GRU with `reset_after`.
Everywhere else Keras's own loop runs. docs/performance.md says what was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras


class _DropsWeights:
    """Leaves out weights of the recurrent kernel in training: DropConnect (Wan et al. 2013).

    One mask for all rows and steps of a batch, as in the weight-dropped LSTM (Merity et al. 2018),
    so that the same units forget each other at every step.
    """

    def __init__(self, units: int, *, weight_dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)  # type: ignore[call-arg]
        self.weight_dropout = weight_dropout
        if weight_dropout:
            self._weight_seed = keras.random.SeedGenerator()

    @contextmanager
    def dropped_weights(self, training: bool) -> Iterator[None]:
        """For the time of the block the cell has a kernel with holes."""
        if not (training and self.weight_dropout):
            yield
            return
        held: Any = self.cell.__dict__  # type: ignore[attr-defined]  # past Keras's tracking
        kernel = held["recurrent_kernel"]
        held["recurrent_kernel"] = keras.random.dropout(
            keras.ops.convert_to_tensor(kernel), self.weight_dropout, seed=self._weight_seed
        )
        try:
            yield
        finally:
            held["recurrent_kernel"] = kernel

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        config: dict[str, Any] = super().get_config()  # type: ignore[misc]
        return {**config, "weight_dropout": self.weight_dropout}


@keras.saving.register_keras_serializable(package="seqapps")
class LSTM(_DropsWeights, keras.layers.LSTM):
    """`keras.layers.LSTM` (Hochreiter and Schmidhuber 1997), fast in training on a CPU.

    Takes [batch, time, inputs] and, optionally, a mask bool [batch, time] and the initial states
    hidden and cell, each [batch, units]. Gives [batch, units], with `return_sequences` [batch,
    time, units], and with `return_state` hidden and cell after it.
    """

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:  # (last output, outputs, last states)
        with self.dropped_weights(training):
            if not _is_fast(self):
                return super().inner_loop(sequences, initial_state, mask, training=training)
            from seqapps.layers.lstm_core import lstm

            return _read(self, lstm, sequences, initial_state, mask, training)


@keras.saving.register_keras_serializable(package="seqapps")
class GRU(_DropsWeights, keras.layers.GRU):
    """`keras.layers.GRU` (Cho et al. 2014), fast in training on a CPU.

    Takes [batch, time, inputs] and, optionally, a mask bool [batch, time] and the initial state
    [batch, units]. Gives [batch, units], with `return_sequences` [batch, time, units], and with
    `return_state` the state after it.
    """

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:  # (last output, outputs, last states)
        with self.dropped_weights(training):
            if not (_is_fast(self) and self.cell.reset_after):
                return super().inner_loop(sequences, initial_state, mask, training=training)
            from seqapps.layers.gru_core import gru

            return _read(self, gru, sequences, initial_state, mask, training)


_compiled = True


def set_compiled(compiled: bool) -> None:
    """Whether training functions that are built from now on compile the loops by XLA.

    To compile takes about a second for each size of batches, which a short training does not win
    back; the loops then run op by op, with the same gradient.
    """
    global _compiled
    _compiled = compiled


def _is_fast(layer: Any) -> bool:
    """Whether our loop can take this layer, here."""
    if keras.backend.backend() != "tensorflow" or layer.unroll or layer.recurrent_dropout:
        return False
    if layer.compute_dtype != "float32" or layer.use_cudnn is True:
        return False
    cell = layer.cell
    if (cell.activation, cell.recurrent_activation) != (
        keras.activations.tanh,
        keras.activations.sigmoid,
    ):
        return False
    import tensorflow as tf

    return not tf.config.list_logical_devices("GPU")


def _read(
    layer: Any,
    core: Callable[..., tuple[Any, list[Any]]],
    sequences: Any,
    initial_state: Any,
    mask: Any,
    training: bool,
) -> tuple[Any, Any, list[Any]]:
    """(last output, outputs, last states) as Keras's `inner_loop` gives them."""
    import tensorflow as tf

    from seqapps.layers.steps import Reading

    ops, cell = keras.ops, layer.cell
    if training and layer.dropout:
        # One mask for all steps (Gal and Ghahramani 2016), as Keras draws it.
        sequences = sequences * cell.get_dropout_mask(sequences[:, 0, :])[:, None, :]
    mask = keras.tree.flatten(mask)[0] if keras.tree.is_nested(mask) else mask
    if layer.go_backwards:
        sequences = ops.flip(sequences, axis=1)
        mask = None if mask is None else ops.flip(mask, axis=1)
    # Read here: a gradient of our own takes values, not variables.
    weights = [tf.identity(tf.convert_to_tensor(w)) for w in (cell.kernel, cell.recurrent_kernel)]
    bias = tf.identity(tf.convert_to_tensor(cell.bias)) if cell.use_bias else None
    compiled = _compiled and sequences.shape[1] != 1  # one step has no loop to compile
    how = Reading(mask, layer.return_sequences, training, compiled)
    hidden, states = core(sequences, *weights, bias, list(initial_state), how)
    if hidden is None:  # the last output is enough, and the last state is that
        hidden = states[0][:, None]
        mask = None if mask is None else _shown(mask, layer.zero_output_for_mask)[:, -1:]
    elif mask is not None:
        mask = _shown(mask, layer.zero_output_for_mask)
    outputs = hidden if mask is None else hidden * ops.cast(mask, hidden.dtype)[:, :, None]
    return outputs[:, -1], outputs, states


def _shown(mask: Any, zero_output: bool) -> Any:
    """Where states are given out, [batch, time]; elsewhere zeros are.

    A masked step gives zeros, or else the output before it. Before the first step that counts there
    is none: zeros, whatever the initial state is.
    """
    return mask if zero_output else keras.ops.cumsum(keras.ops.cast(mask, "int32"), axis=1) > 0
