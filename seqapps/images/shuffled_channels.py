"""Pictures whose colours are others, so that shapes are learnt in all colours alike."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seqapps")
class ShuffledChannels(keras.layers.Layer):
    """Puts the channels of each picture in an order of its own in training.

    Float [batch, height, width, 3] -> the same; what is red in it may be green or blue.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = keras.random.SeedGenerator()

    def call(self, pictures: Any, training: bool = False) -> Any:
        if not training:
            return pictures
        drawn = keras.random.uniform([ops.shape(pictures)[0], 3], seed=self.seed)
        order = ops.one_hot(ops.argsort(drawn, axis=-1), 3, dtype=pictures.dtype)
        return ops.einsum("bhwc,bdc->bhwd", pictures, order)

    def compute_output_spec(self, pictures: Any, training: bool = False) -> Any:
        return keras.KerasTensor(pictures.shape, dtype=pictures.dtype)
