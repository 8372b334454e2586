"""Linear layers over a bag: a long vector of which only the entries that are not zero are given."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops


class BagDense(keras.layers.Layer):
    """(ids, values), both [batch, found] -> activation(vector @ kernel + bias) [batch, units].

    The vector [batch, size] has `values` where `ids` say, 1 being its first entry; an id of 0 is
    padding. It is never made: the kernel's rows that are needed are gathered and summed, as in an
    embedding bag, so that a step costs what the text holds and not what the vocabulary does.
    """

    def __init__(self, size: int, units: int, activation: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.units = size, units
        self.activation = keras.activations.get(activation)

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=[self.size, self.units], name="kernel")
        self.bias = self.add_weight(shape=[self.units], initializer="zeros", name="bias")

    def call(self, bag: tuple[Any, Any]) -> Any:
        ids, values = bag
        rows = self.rows(ops.maximum(ids, 1) - 1)  # of padding: any, since its value is 0
        summed = ops.einsum("bf,bfu->bu", ops.cast(values, rows.dtype), rows)
        return self.activation(summed + self.bias)

    def rows(self, places: Any) -> Any:
        """The kernel's rows: int [batch, found] -> [batch, found, units]."""
        return ops.take(self.kernel, places, axis=0)

    def compute_output_shape(self, shapes: Any) -> tuple[int | None, ...]:
        return (shapes[0][0], self.units)


class ScaledBagDense(BagDense):
    """A linear layer that knows beforehand how much each of its inputs has to say.

    The kernel is scale * factors. `scale` [size, units] is given and stays. The factors start at 0
    and are trained, so that a step moves a weight as far as its scale is large; without `factors`
    the scale is the kernel. With log-count ratios as scale it is the NBSVM of Wang and Manning
    2012, with logistic loss.
    """

    def __init__(self, scale: np.ndarray, *, factors: bool = True, **kwargs: Any) -> None:
        self._given = np.asarray(scale, "float32")
        super().__init__(*self._given.shape, **kwargs)
        self._has_factors = factors

    def build(self, shape: Any) -> None:
        self.scale = self.add_weight(
            shape=self._given.shape,
            initializer=lambda shape, dtype=None: ops.convert_to_tensor(self._given, dtype),
            trainable=False,
            name="scale",
        )
        self.bias = self.add_weight(shape=[self.units], initializer="zeros", name="bias")
        if self._has_factors:
            self.factors = self.add_weight(
                shape=self._given.shape, initializer="zeros", name="factors"
            )

    def rows(self, places: Any) -> Any:
        # Multiplied first, so that the factors' gradient is whole: an n-gram that a batch has twice
        # counts once in its norm.
        kernel = self.scale * self.factors if self._has_factors else self.scale
        return ops.take(kernel, places, axis=0)
