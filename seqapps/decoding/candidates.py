"""The most probable next tokens, without those that must not come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

BLOCK = 64  # tokens


class Candidates(NamedTuple):
    """Tokens, best first; of the same logit, that of the lower id. Each [batch, beams, count].

    `log_probability` is that under the model as it is, before any token is barred. It is -inf
    where there is no such token, and in all places where logits are not finite numbers.
    """

    log_probability: tf.Tensor  # float32
    ids: tf.Tensor  # int32, in the vocabulary even where the probability is 0


def candidates(
    logits: tf.Tensor,
    count: int,
    *,
    forbidden: Sequence[int] = (),
    history: tf.Tensor | None = None,
    no_repeat: int = 0,
) -> Candidates:
    """The `count` best of each hypothesis, or the whole vocabulary where that is less.

    From float [batch, beams, vocab]. `forbidden` ids do not come, and with `no_repeat` n none that
    would end an n-gram which `history`, int32 [batch, beams, time], has already.
    """
    logits = tf.cast(logits, tf.float32)
    total = tf.reduce_logsumexp(logits, axis=-1, keepdims=True)  # [batch, beams, 1]
    allowed = logits
    if forbidden:
        barred = tf.broadcast_to(list(forbidden), [*_axes(logits), len(forbidden)])
        allowed = _without(allowed, barred, tf.ones_like(barred, tf.bool))
    if no_repeat:
        allowed = _without(allowed, *_repeats(history, no_repeat))
    values, ids = _best(allowed, min(count, logits.shape[-1]))
    gains = values - total
    return Candidates(tf.where(gains > -np.inf, gains, -np.inf), ids)  # not where it is no number


def _best(logits: tf.Tensor, count: int) -> tuple[tf.Tensor, tf.Tensor]:
    """As `tf.math.top_k`, which on 8,000 tokens costs half of the matrix product before it.

    The best tokens are in the blocks whose best tokens are the best, and so only these are
    sorted. That takes a quarter of the time.
    """
    vocabulary = logits.shape[-1]
    if vocabulary <= 2 * count * BLOCK:
        return tuple(tf.math.top_k(logits, count))
    padded = tf.pad(logits, [[0, 0], [0, 0], [0, -vocabulary % BLOCK]], constant_values=-np.inf)
    blocks = tf.reshape(padded, [*_axes(logits), -(-vocabulary // BLOCK), BLOCK])
    # In the order of ids, for the sake of those that are equal.
    chosen = tf.sort(tf.math.top_k(tf.reduce_max(blocks, axis=-1), count).indices)
    inside = tf.gather(blocks, chosen, batch_dims=2)  # [batch, beams, count, BLOCK]
    inside = tf.reshape(inside, [*_axes(logits), count * BLOCK])
    values, places = tf.math.top_k(inside, count)
    ids = tf.gather(chosen, places // BLOCK, batch_dims=2) * BLOCK + places % BLOCK
    return values, tf.minimum(ids, vocabulary - 1)


def _repeats(history: tf.Tensor, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The last token of each n-gram so far, and whether its first n - 1 are the last ones now.

    For n of 3, [5, 7, 2, 5, 7] has [2, 5, 7] and [True, False, False].
    """
    count = tf.maximum(tf.shape(history)[-1] - (size - 1), 0)  # of n-grams
    last = history[..., count:]
    again = tf.ones_like(history[..., size - 1 :], tf.bool)
    for place in range(size - 1):
        again &= history[..., place : place + count] == last[..., place : place + 1]
    return history[..., size - 1 :], again  # [batch, beams, count]


def _without(logits: tf.Tensor, ids: tf.Tensor, barred: tf.Tensor) -> tf.Tensor:
    """-inf for the ids that are barred: [batch, beams, vocab], twice [batch, beams, any]."""
    size = tf.size(logits)
    first = tf.reshape(tf.range(0, size, logits.shape[-1]), [*_axes(logits), 1])
    flat = tf.tensor_scatter_nd_min(
        tf.reshape(logits, [size]),
        (first + ids)[..., None],
        tf.where(barred, -np.inf, np.inf),
    )
    return tf.reshape(flat, tf.shape(logits))


def _axes(logits: tf.Tensor) -> tuple[tf.Tensor, int]:
    """The number of rows, which may be unknown until they come, and of beams."""
    return tf.shape(logits)[0], logits.shape[1]
