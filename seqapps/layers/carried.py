"""Recurrent layers whose rows go on where the batch before ended (truncated backpropagation)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seqapps")
class Carried(keras.layers.Layer):
    """An LSTM or GRU that carries the state of each row from batch to batch in training.

    Takes [batch, time, inputs] and `keep`, float [batch, 1]: 1 where a row goes on, 0 where it
    begins anew from zeros. Gives [batch, time, units]. Gradients end where a batch begins
    (truncated backpropagation through time, Williams and Peng 1990). A batch in training has
    `rows` rows; the states are weights that are not trained, so that checkpoints hold them.
    Otherwise every call begins from zeros, with any number of rows.
    """

    def __init__(self, reader: Any, rows: int, **kwargs: Any) -> None:
        """`reader` returns sequences and states."""
        super().__init__(**kwargs)
        if not (reader.return_sequences and reader.return_state):
            raise ValueError("Carried takes a layer with return_sequences and return_state.")
        self.reader, self.rows = reader, rows

    def build(self, inputs_shape: Any, keep_shape: Any = None) -> None:
        self.reader.build(inputs_shape)
        self.carried = [
            self.add_weight(
                shape=[self.rows, size], initializer="zeros", trainable=False, name=f"state_{n}"
            )
            for n, size in enumerate(keras.tree.flatten(self.reader.cell.state_size))
        ]

    def call(self, inputs: Any, keep: Any, training: bool = False) -> Any:
        if not training:
            return self.reader(inputs)[0]
        start = [ops.cast(state * keep, self.compute_dtype) for state in self.carried]
        outputs, *last = self.reader(inputs, initial_state=start, training=True)
        for state, value in zip(self.carried, last, strict=True):
            state.assign(ops.cast(value, state.dtype))
        return outputs

    def read(self, inputs: Any, states: Any, *, mask: Any = None) -> tuple[Any, list[Any]]:
        """(outputs [batch, time, units], states after them) from given `states`, untrained.

        Steps that the mask, bool [batch, time], leaves out change no state.
        """
        if mask is None:
            outputs, *last = self.reader(inputs, initial_state=states)
            return outputs, last
        # cuDNN refuses a row of which no step counts: it is read, and takes its states back.
        some = ops.any(mask, axis=1, keepdims=True)  # [batch, 1]
        mask = ops.logical_or(mask, ops.logical_not(some))
        outputs, *last = self.reader(inputs, initial_state=states, mask=mask)
        return outputs, [
            ops.where(some, after, before) for after, before in zip(last, states, strict=True)
        ]

    def step(self, inputs: Any, states: Any) -> tuple[Any, list[Any]]:
        """One step: [batch, inputs], states -> [batch, units], states after it."""
        output, after = self.reader.cell(inputs, states)
        return output, after

    def first(self, rows: Any) -> list[Any]:
        """The states that a document begins with: zeros, each [rows, units]."""
        return [
            ops.zeros([rows, size], self.compute_dtype)
            for size in keras.tree.flatten(self.reader.cell.state_size)
        ]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        reader = keras.saving.serialize_keras_object(self.reader)
        return {**super().get_config(), "reader": reader, "rows": self.rows}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Carried:
        reader = keras.saving.deserialize_keras_object(config.pop("reader"))
        return cls(reader, **config)
