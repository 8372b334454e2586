"""Losses of sequences of tokens. Targets are ids, int [batch, time], of which 0 is padding."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def token_cross_entropy(targets: Any, logits: Any) -> Any:
    """Negative log probability of each token: float [batch, time], see `mean_of_real`.

    `logits` are [batch, time, vocab].
    """
    each = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
    return mean_of_real(targets, each)


def smoothed_cross_entropy(smoothing: float) -> Any:
    """The same with label smoothing (Szegedy et al. 2016): of each true token this share is given
    to all tokens alike, so that the model is never told to be quite sure.
    """

    def loss(targets: Any, logits: Any) -> Any:
        each = keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)
        if smoothing:
            # - sum_v q_v log p_v with q = (1 - s) [v is true] + s / V
            flat = ops.logsumexp(logits, axis=-1) - ops.mean(logits, axis=-1)
            each = (1 - smoothing) * each + smoothing * flat
        return mean_of_real(targets, each)

    return loss


def sampled_cross_entropy(targets: Any, scores: Any) -> Any:
    """The same of `SampledLogits`' scores [batch, time, 1 + samples], the true token's first."""
    return mean_of_real(targets, ops.logsumexp(scores, axis=-1) - scores[:, :, 0])


def mean_of_real(targets: Any, losses: Any) -> Any:
    """Losses [batch, time] without those of padding, scaled up by as much.

    So the mean over all steps, which Keras takes, is the mean over the tokens alone. Those of
    several targets, [batch, time, several], become [batch, time * several], which weights of rows
    fit to.
    """
    real = ops.cast(ops.not_equal(targets, 0), losses.dtype)
    found = losses * real / ops.maximum(ops.mean(real), 1e-6)
    return ops.reshape(found, [ops.shape(found)[0], -1]) if len(found.shape) > 2 else found
