"""Self-attention over a sequence (Vaswani et al. 2017), right padding masked."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

SLOWEST = 10_000.0  # the longest wave takes this many steps times 2 pi


@keras.saving.register_keras_serializable(package="seqapps")
class SinusoidalPositions(keras.layers.Layer):
    """Adds to each step what tells its place: [batch, time, units] -> the same.

    Sines and cosines of wavelengths from 2 pi to 10,000 * 2 pi (Vaswani et al. 2017, section 3.5),
    so that any length is served, longer than any in training too.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, vectors: Any) -> Any:
        return vectors + self._waves(ops.arange(ops.shape(vectors)[1]), vectors)

    def at(self, vectors: Any, place: Any) -> Any:
        """The same for one step of every row, at `place`: [..., units], int [] -> [..., units]."""
        return vectors + self._waves(ops.reshape(place, [1]), vectors)[0]

    def _waves(self, places: Any, vectors: Any) -> Any:
        """What tells the places, [time, units]."""
        units = vectors.shape[-1]
        pairs = np.arange(units) // 2
        rates = (SLOWEST ** (-2 * pairs / units)).astype("float32")  # [units]
        shift = ((np.arange(units) % 2) * np.pi / 2).astype("float32")  # cosine is a shifted sine
        waves = ops.sin(ops.cast(places, "float32")[:, None] * rates + shift)
        return ops.cast(waves, vectors.dtype)


def attention_block(
    states: Any,
    *,
    heads: int,
    dropout: float,
    name: str,
    causal: bool = False,
    mask: Any = None,
) -> Any:
    """One layer of self-attention: [batch, time, units] -> [batch, time, units].

    Attention and a two-layer network, each normalised before and added to what came in (the order
    of Xiong et al. 2020, which trains without warm-up). With `causal` no step sees a later one;
    none sees those that the `mask`, bool [batch, time], leaves out.
    """
    layers, units = keras.layers, states.shape[-1]
    normed = layers.LayerNormalization(name=f"{name}_norm_1")(states)
    attention = layers.MultiHeadAttention(
        heads, max(1, units // heads), dropout=dropout, name=f"{name}_attention"
    )
    seen = None if mask is None else ops.expand_dims(mask, 1)  # [batch, 1, time]
    attended = attention(normed, normed, use_causal_mask=causal, attention_mask=seen)
    states = layers.Add(name=f"{name}_add_1")([states, attended])
    normed = layers.LayerNormalization(name=f"{name}_norm_2")(states)
    hidden = layers.Dense(2 * units, activation="relu", name=f"{name}_hidden")(normed)
    hidden = layers.Dropout(dropout)(layers.Dense(units, name=f"{name}_out")(hidden))
    return layers.Add(name=f"{name}_add_2")([states, hidden])
