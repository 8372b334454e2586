"""The function that makes one step of a decoder, the same for greedy and for beam search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# ids int32 [batch, beams], state -> logits float [batch, beams, vocab], state,
# attention over the source's steps, float [batch, beams, source], or None where there is none.
#
# `state` is any nest of tensors [batch, beams, ...], which a search reorders by beams. What is the
# same for all beams of a row, as the states of the encoder, the function holds itself. Only axes
# of unknown size may grow from step to step. `vocab` must be static. Ids are always in it.
Step = Callable[[tf.Tensor, Any], tuple[tf.Tensor, Any, tf.Tensor | None]]


def same_shapes(new: Any, old: Any) -> Any:
    """`new` with what is known statically of the shapes of `old`, as loops of a graph demand."""
    if tf.executing_eagerly():  # there every shape is known, and may be another one
        return new
    tf.nest.map_structure(lambda after, before: after.set_shape(before.shape), new, old)
    return new


NOWHERE = -1  # the source step attended to most, where there is none


def attended(
    weights: tf.Tensor | None, ids: tf.Tensor, among: tf.Tensor | None = None
) -> tf.Tensor:
    """The source step with the greatest weight: [batch, beams, source] -> int32 [batch, beams].

    With `among`, bool [batch, source], the greatest of those steps. NOWHERE where a row has none,
    and without attention; then `ids` [batch, beams] give the shape.
    """
    if weights is None:
        return tf.zeros_like(ids) + NOWHERE
    if among is None:
        return tf.argmax(weights, -1, tf.int32)
    below_all = tf.constant(-1, weights.dtype)
    found = tf.argmax(tf.where(among[:, None], weights, below_all), -1, tf.int32)
    return tf.where(tf.reduce_any(among, axis=-1, keepdims=True), found, NOWHERE)
