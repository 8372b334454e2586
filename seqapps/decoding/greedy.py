"""The loop that takes the most probable token each time, all of it in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from seqapps.decoding.candidates import candidates
from seqapps.decoding.step import Step, attended, same_shapes
from seqapps.text.token_ids import PADDING


class Greedy(NamedTuple):
    """What was taken. `log_probability` is that of the tokens under the model as it is, in nats.

    That is before forbidden and repeated tokens are barred. The `end` token is part of all four.
    """

    ids: tf.Tensor  # int32 [batch, time]; right padded; time is that of the longest row
    lengths: tf.Tensor  # int32 [batch]
    log_probability: tf.Tensor  # float32 [batch]
    # int32 [batch, time]: the source step attended to most, NOWHERE without; padded with 0
    aligned: tf.Tensor


def greedy(
    step: Step,
    state: Any,
    *,
    first: tf.Tensor,
    max_tokens: tf.Tensor,
    end: int,
    forbidden: Sequence[int] = (),
    no_repeat: int = 0,
    among: tf.Tensor | None = None,
) -> Greedy:
    """Take tokens until each row has met `end` or has its `max_tokens`.

    `first` int32 [batch] is what the decoder reads before its first token, `state` any nest of
    tensors [batch, 1, ...] that `step` takes with it, `max_tokens` int32 [batch]; a negative one
    is 0. `step` is called with padding for rows that are done, and no more when all are.

    `forbidden` ids are never taken; with `no_repeat` n, no n tokens follow each other twice. With
    `among`, bool [batch, source], only those steps of the source are told as `aligned`. A row
    for which no token is left, or whose logits are not finite numbers, ends with what it has.
    Neighbours and their number do not matter, as long as `step` does not let them.

    As a row: first 1, max_tokens 3, end 1 -> ids [17, 8, 1], length 3.
    """

    def more(row: _Row, *_: Any) -> tf.Tensor:
        return tf.reduce_any(row.alive)

    def body(row: _Row, taken: _Taken, state: Any) -> tuple[Any, ...]:
        logits, after, weights = step(row.ids[:, None], state)
        logits.set_shape([None, 1, None])
        found = candidates(
            logits, 1, forbidden=forbidden, history=taken.ids[:, None], no_repeat=no_repeat
        )
        best = tf.argmax(found.log_probability[:, 0], -1)  # [batch]
        gain, ids = (tf.gather(each[:, 0], best, batch_dims=1) for each in found)
        alive = row.alive & (gain > -np.inf)
        ids = tf.where(alive, ids, PADDING)
        lengths = row.lengths + tf.cast(alive, tf.int32)
        log_probability = row.log_probability + tf.where(alive, gain, 0.0)
        at = tf.where(alive[:, None], attended(weights, ids[:, None], among), 0)  # [batch, 1]
        taken = _Taken(tf.concat([taken.ids, ids[:, None]], 1), tf.concat([taken.aligned, at], 1))
        alive &= (ids != end) & (lengths < max_tokens)
        new = _Row(alive, ids, lengths, log_probability)
        return same_shapes(new, row), taken, same_shapes(after, state)

    none = tf.zeros_like(max_tokens)
    row = _Row(max_tokens > 0, first, none, tf.zeros_like(none, tf.float32))
    nothing = _Taken(none[:, None][:, :0], none[:, None][:, :0])
    shapes = tf.nest.map_structure(lambda value: value.shape, (row, state))
    growing = tf.TensorShape([None, None])
    row, taken, _ = tf.while_loop(
        more,
        body,
        (row, nothing, state),
        shape_invariants=(shapes[0], _Taken(growing, growing), shapes[1]),
    )
    longest = tf.reduce_max(tf.concat([row.lengths, [0]], 0))  # a batch may have no rows
    return Greedy(
        taken.ids[:, :longest], row.lengths, row.log_probability, taken.aligned[:, :longest]
    )


class _Row(NamedTuple):
    """Of each row, whether it goes on, its last token, and what it has so far: [batch]."""

    alive: tf.Tensor
    ids: tf.Tensor
    lengths: tf.Tensor
    log_probability: tf.Tensor


class _Taken(NamedTuple):
    """Of each row, what it has token by token: [batch, time]."""

    ids: tf.Tensor
    aligned: tf.Tensor
