"""Losses of sequences of tokens."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def token_cross_entropy(targets: Any, logits: Any) -> Any:
    """Negative log probability of each token that is not padding: float [batch, time].

    `targets` are ids, int [batch, time], 0 being padding; `logits` float [batch, time, vocab].
    Padding gives 0 and the others are scaled up, so that the mean over all steps, which Keras
    takes, is the mean over the tokens alone.
    """
    each = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
    real = ops.cast(ops.not_equal(targets, 0), each.dtype)
    return each * real / ops.maximum(ops.mean(real), 1e-6)
