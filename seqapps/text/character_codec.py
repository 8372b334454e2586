"""Unicode code points as tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import tensorflow as tf

from seqapps.text.token_ids import SPECIAL, UNKNOWN, Codec, valid


def most_frequent(texts: Iterable[str], size: int) -> list[str]:
    """The `size` most frequent characters, ties in the order of their code points."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text)
    return sorted(counts, key=lambda character: (-counts[character], character))[:size]


class CharacterCodec(Codec):
    """A token is a Unicode code point exactly as it is: case, newlines, Hangul, emoji.

    Nothing is normalised. A character that is not in the vocabulary is unknown and comes back as
    U+FFFD.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        super().__init__([b"", b"", "\ufffd".encode(), *(c.encode() for c in vocabulary)])
        in_order = sorted((ord(c), id_) for id_, c in enumerate(vocabulary, SPECIAL))
        points, ids = zip(*in_order, strict=True)
        self.points = tf.constant(points, tf.int32)  # [vocabulary], ascending
        self.ids = tf.constant(ids, tf.int32)  # [vocabulary]

    def encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        points = tf.strings.unicode_decode(text, "UTF-8", errors="replace")  # [batch, (tokens)]
        return points.with_flat_values(self._lookup(points.flat_values))

    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        return tf.strings.unicode_split(valid(text), "UTF-8")

    def _lookup(self, points: tf.Tensor) -> tf.Tensor:
        # A search in a sorted constant needs no table that an export would have to initialise.
        place = tf.minimum(tf.searchsorted(self.points, points), len(self.points) - 1)
        known = tf.gather(self.points, place) == points
        return tf.where(known, tf.gather(self.ids, place), UNKNOWN)
