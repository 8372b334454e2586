"""A Transformer's decoder, which can also be run token after token."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqapps.layers.attention import SinusoidalPositions
from seqapps.layers.cross_attention import CrossAttention


@keras.saving.register_keras_serializable(package="seqapps")
class AttentionDecoder(keras.layers.Layer):
    """Self-attention over what is written, attention over a memory (Vaswani et al. 2017).

    Takes, gives and steps as `RecurrentDecoder`; the encoder's last states are of no use to it.
    Each block normalises before it attends (Xiong et al. 2020). The weights that are given out are
    those of the last block, the mean over its heads. The memory has steps of `units`, too.
    """

    def __init__(
        self, units: int, *, layers: int = 2, heads: int = 4, dropout: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.layers, self.heads, self.dropout = units, layers, heads, dropout
        self.entry = keras.layers.Dense(units, name="entry", dtype=self.dtype_policy)
        self.positions = SinusoidalPositions(name="positions", dtype=self.dtype_policy)
        self.blocks = [
            _Block(units, heads, dropout, dtype=self.dtype_policy, name=f"block_{number}")
            for number in range(1, layers + 1)
        ]
        self.norm = keras.layers.LayerNormalization(name="norm", dtype=self.dtype_policy)

    def build(self, vectors_shape: Any, memory_shape: Any) -> None:
        self.entry.build(vectors_shape)
        for block in self.blocks:
            block.build((None, None, self.units), memory_shape)
        self.norm.build((None, None, self.units))

    def call(
        self, vectors: Any, memory: Any, mask: Any, states: Any = None, training: bool = False
    ) -> tuple[Any, Any]:
        values = self.positions(self.entry(vectors))
        time = ops.shape(values)[1]
        causal = (ops.arange(time)[:, None] >= ops.arange(time))[None]  # [1, time, time]
        weights = None
        for block in self.blocks:
            keys = block.attention.keys(memory)
            values, weights = block(values, causal, keys, memory, mask, training=training)
        return self.norm(values), weights

    def compute_output_spec(
        self, vectors: Any, memory: Any, mask: Any, states: Any = None, training: bool = False
    ) -> Any:
        batch, time, _ = vectors.shape
        return (
            keras.KerasTensor((batch, time, self.units), dtype=self.compute_dtype),
            keras.KerasTensor((batch, time, memory.shape[1]), dtype=self.compute_dtype),
        )

    def look(self, memory: Any, mask: Any) -> tuple[Any, ...]:
        """What all steps need of the memory."""
        return [block.attention.keys(memory) for block in self.blocks], memory, mask

    def first(self, states: Any, rows: Any) -> list[Any]:
        """Keys and values of no token yet, for each block: [batch, 1, 0, units]."""
        size = self.blocks[0].wide
        none = ops.zeros([rows, 1, 0, size], self.compute_dtype)
        return [none for _ in range(2 * self.layers)]

    def step(self, vectors: Any, states: Any, looked: Any) -> tuple[Any, list[Any], Any]:
        """[batch, beams, inputs], states [batch, beams, time, units], what `look` gave ->

        ([batch, beams, units], the states with one token more, weights [batch, beams, source]).
        """
        all_keys, memory, mask = looked
        values = self.positions.at(self.entry(vectors), ops.shape(states[0])[2])
        after, weights = [], None
        for number, (block, keys) in enumerate(zip(self.blocks, all_keys, strict=True)):
            before = states[2 * number : 2 * number + 2]
            values, found, weights = block.step(values, before, keys, memory, mask)
            after += found
        return self.norm(values), after, weights

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        own = {"units": self.units, "layers": self.layers}
        return {**super().get_config(), **own, "heads": self.heads, "dropout": self.dropout}


class _Block(keras.layers.Layer):
    """Self-attention, attention to the memory and a two-layer network, each added to its input."""

    def __init__(self, units: int, heads: int, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        layers, policy = keras.layers, self.dtype_policy
        self.units, self.heads = units, heads
        self.wide = heads * max(1, units // heads)
        self.norms = [layers.LayerNormalization(name=f"norm_{n}", dtype=policy) for n in range(3)]
        self.own = CrossAttention("multi_head", units, heads=heads, name="own", dtype=policy)
        self.attention = CrossAttention(
            "multi_head", units, heads=heads, name="attention", dtype=policy
        )
        self.hidden = layers.Dense(2 * units, activation="relu", name="hidden", dtype=policy)
        self.out = layers.Dense(units, name="out", dtype=policy)
        self.drop = layers.Dropout(dropout)

    def build(self, values_shape: Any, memory_shape: Any) -> None:
        for norm in self.norms:
            norm.build(values_shape)
        self.own.build(values_shape, values_shape)
        self.attention.build(values_shape, memory_shape)
        self.hidden.build(values_shape)
        self.out.build((*values_shape[:-1], 2 * self.units))

    def call(
        self, values: Any, seen: Any, keys: Any, memory: Any, mask: Any, training: bool = False
    ) -> tuple[Any, Any]:
        normed = self.norms[0](values)
        context, _ = self.own.attend(normed, self.own.keys(normed), normed, seen)
        return self._rest(values, context, keys, memory, mask, training)

    def step(
        self, values: Any, before: Any, keys: Any, memory: Any, mask: Any
    ) -> tuple[Any, list[Any], Any]:
        """One step of [batch, beams, units]; `before` are keys and values of the steps before."""
        rows, beams = ops.shape(values)[0], ops.shape(values)[1]
        normed = ops.reshape(self.norms[0](values), [rows * beams, 1, self.units])
        after = [
            ops.concatenate([old, ops.reshape(new, [rows, beams, 1, self.wide])], axis=2)
            for old, new in zip(before, self.own.keys(normed), strict=True)
        ]
        time = ops.shape(after[0])[2]
        flat = [ops.reshape(each, [rows * beams, time, self.wide]) for each in after]
        context, _ = self.own.attend(normed, flat, None, ops.ones([1, 1, time], "bool"))
        context = ops.reshape(context, [rows, beams, self.units])
        values, weights = self._rest(values, context, keys, memory, mask, False)
        return values, after, weights

    def _rest(
        self, values: Any, context: Any, keys: Any, memory: Any, mask: Any, training: bool
    ) -> tuple[Any, Any]:
        values = values + self.drop(context, training=training)
        found, weights = self.attention.attend(self.norms[1](values), keys, memory, mask)
        values = values + self.drop(found, training=training)
        hidden = self.out(self.hidden(self.norms[2](values)))
        return values + self.drop(hidden, training=training), weights
