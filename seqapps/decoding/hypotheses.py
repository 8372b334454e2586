"""From what a beam search wrote at each place to the best hypotheses, token by token."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from seqapps.decoding import scores
from seqapps.text.token_ids import PADDING

NONE = -1e9  # score and log_probability of a hypothesis that does not exist; JSON has no -inf


class Hypotheses(NamedTuple):
    """Of each row `beam` hypotheses, best first. The `end` token is part of all of it.

    `log_probability` is that of the tokens under the model as it is, in nats, before forbidden and
    repeated tokens are barred. Where there are fewer than `beam`, the last ones have no tokens,
    and NONE for score and log_probability.
    """

    ids: tf.Tensor  # int32 [batch, beam, time]; right padded; time is that of the longest one
    lengths: tf.Tensor  # int32 [batch, beam]
    log_probability: tf.Tensor  # float32 [batch, beam]
    scores: tf.Tensor  # float32 [batch, beam]
    # int32 [batch, beam, time]: the source step attended to most, NOWHERE without; padded with 0
    aligned: tf.Tensor


class Written(NamedTuple):
    """What is chosen at each place: place n has the n-th token, place 0 the beginning.

    Of the 2 * beam that are chosen at a place, the first `beam` go on, and the others have ended.
    A code is id * beam + parent, where the parent is one of the `beam` that went on before.
    """

    codes: tf.Tensor  # int32 [places, batch, 2 * beam]
    log_probability: tf.Tensor  # float32 [places, batch, 2 * beam]; -inf where there is none
    aligned: tf.Tensor  # int32 [places, batch, beam], of parents
    penalties: tf.Tensor | None = None  # as `aligned`, float32: what is added for coverage


def best_first(written: Written, lengths: tf.Tensor, *, alpha: float) -> Hypotheses:
    """The best that ended and, where these are less than `beam`, the best that went on to the last.

    `lengths` int32 [batch] is the last place of each row.
    """
    rows, beam = tf.shape(lengths)[0], written.aligned.shape[-1]
    ranked_by = _scores(written, alpha)  # [places, batch, 2 * beam]
    places, slots = tf.range(tf.shape(ranked_by)[0])[:, None, None], tf.range(2 * beam)

    def flat(values: tf.Tensor) -> tf.Tensor:  # [batch, places * 2 * beam]
        return tf.reshape(tf.transpose(values, [1, 0, 2]), [rows, tf.size(places) * 2 * beam])

    def best(those: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        values, at = tf.math.top_k(flat(tf.where(those, ranked_by, -np.inf)), beam)
        return values, at

    ended, ended_at = best((places <= lengths[:, None]) & (slots >= beam))
    alive, alive_at = best((places == lengths[:, None]) & (slots < beam))
    free = beam - tf.math.count_nonzero(ended > -np.inf, -1, keepdims=True, dtype=tf.int32)
    alive = tf.where(tf.range(beam) < free, alive, -np.inf)
    found, order = tf.math.top_k(tf.concat([ended, alive], 1), beam)  # [batch, beam]
    at = tf.gather(tf.concat([ended_at, alive_at], 1), order, batch_dims=1)
    exists = found > -np.inf
    lengths = tf.where(exists, at // (2 * beam), 0)
    log_probability = tf.gather(flat(written.log_probability), at, batch_dims=1)
    ids, aligned = _walked(written, lengths, at % (2 * beam))
    return Hypotheses(
        ids,
        lengths,
        tf.where(exists, log_probability, NONE),
        tf.where(exists, found, NONE),
        aligned,
    )


def _scores(written: Written, alpha: float) -> tf.Tensor:
    places = tf.range(tf.shape(written.codes)[0])[:, None, None]
    normalised = written.log_probability / scores.length(places, alpha)
    if written.penalties is None:
        return normalised
    parents = written.codes % written.aligned.shape[-1]
    return normalised + tf.gather(written.penalties, parents, batch_dims=2)


def _walked(written: Written, lengths: tf.Tensor, slots: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Ids and alignments of those that end in `slots` of their last place: [batch, beam, time]."""
    beam = slots.shape[-1]
    count = tf.reduce_max(tf.concat([tf.reshape(lengths, [-1]), [0]], 0)) + 1
    places, codes = tf.range(count), written.codes[:count]

    def back(slots: tf.Tensor, at: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        place, codes = at
        parents = tf.gather(codes, slots, batch_dims=1) % beam
        return tf.where(place <= lengths, parents, slots)

    before = tf.scan(back, (places, codes), slots, reverse=True)  # [places, batch, beam]
    slots = tf.concat([before[1:], slots[None]], 0)
    found = tf.gather(codes, slots, batch_dims=2)
    aligned = tf.gather(written.aligned[:count], found % beam, batch_dims=2)
    there = places[:, None, None] <= lengths
    ids = tf.where(there, found // beam, PADDING)[1:]  # [time, batch, beam]
    aligned = tf.where(there, aligned, 0)[1:]
    return tf.transpose(ids, [1, 2, 0]), tf.transpose(aligned, [1, 2, 0])
