"""Tokens that a decoder is not told, so that it has to look for itself."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqapps.text.token_ids import UNKNOWN


@keras.saving.register_keras_serializable(package="seqapps")
class WordDropout(keras.layers.Layer):
    """Puts the unknown token in the place of some in training (word dropout, Bowman et al. 2016).

    Ids [batch, time] -> the same. Each token but the first of a row and padding is hidden with the
    probability `rate`. What comes next can then not be told from what came before alone, in which
    a pair that training lacks never occurs.
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = keras.random.SeedGenerator()

    def call(self, ids: Any, training: bool = False) -> Any:
        if not training:
            return ids
        hidden = keras.random.uniform(ops.shape(ids), seed=self.seed) < self.rate
        hidden = ops.logical_and(
            hidden, ops.logical_and(ids != 0, ops.arange(ops.shape(ids)[1]) > 0)
        )
        return ops.where(hidden, ops.cast(UNKNOWN, ids.dtype), ids)

    def compute_output_spec(self, ids: Any, training: bool = False) -> Any:
        return keras.KerasTensor(ids.shape, dtype=ids.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        return {**super().get_config(), "rate": self.rate}
