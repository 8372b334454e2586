"""What a word looks like: a vector of its characters, so that unknown words say something too."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqapps.layers.recurrent import LSTM


@keras.saving.register_keras_serializable(package="seqapps")
class WordCharacters(keras.layers.Layer):
    """Reads each word letter by letter, from both ends (Ling et al. 2015, "Finding Function in
    Form").

    Ids [batch, time, characters], right padded with 0 -> [batch, time, 2 * units]: the last states
    of both directions. `size` is the number of different ids, `embedding` the numbers of each.
    """

    def __init__(self, size: int, *, embedding: int, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.embedding, self.units = size, embedding, units
        self.vectors = keras.layers.Embedding(size, embedding, name="vectors")
        self.onward = LSTM(units, name="onward")
        self.back = LSTM(units, go_backwards=True, name="back")

    def build(self, shape: Any) -> None:
        self.vectors.build((None, shape[-1]))
        for reader in (self.onward, self.back):
            reader.build((None, shape[-1], self.embedding))
        self.built = True

    def call(self, ids: Any, training: bool = False) -> Any:
        batch, time, characters = ops.shape(ids)
        flat = ops.reshape(ids, [batch * time, characters])
        vectors = self.vectors(flat)  # [batch * time, characters, embedding]
        mask = ops.not_equal(flat, 0)
        ends = [
            reader(vectors, mask=mask, training=training) for reader in (self.onward, self.back)
        ]
        words = ops.concatenate(ends, axis=-1)  # [batch * time, 2 * units]
        return ops.reshape(words, [batch, time, 2 * self.units])

    def compute_output_spec(self, ids: Any, training: bool = False) -> Any:
        shape = (*ids.shape[:2], 2 * self.units)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        own = {"size": self.size, "embedding": self.embedding, "units": self.units}
        return {**super().get_config(), **own}
