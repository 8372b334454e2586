"""Words that are hidden in training, the rarer the more often, as unknown ones will come later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="seqapps")
class HideRareWords(keras.layers.Layer):
    """Puts the `unknown` id in the place of some in training (Kiperwasser and Goldberg 2016).

    Ids [batch, time] -> the same. A word that occurs n times in training is hidden with the
    probability `rarity` / (`rarity` + n): one that occurs once about as often as it would have been
    missed. So the unknown id has a meaning, and rare words are not learnt by heart. `counts` has n
    of each id; padding and the unknown id have 0 and stay.
    """

    def __init__(
        self, counts: Sequence[float], *, rarity: float, unknown: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.counts, self.rarity, self.unknown = [*map(float, counts)], rarity, unknown
        known = np.array(self.counts, "float32")
        rates = np.where(known > 0, rarity / np.maximum(rarity + known, 1e-6), 0.0)
        self._rates = rates.astype("float32")  # [ids]
        self.seed = keras.random.SeedGenerator()

    def call(self, ids: Any, training: bool = False) -> Any:
        if not training or not self.rarity:
            return ids
        rates = ops.take(ops.convert_to_tensor(self._rates), ids)  # [batch, time]
        hidden = keras.random.uniform(ops.shape(ids), seed=self.seed) < rates
        return ops.where(hidden, ops.cast(self.unknown, ids.dtype), ids)

    def compute_output_spec(self, ids: Any, training: bool = False) -> Any:
        return keras.KerasTensor(ids.shape, dtype=ids.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        own = {"counts": self.counts, "rarity": self.rarity, "unknown": self.unknown}
        return {**super().get_config(), **own}
