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
        time, units = ops.shape(vectors)[1], vectors.shape[-1]
        pairs = np.arange(units) // 2
        rates = (SLOWEST ** (-2 * pairs / units)).astype("float32")  # [units]
        shift = ((np.arange(units) % 2) * np.pi / 2).astype("float32")  # cosine is a shifted sine
        places = ops.cast(ops.arange(time), "float32")[:, None]  # [time, 1]
        waves = ops.sin(places * rates + shift)  # [time, units]
        return vectors + ops.cast(waves, vectors.dtype)[None, :, :]


def attention_block(
    states: Any, *, heads: int, dropout: float, name: str, causal: bool = False
) -> Any:
    """One layer of self-attention: [batch, time, units] -> [batch, time, units].

    Attention and a two-layer network, each normalised before and added to what came in (the order
    of Xiong et al. 2020, which trains without warm-up). With `causal` no step sees a later one.
    """
    layers, units = keras.layers, states.shape[-1]
    normed = layers.LayerNormalization(name=f"{name}_norm_1")(states)
    attention = layers.MultiHeadAttention(
        heads, max(1, units // heads), dropout=dropout, name=f"{name}_attention"
    )
    attended = attention(normed, normed, use_causal_mask=causal)
    states = layers.Add(name=f"{name}_add_1")([states, attended])
    normed = layers.LayerNormalization(name=f"{name}_norm_2")(states)
    hidden = layers.Dense(2 * units, activation="relu", name=f"{name}_hidden")(normed)
    hidden = layers.Dropout(dropout)(layers.Dense(units, name=f"{name}_out")(hidden))
    return layers.Add(name=f"{name}_add_2")([states, hidden])
