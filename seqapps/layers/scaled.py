"""A linear layer that knows beforehand how much each of its inputs has to say."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


class ScaledDense(keras.layers.Layer):
    """inputs [batch, size] -> inputs @ (scale * factors) + bias [batch, units].

    `scale` [size, units] is given and stays. The factors start at 0 and are trained, so that a
    step moves a weight as far as its scale is large; without `factors` the scale is the kernel.
    With log-count ratios as scale it is the NBSVM of Wang and Manning 2012, with logistic loss.
    """

    def __init__(self, scale: np.ndarray, *, factors: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._given = np.asarray(scale, "float32")
        self._has_factors = factors

    def build(self, shape: tuple[int | None, ...]) -> None:
        size = self._given.shape
        self.scale = self.add_weight(
            shape=size,
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(self._given, dtype),
            trainable=False,
            name="scale",
        )
        self.bias = self.add_weight(shape=size[1:], initializer="zeros", name="bias")
        if self._has_factors:
            self.factors = self.add_weight(shape=size, initializer="zeros", name="factors")

    def call(self, inputs: Any) -> Any:
        kernel = self.scale * self.factors if self._has_factors else self.scale
        return ops.matmul(inputs, kernel) + self.bias

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape[:-1], self._given.shape[1])
