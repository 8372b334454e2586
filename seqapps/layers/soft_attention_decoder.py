"""An LSTM or GRU that looks before each word (Xu et al. 2015)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqapps.layers.cross_attention import CrossAttention
from seqapps.layers.encoder import RECURRENT
from seqapps.layers.several import Texts


@keras.saving.register_keras_serializable(package="seqapps")
class SoftAttentionDecoder(keras.layers.Layer):
    """States of what is written, each made after a look at the memory (Xu et al. 2015, section 3).

    Takes, gives and steps as `RecurrentDecoder`. At each step the state before it looks (additive
    attention, equations 4 to 6 and 13), a gate beta in (0, 1) of the same state says how much of
    the context counts (section 4.2.1), and the cell reads [vector; beta * context]. Given out is
    tanh(W [vector; state; context]), as in equation 7 but for the tanh. Training goes step by
    step, which is slow. With `overview` the memory's first step is not looked at but is part of
    every context, see `CrossAttention`.
    """

    def __init__(self, kind: str, units: int, *, overview: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, self.units, self.overview = kind, units, overview
        self.reader = RECURRENT[kind](
            units, return_sequences=True, return_state=True, dtype=self.dtype_policy, name=kind
        )
        self.looker = CrossAttention(
            "additive", units, overview=overview, dtype=self.dtype_policy, name="attention"
        )
        self.gate = self._dense("gate", 1, activation="sigmoid")
        self.combine = self._dense("combine", units, activation="tanh")
        self.bridges = [
            self._dense(f"bridge_{n}", units, activation="tanh")
            for n in range(2 if kind == "lstm" else 1)
        ]

    def build(self, vectors_shape: Any, memory_shape: Any, states_shape: Any) -> None:
        context, _ = self.looker.shapes(memory_shape)
        inputs = vectors_shape[-1] + context
        self.reader.build((None, None, inputs))
        self.looker.build((None, None, self.units), memory_shape)
        self.gate.build((None, self.units))
        self.combine.build((None, inputs + self.units))
        for bridge, shape in zip(self.bridges, states_shape, strict=True):
            bridge.build(shape)

    def call(
        self, vectors: Any, memory: Any, mask: Any, states: Any, training: bool = False
    ) -> tuple[Any, Any]:
        looked, texts = self.look(memory, mask), Texts(vectors)
        first = [texts.for_each(state) for state in self._first(states)]
        beside = vectors if len(vectors.shape) == 4 else vectors[:, None]
        rows, several, _, _ = ops.shape(beside)

        def flat(values: Any) -> Any:
            return ops.reshape(values, [rows * several, values.shape[-1]])

        def step(carried: Any, vector: Any) -> tuple[Any, Any]:
            *before, _, _ = carried
            given, after, weights = self._cell(vector, before, looked)
            carried = [*after, flat(given), flat(weights)]
            return carried, carried  # Keras's scan on TensorFlow gives what has these shapes only

        nowhere = ops.zeros([rows * several, ops.shape(memory)[1] - self.overview], memory.dtype)
        start = [*first, ops.zeros_like(first[0]), nowhere]
        _, found = ops.scan(step, start, ops.transpose(beside, [2, 0, 1, 3]))
        given, weights = (ops.transpose(each, [1, 0, 2]) for each in found[-2:])
        return texts.as_given(given), texts.as_given(weights)

    def compute_output_spec(
        self, vectors: Any, memory: Any, mask: Any, states: Any, training: bool = False
    ) -> Any:
        texts = vectors.shape[:-1]  # [batch, time] or [batch, several, time]
        return (
            keras.KerasTensor((*texts, self.units), dtype=self.compute_dtype),
            keras.KerasTensor((*texts, self.looker.shapes(memory.shape)[1]), self.compute_dtype),
        )

    def look(self, memory: Any, mask: Any) -> tuple[Any, ...]:
        """What all steps need of the memory: (keys, memory, mask)."""
        return self.looker.keys(memory), memory, mask

    def first(self, states: Any, rows: Any) -> list[Any]:
        """The states before the first step: each [rows, 1, units]."""
        return [state[:, None] for state in self._first(states)]

    def step(self, vectors: Any, states: Any, looked: Any) -> tuple[Any, list[Any], Any]:
        """[batch, beams, inputs], states [batch, beams, units], what `look` gave ->

        ([batch, beams, units], the states after it, weights [batch, beams, source]).
        """
        rows, beams = ops.shape(vectors)[0], ops.shape(vectors)[1]
        flat = [ops.reshape(state, [rows * beams, self.units]) for state in states]
        given, after, weights = self._cell(vectors, flat, looked)
        return given, [ops.reshape(each, [rows, beams, self.units]) for each in after], weights

    def _cell(self, vectors: Any, states: list[Any], looked: Any) -> tuple[Any, list[Any], Any]:
        """[batch, beams, inputs], states [batch * beams, units] -> as `step`, states flat."""
        rows, beams = ops.shape(vectors)[0], ops.shape(vectors)[1]
        before = ops.reshape(states[0], [rows, beams, self.units])
        context, weights = self.looker.attend(before, *looked)
        context = context * self.gate(before)
        read = ops.concatenate([vectors, context], axis=-1)
        _, after = self.reader.cell(ops.reshape(read, [rows * beams, read.shape[-1]]), states)
        hidden = ops.reshape(after[0], [rows, beams, self.units])
        return self.combine(ops.concatenate([read, hidden], axis=-1)), after, weights

    def _first(self, states: Any) -> list[Any]:
        return [bridge(state) for bridge, state in zip(self.bridges, states, strict=True)]

    def _dense(self, name: str, units: int, *, activation: str) -> Any:
        return keras.layers.Dense(units, activation=activation, name=name, dtype=self.dtype_policy)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        own = {"kind": self.kind, "units": self.units, "overview": self.overview}
        return {**super().get_config(), **own}
