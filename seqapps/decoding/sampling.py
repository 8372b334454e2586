"""The loop that draws token after token, all of it in the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from seqapps.decoding import randomness
from seqapps.decoding.choice import bounded, choose
from seqapps.text.token_ids import PADDING

# ids int32 [batch], state -> logits float32 [batch, vocab], state
Step = Callable[[tf.Tensor, Any], tuple[tf.Tensor, Any]]


class Sampled(NamedTuple):
    """What was drawn. `log_probability` is that of the tokens under the model as it is, in nats.

    That is before temperature, top_k, top_p and forbidden tokens, so that texts drawn in different
    ways compare. The `end` token is part of all three.
    """

    ids: tf.Tensor  # int32 [batch, time]; right padded; time is that of the longest row
    lengths: tf.Tensor  # int32 [batch]
    log_probability: tf.Tensor  # float32 [batch]


def sample(
    step: Step,
    state: Any,
    logits: tf.Tensor,
    *,
    keys: tf.Tensor,
    max_tokens: tf.Tensor,
    limit: int,
    temperature: tf.Tensor,
    top_k: tf.Tensor,
    top_p: tf.Tensor,
    end: int,
    forbidden: Sequence[int] = (),
    start: Any = 0,
) -> Sampled:
    """Draw tokens until each row has met `end` or has its `max_tokens`, of which `limit` count.

    `logits` [batch, vocab] are those of the first token, `state` any nest of tensors [batch, ...]
    that goes with them; `step` takes the tokens drawn and gives both for the next. It is called
    with padding for rows that are done, and no more when all are. `vocab` must be static.

    A row's tokens follow from its own logits and `keys` [batch] (`randomness.keys` of a seed and
    the text) alone, and those at a place from the number at that place: with `start` int32 [batch]
    tokens drawn before, a text is made in parts as it is made at once. Neighbours, their number
    and `limit` do not matter, as long as `step` does not let them.

    Values without a meaning are taken as the nearest that have one (see `choice.bounded`); a
    negative max_tokens is 0. `forbidden` ids are never drawn.

    As a row: logits of "the king", max_tokens 3, end 1 -> ids [17, 8, 1], length 3.
    """
    choice = bounded(temperature, top_k, top_p)
    most = tf.clip_by_value(max_tokens, 0, limit)  # [batch]
    width = tf.maximum(tf.reduce_max(tf.concat([most, [0]], 0)), 1)  # a batch may have no rows
    uniforms = tf.transpose(randomness.uniforms(keys, width, start=start))  # [time, batch]

    def draw(logits: tf.Tensor, row: _Row, time: tf.Tensor) -> tuple[_Row, tf.Tensor]:
        chosen = choose(logits, uniforms[time], choice, forbidden=forbidden)
        ids = tf.where(row.alive, chosen, PADDING)
        gain = tf.gather(logits, chosen, batch_dims=1) - tf.reduce_logsumexp(logits, axis=-1)
        lengths = row.lengths + tf.cast(row.alive, tf.int32)
        alive = row.alive & (ids != end) & (lengths < most)
        log_probability = row.log_probability + tf.where(row.alive, gain, 0.0)
        return _Row(alive, lengths, log_probability), ids

    def more(time: Any, ids: Any, row: _Row, *_: Any) -> tf.Tensor:
        return tf.reduce_any(row.alive)

    def body(time: Any, ids: Any, row: _Row, drawn: Any, state: Any) -> tuple[Any, ...]:
        logits, after = step(ids, state)
        tf.nest.map_structure(lambda new, old: new.set_shape(old.shape), after, state)
        row, ids = draw(tf.cast(logits, tf.float32), row, time)
        return time + 1, ids, row, drawn.write(time, ids), after

    none = tf.zeros_like(most)
    row = _Row(most > 0, none, tf.zeros_like(most, tf.float32))
    drawn = tf.TensorArray(tf.int32, width, element_shape=[None])
    # The first is drawn before the loop, so that no step is made of which nothing is drawn.
    row, ids = draw(tf.cast(logits, tf.float32), row, tf.constant(0))
    variables = (tf.constant(1), ids, row, drawn.write(0, ids), state)
    _, _, row, drawn, _ = tf.while_loop(more, body, variables)
    longest = tf.reduce_max(tf.concat([row.lengths, [0]], 0))
    return Sampled(tf.transpose(drawn.stack()[:longest]), row.lengths, row.log_probability)


class _Row(NamedTuple):
    """Of each row, whether it goes on, and what it has so far: [batch]."""

    alive: tf.Tensor
    lengths: tf.Tensor
    log_probability: tf.Tensor
