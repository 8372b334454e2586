"""Scores of tokens from the vectors that tokens are read as."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seqapps")
class TiedLogits(keras.layers.Layer):
    """Scores of all tokens from the vectors that stand for them: [..., units] -> [..., vocab].

    logits = states E' + b, where E [vocab, units] are the weights of the `embedding` (Press and
    Wolf 2017; Inan et al. 2017).
    """

    def __init__(self, embedding: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = embedding

    def build(self, shape: Any) -> None:
        self.bias = self.add_weight(
            shape=[self.embedding.input_dim], initializer="zeros", name="bias"
        )

    def call(self, states: Any) -> Any:
        vectors = ops.cast(self.embedding.embeddings, self.compute_dtype)
        return ops.matmul(states, ops.transpose(vectors)) + self.bias
