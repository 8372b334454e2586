"""Scores of a few tokens in place of all, for training on large vocabularies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from seqapps.layers.pooling import FAR_BELOW


@keras.saving.register_keras_serializable(package="seqapps")
class SampledLogits(keras.layers.Layer):
    """Scores of tokens; in training, of the true token and of `samples` others only.

    Takes states [batch, time, units] and, in training, the true ids [batch, time]. Answers give
    [batch, time, vocab]. Training gives [batch, time, 1 + samples]: the true token's score first,
    then those of tokens that are drawn anew for each batch, all less the logarithm of how often
    each is expected to be drawn, so that their softmax estimates that over all tokens (sampled
    softmax, Jean et al. 2015, equation 9). Tokens are drawn with probabilities that fall about as
    1 / rank, as words of a text do (Zipf). `order` tells the ids from the most frequent to the
    rarest, each once; without it, ids go by frequency themselves. Where a drawn token is the true
    one it does not count.

    With an `embedding` its weights are those of the scores (tied), else it has its own.
    """

    def __init__(
        self,
        vocabulary: int,
        samples: int,
        *,
        order: Sequence[int] | None = None,
        embedding: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary, self.samples, self.embedding = vocabulary, samples, embedding
        ids = range(vocabulary) if order is None else order
        if sorted(ids) != list(range(vocabulary)):
            raise ValueError(
                f"order has {len(ids)} ids; expected each of 0 to {vocabulary - 1} once."
            )
        self._order = np.array(ids, "int32")  # [vocab], ids by rank
        self._seed = keras.random.SeedGenerator()
        ranks = np.arange(vocabulary, dtype="float64")
        shares = np.log((ranks + 2) / (ranks + 1)) / math.log(vocabulary + 1)
        self._expected = np.zeros(vocabulary, "float32")  # how often, its logarithm, by id
        self._expected[self._order] = np.log(samples * shares)

    def build(self, states_shape: Any, targets_shape: Any = None) -> None:
        if self.embedding is None:
            self.kernel = self.add_weight(
                shape=[self.vocabulary, states_shape[-1]],
                initializer="glorot_uniform",
                name="kernel",
            )
        self.bias = self.add_weight(shape=[self.vocabulary], initializer="zeros", name="bias")

    def call(self, states: Any, targets: Any = None, training: bool = False) -> Any:
        kernel = self.kernel if self.embedding is None else self.embedding.embeddings
        kernel = ops.cast(kernel, self.compute_dtype)
        if not training:
            return ops.matmul(states, ops.transpose(kernel)) + self.bias
        drawn = self._drawn()  # [samples]
        own = ops.sum(states * ops.take(kernel, targets, axis=0), axis=-1)  # [batch, time]
        own = own + self._shift(targets)
        others = ops.matmul(states, ops.transpose(ops.take(kernel, drawn, axis=0)))
        others = others + self._shift(drawn)  # [batch, time, samples]
        others = ops.where(ops.equal(targets[:, :, None], drawn), FAR_BELOW, others)
        return ops.concatenate([own[:, :, None], others], axis=-1)

    def _shift(self, ids: Any) -> Any:
        """Bias less the logarithm of how often the token is expected."""
        return ops.take(self.bias - ops.convert_to_tensor(self._expected), ids, axis=0)

    def _drawn(self) -> Any:
        """Ids int [samples]: P(rank <= k) = log(k + 2) / log(vocab + 1)."""
        uniform = keras.random.uniform([self.samples], seed=self._seed)
        ranks = ops.floor(ops.exp(uniform * math.log(self.vocabulary + 1)) - 1)
        ranks = ops.clip(ops.cast(ranks, "int32"), 0, self.vocabulary - 1)
        return ops.take(ops.convert_to_tensor(self._order), ranks, axis=0)
