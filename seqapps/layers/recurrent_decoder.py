"""An LSTM or GRU that writes a sequence while it looks at another one."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqapps.layers.cross_attention import CrossAttention
from seqapps.layers.encoder import RECURRENT
from seqapps.layers.several import Texts

NONE = "none"  # the kind of attention that sees nothing


@keras.saving.register_keras_serializable(package="seqapps")
class RecurrentDecoder(keras.layers.Layer):
    """States of what is written, each after a look at the memory (Luong et al. 2015, section 3).

    Takes vectors [batch, time, inputs] of the tokens before each place, a memory [batch, source,
    size] with its mask bool [batch, source], and the encoder's last states, each [batch, size'],
    from which a layer of weights makes the first states. Gives [batch, time, units], which is
    tanh(W [context; state]), or with attention none the state alone; and the weights [batch, time,
    source] of the attention, zeros where there is none.

    Where a memory has several texts, vectors are [batch, several, time, inputs], and what is given
    has that axis, too; keys of the memory are made once for all of them.

    Without `input_feeding` attention comes after the recurrent layers, so that all steps of a
    training sequence are made at once. With it, what the step before gave is read beside the next
    token's vector (section 3.3), training goes step by step, which is slow, and
    `dropout` has no place. With `reads_on` a last recurrent layer reads what the looks gave, and
    what it gives is added to that: it knows what was seen before, and training still has one pass
    (after Anderson et al. 2018, section 3.2, whose first layer reads the last one, too). With
    `overview` the memory's first step is not looked at but read at each step, see `CrossAttention`.

    `first`, `look` and `step` make the same one step at a time, for several beams that share a
    memory.
    """

    def __init__(
        self,
        kind: str,
        units: int,
        *,
        layers: int = 1,
        attention: str = "general",
        heads: int = 4,
        window: int = 10,
        input_feeding: bool = False,
        reads_on: bool = False,
        overview: bool = False,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if input_feeding and reads_on:
            raise ValueError("input_feeding=True feeds looks back, reads_on=True on: set one.")
        self.kind, self.units, self.layers, self.attention = kind, units, layers, attention
        self.heads, self.window = heads, window
        self.input_feeding, self.reads_on, self.dropout = input_feeding, reads_on, dropout
        self.overview = overview
        self.readers = [self._reader(f"{kind}_{number}") for number in range(1, layers + 1)]
        self.last = self._reader(f"{kind}_last") if reads_on else None
        self.drop = keras.layers.Dropout(dropout)
        self.looks = attention != NONE
        if self.looks:
            self.looker = CrossAttention(
                attention, units, heads=heads, window=window, overview=overview,
                dtype=self.dtype_policy, name="attention",
            )  # fmt: skip
            self.combine = self._dense("combine", activation="tanh")
        parts = (layers + reads_on) * (2 if kind == "lstm" else 1)
        # A cell's state has no bounds, a hidden state is within -1 and 1.
        self.bridges = [
            self._dense(f"bridge_{n}", activation=None if kind == "lstm" and n % 2 else "tanh")
            for n in range(parts)
        ]

    def build(self, vectors_shape: Any, memory_shape: Any, states_shape: Any) -> None:
        inputs = vectors_shape[-1] + (self.units if self.input_feeding else 0)
        for reader in self.readers:
            reader.build((None, None, inputs))
            inputs = self.units
        if self.looks:
            self.looker.build((None, None, self.units), memory_shape)
            context, _ = self.looker.shapes(memory_shape)
            self.combine.build((None, context + self.units))
        if self.last is not None:
            self.last.build((None, None, self.units))
        for bridge, shape in zip(self.bridges, states_shape, strict=True):
            bridge.build(shape)

    def call(
        self, vectors: Any, memory: Any, mask: Any, states: Any, training: bool = False
    ) -> tuple[Any, Any]:
        if self.input_feeding:
            return self._step_by_step(vectors, memory, mask, states)
        texts = Texts(vectors)
        initial = self._by_layer([texts.for_each(state) for state in self._first(states)])
        values = texts.as_rows(vectors)
        for number, reader in enumerate(self.readers):
            values = self.drop(values, training=training) if number else values
            values, *_ = reader(values, initial_state=initial[number], training=training)
        values = self.drop(values, training=training)
        values, weights = self._looked(texts.as_queries(values), *self.look(memory, mask))
        if self.last is not None:
            values = texts.as_rows(values)
            seen = self.drop(values, training=training)
            read, *_ = self.last(seen, initial_state=initial[-1], training=training)
            values = values + read
        return texts.as_given(values), texts.as_given(weights)

    def compute_output_spec(
        self, vectors: Any, memory: Any, mask: Any, states: Any, training: bool = False
    ) -> Any:
        texts = vectors.shape[:-1]  # [batch, time] or [batch, several, time]
        source = self.looker.shapes(memory.shape)[1] if self.looks else memory.shape[1]
        return (
            keras.KerasTensor((*texts, self.units), dtype=self.compute_dtype),
            keras.KerasTensor((*texts, source), dtype=self.compute_dtype),
        )

    def look(self, memory: Any, mask: Any) -> tuple[Any, ...]:
        """What all steps need of the memory: (keys, memory, mask)."""
        return (self.looker.keys(memory) if self.looks else [], memory, mask)

    def first(self, states: Any, rows: Any) -> list[Any]:
        """The states before the first step, from those of the encoder: each [rows, 1, units].

        With input feeding, the last one is what the step before gave.
        """
        found = self._first(states)
        if self.input_feeding:
            found = [*found, ops.zeros_like(found[0])]
        return [state[:, None] for state in found]

    def step(self, vectors: Any, states: Any, looked: Any) -> tuple[Any, list[Any], Any]:
        """[batch, beams, inputs], states [batch, beams, units], what `look` gave ->

        ([batch, beams, units], the states after it, weights [batch, beams, source], None without
        attention).
        """
        rows, beams = ops.shape(vectors)[0], ops.shape(vectors)[1]

        def flat(values: Any) -> Any:
            return ops.reshape(values, [rows * beams, values.shape[-1]])

        def apart(values: Any) -> Any:
            return ops.reshape(values, [rows, beams, self.units])

        if self.input_feeding:
            *states, fed = states
            vectors = ops.concatenate([vectors, fed], axis=-1)
        flats = [flat(state) for state in states]
        values, after = self._cells(flat(vectors), flats)
        given, weights = self._looked(apart(values), *looked)
        if self.last is not None:
            read, found = self.last.cell(flat(given), self._by_layer(flats)[-1])
            given, after = given + apart(read), [*after, *found]
        states = [apart(state) for state in after]
        after = [*states, given] if self.input_feeding else states
        return given, after, weights if self.looks else None

    def _cells(self, values: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """One step of all layers before the look: [rows, inputs], states [rows, units] -> the same

        after it.
        """
        after: list[Any] = []
        for reader, own in zip(self.readers, self._by_layer(states), strict=False):
            values, found = reader.cell(values, own)
            after += found
        return values, after

    def _by_layer(self, states: list[Any]) -> list[list[Any]]:
        """The states of each recurrent layer: one of a GRU, two of an LSTM."""
        size = 2 if self.kind == "lstm" else 1
        return [states[start : start + size] for start in range(0, len(states), size)]

    def _first(self, states: Any) -> list[Any]:
        return [bridge(state) for bridge, state in zip(self.bridges, states, strict=True)]

    def _looked(self, values: Any, keys: Any, memory: Any, mask: Any) -> tuple[Any, Any]:
        if not self.looks:
            shape = [*ops.shape(values)[:2], ops.shape(memory)[1]]
            return values, ops.zeros(shape, values.dtype)
        context, weights = self.looker.attend(values, keys, memory, mask)
        return self.combine(ops.concatenate([context, values], axis=-1)), weights

    def _step_by_step(self, vectors: Any, memory: Any, mask: Any, states: Any) -> tuple[Any, Any]:
        looked = self.look(memory, mask)
        first = self._first(states)

        def step(carried: Any, vector: Any) -> tuple[Any, Any]:
            *before, fed, _ = carried
            values, after = self._cells(ops.concatenate([vector, fed], -1), before)
            given, weights = (each[:, 0] for each in self._looked(values[:, None], *looked))
            carried = [*after, given, weights]
            return carried, carried  # Keras's scan on TensorFlow gives what has these shapes only

        nowhere = ops.zeros_like(memory[:, self.overview :, 0])
        start = [*first, ops.zeros_like(first[0]), nowhere]
        _, found = ops.scan(step, start, ops.transpose(vectors, [1, 0, 2]))
        given, weights = (ops.transpose(each, [1, 0, 2]) for each in found[-2:])
        return given, weights

    def _reader(self, name: str) -> Any:
        return RECURRENT[self.kind](
            self.units,
            return_sequences=True,
            return_state=True,
            dtype=self.dtype_policy,
            name=name,
        )

    def _dense(self, name: str, *, activation: str | None) -> Any:
        return keras.layers.Dense(
            self.units, activation=activation, name=name, dtype=self.dtype_policy
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        names = (
            "kind", "units", "layers", "attention", "heads", "window", "input_feeding", "reads_on",
            "overview", "dropout",
        )  # fmt: skip
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
