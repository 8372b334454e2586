"""Tokens that a decoder is told wrongly in training, so that it has to look for itself."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqapps.text.token_ids import PADDING


@keras.saving.register_keras_serializable(package="seqapps")
class WordNoise(keras.layers.Layer):
    """Puts other tokens in the place of some in training (data noising, Xie et al. 2017).

    Ids [..., time] -> the same. Each token but the first of a text and padding is noise with the
    probability `rate`; the other one is drawn from what follows the same token elsewhere in the
    batch, so the text stays one that could be: "a small red circle" becomes "a small green circle".
    What comes next can then not be told from what came before alone, in which a pair of words that
    training lacks never occurs.
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = keras.random.SeedGenerator()

    def call(self, ids: Any, training: bool = False) -> Any:
        if not training:
            return ids
        noisy = keras.random.uniform(ops.shape(ids), seed=self.seed) < self.rate
        noisy = ops.logical_and(noisy, ops.arange(ops.shape(ids)[-1]) > 0)
        return ops.where(noisy, self._others(ids), ids)

    def _others(self, ids: Any) -> Any:
        """For each place a token that stands after the same token somewhere, or its own.

        Places are sorted by the token before, by chance within those of one token; each takes the
        token of the next place.
        """
        flat = ops.reshape(ids, [-1])
        shifted = ops.concatenate([ops.zeros_like(ids[..., :1]), ids[..., :-1]], axis=-1)
        before = ops.reshape(shifted, [-1])
        before = ops.where(flat == PADDING, -1, before)
        chance = 0.9 * keras.random.uniform(ops.shape(flat), seed=self.seed)
        order = ops.argsort(ops.cast(before, "float32") + chance)
        after = ops.roll(order, -1)
        same = ops.take(before, order) == ops.take(before, after)
        taken = ops.where(same, ops.take(flat, after), ops.take(flat, order))
        return ops.reshape(ops.take(taken, ops.argsort(order)), ops.shape(ids))

    def compute_output_spec(self, ids: Any, training: bool = False) -> Any:
        return keras.KerasTensor(ids.shape, dtype=ids.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        return {**super().get_config(), "rate": self.rate}
