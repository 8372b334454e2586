"""From what a decoder gives to scores of all tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from seqapps.layers.tied_logits import TiedLogits

LAYERS = ("projection", "logits")  # by name, those of them that a model has, in their order


def scorer(
    vocabulary: int, units: int, *, dropout: float, tied: Any = None
) -> Callable[[Any], Any]:
    """[..., units] -> logits [..., vocabulary], after dropout.

    With a `tied` embedding its vectors are the weights, behind a projection to their size where
    that is not `units`.
    """
    layers = [keras.layers.Dropout(dropout)]
    if tied is None:
        layers.append(keras.layers.Dense(vocabulary, name="logits", dtype="float32"))
    else:
        if units != tied.output_dim:
            layers.append(keras.layers.Dense(tied.output_dim, name="projection"))
        layers.append(TiedLogits(tied, name="logits", dtype="float32"))

    def scored(hidden: Any) -> Any:
        for layer in layers:
            hidden = layer(hidden)
        return hidden

    return scored
