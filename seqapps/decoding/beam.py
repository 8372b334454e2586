"""Beam search, all of it in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from seqapps.decoding import scores
from seqapps.decoding.candidates import Candidates, candidates
from seqapps.decoding.hypotheses import Hypotheses, Written, best_first
from seqapps.decoding.step import Step, attended, same_shapes


def beam_search(
    step: Step,
    state: Any,
    *,
    first: tf.Tensor,
    beam: int,
    max_tokens: tf.Tensor,
    end: int,
    forbidden: Sequence[int] = (),
    length_penalty: float = 0.0,
    coverage_penalty: float = 0.0,
    source: tf.Tensor | None = None,
    no_repeat: int = 0,
    among: tf.Tensor | None = None,
) -> Hypotheses:
    """The `beam` best sequences of tokens that the search meets for each row, best first.

    `first`, `max_tokens`, `forbidden`, `no_repeat`, `among` and the state [batch, 1, ...] are those
    of `greedy`; the state is repeated for the beams. A `coverage_penalty` needs `source`, bool
    [batch, source], which tells real steps of the source from padding.

    Each step takes the 2 * beam most probable continuations of a row. Those that end, among the
    best `beam`, are hypotheses; the best `beam` of those that do not end go on. A row is done when
    it has `beam` hypotheses. When it has its `max_tokens` before that, or no hypothesis can go on,
    the best of those that went on so far fill the places that are free. So a `beam` of 1 takes
    what `greedy` takes.

    Hypotheses are ranked by log P / lp + cp (see `scores`); while they grow, those of a row have
    the same length, and log P ranks them.
    """
    if beam < 1:
        raise ValueError(f"a beam must be 1 or more, received {beam}")
    if coverage_penalty and source is None:
        raise ValueError("a coverage penalty needs `source`: which steps of the source are real")
    search = _Search(
        step, beam, max_tokens, end, forbidden, coverage_penalty, source, no_repeat, among
    )
    begun = search.begin(first, state)
    shapes = tf.nest.map_structure(_shape, begun)
    if no_repeat:
        shapes.carried["history"] = tf.TensorShape([None, beam, None])
    (done,) = tf.while_loop(
        lambda now: tf.reduce_any(now.row.alive),
        lambda now: (search.advance(now),),
        (begun,),
        shape_invariants=(shapes,),
    )
    written = Written(**{name: array.stack() for name, array in done.arrays.items()})
    return best_first(written, done.row.lengths, alpha=length_penalty)


def _shape(value: Any) -> tf.TensorShape:
    """What a loop is told of the shape of a value; an array counts as its handle, a scalar."""
    return tf.TensorShape([]) if isinstance(value, tf.TensorArray) else value.shape


class _Row(NamedTuple):
    """Of each row, whether it goes on, and what it has so far: [batch]."""

    alive: tf.Tensor
    ended: tf.Tensor  # hypotheses
    lengths: tf.Tensor  # tokens of the hypotheses that go on


class _Now(NamedTuple):
    """All that goes from step to step."""

    place: tf.Tensor  # of the tokens that come next
    row: _Row
    ids: tf.Tensor  # int32 [batch, beam]
    log_probability: tf.Tensor  # float32 [batch, beam]; -inf for those that do not exist
    carried: dict[str, Any]  # [batch, beam, ...], reordered by parents
    arrays: dict[str, tf.TensorArray]  # those of `Written`


@dataclass(frozen=True)
class _Search:
    step: Step
    beam: int
    max_tokens: tf.Tensor
    end: int
    forbidden: Sequence[int]
    beta: float
    source: tf.Tensor | None
    no_repeat: int
    among: tf.Tensor | None

    def begin(self, first: tf.Tensor, state: Any) -> _Now:
        """One hypothesis for each row, without a token and certain; the others do not exist."""
        ids = self._tiled(first[:, None])
        carried = {"state": tf.nest.map_structure(self._tiled, state)}
        none = tf.zeros_like(tf.concat([ids, ids], 1))  # [batch, 2 * beam]
        values = tf.where(tf.range(2 * self.beam) > 0, -np.inf, tf.cast(none, tf.float32))
        written = {"codes": none, "log_probability": values, "aligned": tf.zeros_like(ids)}
        if self.beta:
            carried["covered"] = self._tiled(tf.zeros_like(self.source, tf.float32)[:, None])
            written["penalties"] = self._penalties(carried["covered"])
        if self.no_repeat:
            carried["history"] = ids[:, :, None][:, :, :0]
        arrays = {
            name: tf.TensorArray(
                value.dtype, 1, dynamic_size=True, element_shape=value.shape
            ).write(0, value)
            for name, value in written.items()
        }
        zero = tf.zeros_like(self.max_tokens)
        row = _Row(self.max_tokens > 0, zero, zero)
        return _Now(tf.constant(1), row, ids, values[:, : self.beam], carried, arrays)

    def advance(self, now: _Now) -> _Now:
        """One step, after which the best hypotheses have one token more."""
        logits, state, weights = self.step(now.ids, now.carried["state"])
        logits.set_shape([None, self.beam, None])
        found = candidates(
            logits, 2 * self.beam, forbidden=self.forbidden,
            history=now.carried.get("history"), no_repeat=self.no_repeat,
        )  # fmt: skip
        codes, values = self._chosen(found, now.log_probability)
        written = {"codes": codes, "log_probability": values}
        written["aligned"] = attended(weights, now.ids, self.among)
        carried = {**now.carried, "state": same_shapes(state, now.carried["state"])}
        if self.beta:
            if weights is None:
                raise ValueError("a coverage penalty needs a step that gives attention")
            carried["covered"] += tf.cast(weights, tf.float32)
            written["penalties"] = self._penalties(carried["covered"])
        arrays = {name: array.write(now.place, written[name]) for name, array in now.arrays.items()}
        ids, parents = codes[:, : self.beam] // self.beam, codes[:, : self.beam] % self.beam
        carried = tf.nest.map_structure(lambda old: tf.gather(old, parents, batch_dims=1), carried)
        if self.no_repeat:
            carried["history"] = tf.concat([carried["history"], ids[:, :, None]], 2)
        row, ids, log_probability = same_shapes(
            (self._after(now.row, values), ids, values[:, : self.beam]),
            (now.row, now.ids, now.log_probability),
        )
        return _Now(now.place + 1, row, ids, log_probability, carried, arrays)

    def _chosen(self, found: Candidates, log_probability: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The `beam` best that go on, then the `beam` best if they end: twice [batch, 2 * beam].

        First their codes (see `Written`), then log P, which is -inf for those that do not exist.
        """
        count = self.beam * tf.shape(found.ids)[-1]
        codes = tf.reshape(found.ids * self.beam + tf.range(self.beam)[:, None], [-1, count])
        values = tf.reshape(log_probability[:, :, None] + found.log_probability, [-1, count])
        values, order = tf.math.top_k(values, 2 * self.beam)
        codes = tf.gather(codes, order, batch_dims=1)
        ends = codes // self.beam == self.end
        going, order = tf.math.top_k(tf.where(ends, -np.inf, values), self.beam)
        ended = tf.where(ends, values, -np.inf)[:, : self.beam]
        codes = [tf.gather(codes, order, batch_dims=1), codes[:, : self.beam]]
        return tf.concat(codes, 1), tf.concat([going, ended], 1)

    def _after(self, row: _Row, values: tf.Tensor) -> _Row:
        """The rows after a step; one that has found nothing stays as it was, and is done."""
        exists = values > -np.inf  # [batch, 2 * beam]
        alive = row.alive & tf.reduce_any(exists, axis=-1)
        ended = tf.math.count_nonzero(exists[:, self.beam :], axis=-1, dtype=tf.int32) + row.ended
        lengths = row.lengths + tf.cast(alive, tf.int32)
        alive &= (ended < self.beam) & (lengths < self.max_tokens)
        return _Row(alive, ended, lengths)

    def _penalties(self, covered: tf.Tensor) -> tf.Tensor:
        return scores.coverage(covered, self.source, self.beta)

    def _tiled(self, values: tf.Tensor) -> tf.Tensor:
        return tf.repeat(values, self.beam, axis=1)
