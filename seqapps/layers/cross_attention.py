"""Where a decoder looks in what an encoder read: six ways to score it, one interface."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqapps.layers.pooling import FAR_BELOW

KINDS = ("dot", "general", "additive", "local", "multi_head")


@keras.saving.register_keras_serializable(package="seqapps")
class CrossAttention(keras.layers.Layer):
    """Weighted means of the steps of a memory, one for each query.

    Takes queries [batch, time, units], memory [batch, source, size] and a mask bool [batch,
    source], or [batch, time, source] where queries may see different steps; gives contexts [batch,
    time, size] and the weights [batch, time, source], which sum to 1 over the source and are 0
    where the mask is false. With h a query and m a step of memory, the weights are the softmax of

    - dot: h . m (Luong et al. 2015), of equal sizes
    - general: h' W m (Luong et al. 2015)
    - additive: v . tanh(U h + W m + b) (Bahdanau et al. 2015)
    - local: general, with -(s - p)^2 / (2 sigma^2) added at place s, where p = S sigmoid(v .
      tanh(U h)) is predicted in a source of S steps, sigma is half of `window`, and steps further
      than `window` from p are left out. That is local-p of Luong et al. 2015, except that the
      Gaussian stands inside of the softmax, so that weights sum to 1.
    - multi_head: (U_i h) . (W_i m) / sqrt(size of a head) in each of `heads` heads, contexts of
      V_i m, put together by a last projection (Vaswani et al. 2017); the weights that are given
      out are the mean over the heads.

    With `overview` the first step of the memory tells of all of it: it is not looked at, but stands
    beside each context, which is [batch, time, 2 size], and weights are those of the other steps.

    `keys` of a memory can be made once for many calls of `attend`, as a decoder does that writes
    token after token.
    """

    def __init__(
        self,
        kind: str,
        units: int,
        *,
        heads: int = 4,
        window: int = 10,
        overview: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if kind not in KINDS:
            raise ValueError(f"kind={kind!r}, expected one of {', '.join(KINDS)}")
        self.kind, self.units, self.heads, self.window = kind, units, heads, window
        self.overview = overview
        # The time axis is nobody's mask to change; the one of the source is given by hand.
        self.supports_masking = True

    def build(self, queries_shape: Any, memory_shape: Any) -> None:
        query, size = queries_shape[-1], memory_shape[-1]
        if self.kind == "dot" and query != size:
            raise ValueError(
                f"dot attention compares queries of {query} with a memory of {size}: sizes must "
                "be equal"
            )
        if self.kind in ("general", "local"):
            self.to_memory = self._dense(size, query, "to_memory")
        if self.kind == "additive":
            self.from_query = self._dense(self.units, query, "from_query")
            self.from_memory = self._dense(self.units, size, "from_memory", bias=True)
            self.scorer = self._dense(1, self.units, "scorer")
        if self.kind == "local":
            self.place = self._dense(self.units, query, "place")
            self.place_scorer = self._dense(1, self.units, "place_scorer")
        if self.kind == "multi_head":
            wide = self.heads * max(1, self.units // self.heads)
            self.from_query = self._dense(wide, query, "from_query", bias=True)
            self.from_memory = self._dense(wide, size, "from_memory", bias=True)
            self.values = self._dense(wide, size, "values", bias=True)
            self.out = self._dense(size, wide, "out", bias=True)

    def call(self, queries: Any, memory: Any, mask: Any) -> tuple[Any, Any]:
        return self.attend(queries, self.keys(memory), memory, mask)

    def shapes(self, memory: tuple[Any, ...]) -> tuple[Any, Any]:
        """(size of a context, steps that have weights) with a memory of this shape."""
        _, source, size = memory
        return (2 * size, source and source - 1) if self.overview else (size, source)

    def keys(self, memory: Any) -> list[Any]:
        """What scores and contexts need of the memory alone: each [batch, source, ...]."""
        memory = memory[:, 1:] if self.overview else memory
        if self.kind == "additive":
            return [self.from_memory(memory)]
        if self.kind == "multi_head":
            return [self.from_memory(memory), self.values(memory)]
        return []

    def attend(self, queries: Any, keys: list[Any], memory: Any, mask: Any) -> tuple[Any, Any]:
        """As the layer itself, with the `keys` of the memory."""
        mask = mask if len(mask.shape) == 3 else mask[:, None, :]
        if not self.overview:
            return self._attend(queries, keys, memory, mask)
        context, weights = self._attend(queries, keys, memory[:, 1:], mask[..., 1:])
        whole = ops.broadcast_to(memory[:, :1], ops.shape(context))
        return ops.concatenate([context, whole], axis=-1), weights

    def _attend(self, queries: Any, keys: list[Any], memory: Any, mask: Any) -> tuple[Any, Any]:
        if self.kind == "multi_head":
            return self._by_heads(queries, keys, mask)
        scores = {
            "dot": self._dot, "general": self._general, "additive": self._additive,
            "local": self._local,
        }[self.kind](queries, keys, memory, mask)  # fmt: skip
        weights = _softmax(scores, mask)
        return ops.matmul(weights, memory), weights

    def _dot(self, queries: Any, keys: Any, memory: Any, mask: Any) -> Any:
        return ops.matmul(queries, ops.transpose(memory, [0, 2, 1]))

    def _general(self, queries: Any, keys: Any, memory: Any, mask: Any) -> Any:
        return self._dot(self.to_memory(queries), keys, memory, mask)

    def _additive(self, queries: Any, keys: Any, memory: Any, mask: Any) -> Any:
        both = self.from_query(queries)[:, :, None, :] + keys[0][:, None, :, :]
        return self.scorer(ops.tanh(both))[..., 0]

    def _local(self, queries: Any, keys: Any, memory: Any, mask: Any) -> Any:
        scores = self._general(queries, keys, memory, mask)
        lengths = ops.sum(ops.cast(mask, scores.dtype), axis=-1, keepdims=True)
        share = ops.sigmoid(self.place_scorer(ops.tanh(self.place(queries))))  # [batch, time, 1]
        places = ops.cast(ops.arange(ops.shape(memory)[1]), scores.dtype)
        away = ops.square(places - share * ops.maximum(lengths - 1, 0))  # [batch, time, source]
        near = scores - away / (2 * (self.window / 2) ** 2)
        return ops.where(away <= self.window**2, near, FAR_BELOW)

    def _by_heads(self, queries: Any, keys: list[Any], mask: Any) -> tuple[Any, Any]:
        query, key, value = map(self._heads, (self.from_query(queries), *keys))
        size = query.shape[-1]
        scores = ops.matmul(query, ops.transpose(key, [0, 1, 3, 2])) / size**0.5
        weights = _softmax(scores, mask[:, None])  # [batch, heads, time, source]
        context = ops.transpose(ops.matmul(weights, value), [0, 2, 1, 3])
        context = ops.reshape(context, [*ops.shape(queries)[:2], self.heads * size])
        return self.out(context), ops.mean(weights, axis=1)

    def _heads(self, vectors: Any) -> Any:
        """[batch, time, heads * size] -> [batch, heads, time, size]."""
        size = vectors.shape[-1] // self.heads
        parts = ops.reshape(vectors, [*ops.shape(vectors)[:2], self.heads, size])
        return ops.transpose(parts, [0, 2, 1, 3])

    def _dense(self, units: int, inputs: int, name: str, *, bias: bool = False) -> Any:
        layer = keras.layers.Dense(units, use_bias=bias, name=name, dtype=self.dtype_policy)
        layer.build((None, inputs))
        return layer

    def compute_output_spec(self, queries: Any, memory: Any, mask: Any) -> tuple[Any, Any]:
        batch, time, _ = queries.shape
        size, source = self.shapes(memory.shape)
        context = keras.KerasTensor((batch, time, size), dtype=self.compute_dtype)
        return context, keras.KerasTensor((batch, time, source), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        own = {"kind": self.kind, "units": self.units, "heads": self.heads, "window": self.window}
        return {**super().get_config(), **own, "overview": self.overview}


def _softmax(scores: Any, mask: Any) -> Any:
    """Weights over the last axis; a row without a step to look at has zeros."""
    # By hand: Keras's own warns of a source of one step, where 1 is the right weight.
    scores = ops.where(mask, scores, FAR_BELOW)
    raised = ops.exp(scores - ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True)))
    raised = raised * ops.cast(mask, raised.dtype)
    # The largest is 1, so the sum is less only where there is nothing to look at.
    return raised / ops.maximum(ops.sum(raised, axis=-1, keepdims=True), 1)
