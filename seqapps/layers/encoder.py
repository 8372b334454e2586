"""What reads a whole sequence, for a decoder that looks back at it."""

from __future__ import annotations

from typing import Any

import keras

from seqapps.layers.recurrent import GRU, LSTM

RECURRENT: dict[str, Any] = {"lstm": LSTM, "gru": GRU}


@keras.saving.register_keras_serializable(package="seqapps")
class RecurrentEncoder(keras.layers.Layer):
    """LSTM or GRU layers on top of each other, in both directions or one.

    Takes [batch, time, inputs] and a mask bool [batch, time], right padded; gives the memory
    [batch, time, units] and the states after the last step, each [batch, units]: those of the
    first layer, then those of the next, two of each for an LSTM (hidden, cell). Two directions
    have half of the units each, and their states stand side by side.
    """

    def __init__(
        self,
        kind: str,
        units: int,
        *,
        layers: int = 1,
        bidirectional: bool = True,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if bidirectional and units % 2:
            raise ValueError(f"units={units}: two directions share them, so they must be even")
        self.kind, self.units, self.layers = kind, units, layers
        self.bidirectional, self.dropout = bidirectional, dropout
        self.readers = [self._reader(number) for number in range(1, layers + 1)]
        self.drop = keras.layers.Dropout(dropout)

    def build(self, values_shape: Any) -> None:
        for reader in self.readers:
            reader.build(values_shape)
            values_shape = (*values_shape[:-1], self.units)

    def call(self, values: Any, mask: Any, training: bool = False) -> tuple[Any, ...]:
        states: list[Any] = []
        for number, reader in enumerate(self.readers):
            values = self.drop(values, training=training) if number else values
            values, *after = reader(values, mask=mask, training=training)
            states += self._side_by_side(after)
        return values, *states

    def compute_output_spec(self, values: Any, mask: Any, training: bool = False) -> Any:
        def spec(*shape: Any) -> Any:
            return keras.KerasTensor((*shape, self.units), dtype=self.compute_dtype)

        batch, time, _ = values.shape
        states = self.layers * (2 if self.kind == "lstm" else 1)
        return spec(batch, time), *(spec(batch) for _ in range(states))

    def _reader(self, number: int) -> Any:
        units = self.units // 2 if self.bidirectional else self.units
        reader = RECURRENT[self.kind](
            units,
            return_sequences=True,
            return_state=True,
            dtype=self.dtype_policy,
            name=f"{self.kind}_{number}",
        )
        if not self.bidirectional:
            return reader
        return keras.layers.Bidirectional(reader, name=f"both_{number}")

    def _side_by_side(self, states: list[Any]) -> list[Any]:
        """The states of both directions, forward first, as one of each kind."""
        if not self.bidirectional:
            return states
        half = len(states) // 2
        pairs = zip(states[:half], states[half:], strict=True)
        return [keras.ops.concatenate(pair, axis=-1) for pair in pairs]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        own = {"kind": self.kind, "units": self.units, "layers": self.layers}
        more = {"bidirectional": self.bidirectional, "dropout": self.dropout}
        return {**super().get_config(), **own, **more}
