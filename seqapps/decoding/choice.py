"""How the next token is drawn: temperature, top-k and top-p of each row, by one random number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf

FEW = 512  # tokens are sorted and summed at once
HALVINGS = 8
COLDEST, HOTTEST = 1e-6, 1e6  # temperatures that float32 can divide logits by


class Choice(NamedTuple):
    """How rows draw, with values that are in bounds: each [batch]."""

    temperature: tf.Tensor  # float32; 0 takes the most probable token
    top_k: tf.Tensor  # int32; 0 is all
    top_p: tf.Tensor  # float32 in [0, 1]; 1 is all


def bounded(temperature: tf.Tensor, top_k: tf.Tensor, top_p: tf.Tensor) -> Choice:
    """The nearest values that have a meaning, row by row; each [batch].

    A temperature that is negative, not a number or under 1e-6 is 0; one over 1e6 is 1e6. A
    negative top_k is 0. A top_p that is not a number or over 1 is 1; one of 0 or less leaves the
    most probable token. An error instead would fail whoever shares the batch in TF Serving.
    """
    warm = temperature >= COLDEST  # false for what is not a number
    return Choice(
        tf.where(warm, tf.minimum(temperature, HOTTEST), 0.0),
        tf.maximum(top_k, 0),
        tf.where(top_p <= 1, tf.maximum(top_p, 0.0), 1.0),
    )


def choose(
    logits: tf.Tensor, uniform: tf.Tensor, choice: Choice, *, forbidden: Sequence[int] = ()
) -> tf.Tensor:
    """The next token of each row: float32 [batch, vocab], [batch] in [0, 1) -> int32 [batch].

    Logits are divided by the temperature; of the tokens, the top_k most probable are kept (Fan et
    al. 2018), and of these the fewest that together have top_p of their probability (Holtzman et
    al. 2020). Tokens as probable as the last one kept are kept too. The token is where the
    cumulative distribution, in the order of ids, passes `uniform`; so it follows from its row
    alone.
    """
    if forbidden:
        barred = np.zeros(logits.shape[-1], bool)
        barred[list(forbidden)] = True
        logits = tf.where(barred, -np.inf, logits)
    all_of_them = choice.top_k >= logits.shape[-1]
    choice = choice._replace(top_k=tf.where(all_of_them, 0, choice.top_k))
    greedy = tf.argmax(logits, -1, tf.int32)  # [batch]
    warm = choice.temperature > 0  # [batch]

    def drawn() -> tf.Tensor:
        relative = logits - tf.reduce_max(logits, axis=-1, keepdims=True)  # [batch, vocab]
        temperature = tf.where(warm, choice.temperature, 1.0)[:, None]
        weights = tf.exp(relative / temperature)
        cut = warm & ((choice.top_k > 0) | (choice.top_p < 1))

        def truncated() -> tf.Tensor:
            kept = _kept(relative, weights, temperature, choice=choice)
            return tf.where(kept | ~cut[:, None], weights, 0.0)

        weights = tf.cond(tf.reduce_any(cut), truncated, lambda: weights)
        return tf.where(warm, _inverse(weights, uniform), greedy)

    return tf.cond(tf.reduce_any(warm), drawn, lambda: greedy)


def _kept(
    relative: tf.Tensor, weights: tf.Tensor, temperature: tf.Tensor, *, choice: Choice
) -> tf.Tensor:
    """Which tokens top_k and top_p leave: three times [batch, vocab] -> bool [batch, vocab]."""
    size = relative.shape[-1]
    by_rank = (choice.top_k > 0)[:, None]  # [batch, 1]
    top_p = choice.top_p[:, None]
    total = tf.reduce_sum(weights, axis=-1, keepdims=True)
    low, high = tf.cond(  # what is between must be sorted; of those by rank, all
        tf.reduce_any((top_p < 1) & ~by_rank),
        lambda: _around(weights, total, top_p),
        lambda: (tf.zeros_like(total), tf.ones_like(total)),
    )
    low, high = tf.where(by_rank, 0.0, low), tf.where(by_rank, np.inf, high)
    between = (weights >= low) & (weights < high)
    above = _sum_where(weights >= high, weights)
    found = tf.math.count_nonzero(between, axis=-1, keepdims=True, dtype=tf.int32)
    wanted = tf.where(by_rank, choice.top_k[:, None], tf.where(top_p < 1, found, 0))
    count = tf.clip_by_value(tf.reduce_max(wanted), 1, size)
    best = tf.math.top_k(tf.where(between, relative, -np.inf), count).values  # [batch, count]
    inside = tf.range(count) < tf.where(by_rank, wanted, count)
    ranked = tf.where(inside, tf.exp(best / temperature), 0.0)
    before = tf.cumsum(ranked, axis=-1, exclusive=True)  # [batch, count]
    whole = tf.where(by_rank, before[:, -1:] + ranked[:, -1:], total)
    needed = (ranked > 0) & ((top_p >= 1) | (above + before < top_p * whole))
    # The most probable token has 0. It is kept even where top_p is 0.
    least = tf.reduce_min(tf.where(needed, best, 0.0), axis=-1, keepdims=True)
    return (relative >= least) | (weights >= high)


def _around(weights: tf.Tensor, total: tf.Tensor, top_p: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Weights of which none under the first is needed and all from the second on are: [batch, 1].

    Sorting ten thousand tokens would cost more than all the rest of a step. Those under
    (1 - p) / size of the total have less than 1 - p of it together; from there the bound is found
    by halving, in logarithms.
    """
    spare = total * (1 - top_p)
    low, high = spare / float(weights.shape[-1]), tf.ones_like(total)
    if weights.shape[-1] <= FEW:
        return low, high
    for _ in range(HALVINGS):
        middle = tf.sqrt(low * high)
        unneeded = _sum_where(weights < middle, weights) <= spare
        low, high = tf.where(unneeded, middle, low), tf.where(unneeded, high, middle)
    return low, high


def _sum_where(condition: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.where(condition, values, 0.0), axis=-1, keepdims=True)


def _inverse(weights: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """The first token at which the cumulative weight is over its share `uniform`: [batch]."""
    size = weights.shape[-1]
    if size <= FEW:
        until = tf.cumsum(weights, axis=-1)  # [batch, vocab]
        return _first_over(until, uniform * until[:, -1])
    # In two levels, blocks and tokens of a block, because a running sum is slow.
    block = math.isqrt(size)
    padded = tf.pad(weights, [[0, 0], [0, -size % block]])
    blocks = tf.reshape(padded, [-1, -(-size // block), block])  # [batch, blocks, block]
    until = tf.cumsum(tf.reduce_sum(blocks, axis=-1), axis=-1)  # [batch, blocks]
    passed = uniform * until[:, -1]
    chosen = _first_over(until, passed)
    before = tf.gather(tf.pad(until, [[0, 0], [1, 0]]), chosen, batch_dims=1)
    inside = tf.cumsum(tf.gather(blocks, chosen, batch_dims=1), axis=-1)  # [batch, block]
    # The two sums of a block differ by rounding; the token must be one that has weight.
    rest = tf.minimum(passed - before, inside[:, -1] * (1 - 2.0**-24))
    return chosen * block + _first_over(inside, rest)


def _first_over(ascending: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    return tf.searchsorted(ascending, value[:, None], side="right")[:, 0]
