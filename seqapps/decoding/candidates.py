"""The most probable next tokens of each hypothesis, without those that must not come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

FEW = 1024  # tokens are sorted at once
BLOCK = 64
NO_TOKEN = -1


class Candidates(NamedTuple):
    """Tokens, best first; of those with the same logit, the lower id. Each [batch, beams, any].

    `log_probability` is that under the model as it is. It is -inf for tokens that must not come,
    and for all where a logit is not a number or the greatest is not finite.
    """

    log_probability: tf.Tensor  # float32
    ids: tf.Tensor  # int32


def candidates(
    logits: tf.Tensor,
    count: int,
    *,
    forbidden: Sequence[int] = (),
    history: tf.Tensor | None = None,
    no_repeat: int = 0,
) -> Candidates:
    """The `count` best that may come, if there are so many: from float [batch, beams, vocab].

    What must not come are the `forbidden` ids and, with `no_repeat` n, those that would end an
    n-gram which `history`, int32 [batch, beams, time], has already.
    """
    logits = tf.cast(logits, tf.float32)
    wanted: Any = min(count + len(forbidden), logits.shape[-1])
    barred = [tf.constant([[forbidden]], tf.int32)] if forbidden else []  # [any, any, tokens]
    if no_repeat:
        repeats = _repeats(history, no_repeat)
        wanted = tf.minimum(wanted + _most(repeats != NO_TOKEN), logits.shape[-1])
        barred.append(repeats)
    values, ids = _best(logits, wanted)
    # The best one's share and the logits tell all; a sum of exponentials takes twice as long.
    share = tf.gather(tf.nn.softmax(logits), ids[:, :, :1], batch_dims=2)  # [batch, beams, 1]
    gains = values - values[:, :, :1] + tf.math.log(share)
    allowed = gains > -np.inf  # false for what is not a number
    for tokens in barred:
        allowed &= tf.reduce_all(ids[..., None] != tokens[:, :, None], axis=-1)
    return Candidates(tf.where(allowed, gains, -np.inf), ids)


def _best(logits: tf.Tensor, count: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """As `tf.math.top_k`: float32 [batch, beams, vocab] -> values and ids, [batch, beams, count].

    Of 8,000 tokens, that takes half as long as the matrix product that makes the logits. The best
    tokens are in the blocks whose best tokens are best; to sort only those takes a quarter of it.
    """
    vocabulary = logits.shape[-1]
    if vocabulary <= FEW:
        return tuple(tf.math.top_k(logits, count))
    axes, blocks = [tf.shape(logits)[0], logits.shape[1]], -(-vocabulary // BLOCK)
    padded = tf.pad(logits, [[0, 0], [0, 0], [0, -vocabulary % BLOCK]], constant_values=-np.inf)
    padded = tf.reshape(padded, [*axes, blocks, BLOCK])
    _, chosen = tf.math.top_k(tf.reduce_max(padded, axis=-1), tf.minimum(count, blocks))
    chosen = tf.sort(chosen)  # as ids are, for the sake of equal logits: [batch, beams, blocks]
    inside = tf.reshape(
        tf.gather(padded, chosen, batch_dims=2), [*axes, tf.shape(chosen)[-1] * BLOCK]
    )
    values, places = tf.math.top_k(inside, count)
    ids = tf.gather(chosen, places // BLOCK, batch_dims=2) * BLOCK + places % BLOCK
    return values, ids  # none of the padding: it loses to all that comes before it


def _repeats(history: tf.Tensor, size: int) -> tf.Tensor:
    """Of each n-gram so far the last token, if the others are the last ones now; else NO_TOKEN.

    As a row, for 3: [5, 7, 2, 5, 7] -> [2, NO_TOKEN, NO_TOKEN].
    """
    count = tf.maximum(tf.shape(history)[-1] - (size - 1), 0)  # of n-grams
    now = history[:, :, count:]
    ends = history[:, :, size - 1 :]  # [batch, beams, count]
    again = tf.ones_like(ends, tf.bool)
    for place in range(size - 1):
        again &= history[:, :, place : place + count] == now[:, :, place : place + 1]
    return tf.where(again, ends, NO_TOKEN)


def _most(true: tf.Tensor) -> tf.Tensor:
    """The greatest number of true values that a hypothesis has; a batch may have no rows."""
    counts = tf.math.count_nonzero(true, axis=-1, dtype=tf.int32)
    return tf.reduce_max(tf.concat([tf.reshape(counts, [-1]), [0]], 0))
