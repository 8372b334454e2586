"""What it costs to look at some cells again and again and at others never."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seqapps")
class CoveragePenalty(keras.layers.Layer):
    """Adds to the loss what a whole text has not looked at (Xu et al. 2015, equation 14).

    Takes states [..., time, units], the weights of their looks [..., time, source] and which steps
    are real, bool [..., time]; gives the states. With c what each step of the source would
    get in all if all were looked at alike, the loss gets `weight` times the mean over texts and
    source of (1 - sum_t a_ti / c)^2. In the paper c is 1, which captions that are shorter than the
    map has cells cannot reach.
    """

    def __init__(self, weight: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight = weight

    def call(self, states: Any, weights: Any, real: Any, training: bool = False) -> Any:
        if training:
            real = ops.cast(real, weights.dtype)
            source = weights.shape[-1]
            seen = ops.sum(weights * real[..., None], axis=-2)  # [..., source]
            fair = ops.sum(real, axis=-1, keepdims=True) / source
            missing = ops.sum(ops.square((fair - seen) / ops.maximum(fair, 1e-6)), axis=-1)
            there = ops.cast(fair[..., 0] > 0, weights.dtype)  # a place without a text has nothing
            count = ops.maximum(ops.sum(there), 1)
            self.add_loss(self.weight * ops.sum(missing * there) / count / source)
        return states

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        return {**super().get_config(), "weight": self.weight}
