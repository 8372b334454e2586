"""From the states of a sequence to one vector, looking at real steps only."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

FAR_BELOW = -3e4  # stands for minus infinity, and is finite in half precision too


@keras.saving.register_keras_serializable(package="seqapps")
class MaxPooling(keras.layers.Layer):
    """The strongest signal of each unit over the unmasked steps.

    [batch, time, units] -> [batch, units]; zeros for a row without real steps. Keras's own
    GlobalMaxPooling1D takes padding for signal.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, states: Any, mask: Any = None) -> Any:
        if mask is None:
            return ops.max(states, axis=1)
        real = ops.cast(mask, states.dtype)[:, :, None]  # [batch, time, 1]
        highest = ops.max(states * real + FAR_BELOW * (1 - real), axis=1)  # [batch, units]
        return ops.where(ops.any(mask, axis=1, keepdims=True), highest, 0.0)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        return None


@keras.saving.register_keras_serializable(package="seqapps")
class AttentionPooling(keras.layers.Layer):
    """A weighted mean of the steps, weighted by how much each matters (Yang et al. 2016, eq. 5-7).

    [batch, time, units] -> ([batch, units], weights [batch, time]); weights sum to 1 over the
    unmasked steps and are 0 elsewhere, or all 0 for a row without real steps.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.supports_masking = True

    def build(self, shape: tuple[int | None, ...]) -> None:
        add = self.add_weight
        self.kernel = add(
            shape=(shape[-1], self.units), initializer="glorot_uniform", name="kernel"
        )
        self.bias = add(shape=(self.units,), initializer="zeros", name="bias")
        self.query = add(shape=(self.units, 1), initializer="glorot_uniform", name="query")

    def call(self, states: Any, mask: Any = None) -> tuple[Any, Any]:
        hidden = ops.tanh(ops.matmul(states, self.kernel) + self.bias)  # [batch, time, units]
        logits = ops.squeeze(ops.matmul(hidden, self.query), axis=-1)  # [batch, time]
        if mask is None:
            weights = ops.softmax(logits)
        else:
            real = ops.cast(mask, logits.dtype)
            weights = ops.softmax(logits * real + FAR_BELOW * (1 - real)) * real
        return ops.sum(states * weights[:, :, None], axis=1), weights

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> tuple[None, None]:
        return None, None

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
