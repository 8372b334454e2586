"""A text as one vector over n-grams: which occur, how often, or how telling they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from seqapps.text.words import padded, ranked

MOST_COUNTED = 5_000_000  # n-grams held at a time: about 600 MB


def ngrams(tokens: tf.RaggedTensor, *, longest: int, separator: str) -> tf.RaggedTensor:
    """All runs of 1 to `longest` tokens: [batch, (tokens)] -> [batch, (n-grams)]."""
    return tf.strings.ngrams(tokens, list(range(1, longest + 1)), separator=separator)


@dataclass
class DocumentFrequency:
    """In how many texts each n-gram occurs, of each label too, counted as the texts come by.

    Where too many different ones are held, those seen rarest so far are dropped (Manku and Motwani
    2002, lossy counting): what is frequent in a large corpus survives, its count a little low.
    """

    texts: int = 0
    counts: Counter[bytes] = field(default_factory=Counter)
    of_label: dict[str, Counter[bytes]] = field(default_factory=dict)  # where labels are given
    most: int = MOST_COUNTED
    _rarest: int = 1

    def add(self, terms: tf.RaggedTensor, labels: Sequence[str] | None = None) -> None:
        """Count the n-grams of some texts, string [batch, (n-grams)], by label where given."""
        rows = [set(row) for row in terms.to_list()]
        for row in rows:
            self.counts.update(row)
            self.texts += 1
        for row, label in zip(rows, labels or (), strict=labels is not None):
            self.of_label.setdefault(label, Counter()).update(row)
        while len(self.counts) > self.most:
            self.counts = Counter({k: n for k, n in self.counts.items() if n > self._rarest})
            for label, counts in self.of_label.items():
                kept = counts.keys() & self.counts.keys()
                self.of_label[label] = Counter({k: counts[k] for k in kept})
            self._rarest += 1

    def terms(self, size: int) -> tuple[list[str], np.ndarray]:
        """(the `size` most frequent, their inverse document frequency float32 [terms]).

        Of a thousand texts or more, what occurs in one of them only is left out. The weight is
        1 + ln((1 + texts) / (1 + frequency)), as in scikit-learn.
        """
        least = 2 if self.texts >= 1000 else 1
        frequent = Counter({term: n for term, n in self.counts.items() if n >= least})
        terms = ranked(frequent or self.counts, size=size)
        counts = np.array([self.counts[term.encode()] for term in terms], "float64")
        return terms, (1 + np.log((1 + self.texts) / (1 + counts))).astype("float32")

    def log_ratios(self, terms: Sequence[str]) -> np.ndarray:
        """How much each n-gram speaks for each label: float32 [terms, labels], labels sorted.

        The log probability of the n-gram in a text of the label by naive Bayes, with one text of
        each label added that holds them all (McCallum and Nigam 1998), less its mean over the
        labels. Of two labels, their difference is the log-count ratio of Wang and Manning 2012.
        """
        of_label = [self.of_label[label] for label in sorted(self.of_label)]
        keys = [term.encode() for term in terms]
        counts = np.array([[of[key] for of in of_label] for key in keys], "float64")
        logs = np.log((1 + counts) / (1 + counts).sum(axis=0))  # [terms, labels]
        return np.asarray(logs - logs.mean(axis=1, keepdims=True), "float32")


class TermWeights(tf.Module):
    """String [batch, (n-grams)] -> (ids int64 [batch, found], values float [batch, found]).

    A text's entries in the vector over all terms, those alone that are not zero: `ids` are 1 for
    the first term and so on, 0 is padding, and each stands there once. A vector of 60,000 entries
    has some hundreds of them.

    `one_hot`: 1 for an n-gram that occurs. `counts`: how often, a row of the document-term matrix.
    `tfidf`: counts weighted by inverse document frequency, of length 1 (Salton and Buckley 1988).
    """

    def __init__(self, terms: list[str], idf: np.ndarray, representation: str) -> None:
        super().__init__()
        self.size = len(terms)
        self.representation = representation
        self.ids = keras.layers.StringLookup(vocabulary=terms)  # 0 is unknown, 1 the first term
        self.idf = tf.constant(idf)  # [terms]

    def __call__(self, terms: tf.RaggedTensor) -> tuple[tf.Tensor, tf.Tensor]:
        ids = terms.with_flat_values(self.ids(terms.flat_values))  # [batch, (n-grams)]
        ids = tf.ragged.boolean_mask(ids, ids > 0)
        counted = tf.sparse.bincount(
            ids, axis=-1, minlength=self.size + 1, binary_output=self.representation == "one_hot"
        )  # sparse [batch, terms + 1]
        found = tf.RaggedTensor.from_value_rowids(
            counted.indices[:, 1], counted.indices[:, 0], nrows=terms.nrows()
        )
        values = found.with_flat_values(self._values(found, tf.cast(counted.values, tf.float32)))
        return padded(found), padded(values)

    def _values(self, ids: tf.RaggedTensor, counts: tf.Tensor) -> tf.Tensor:
        """Float [all found], of counts alike."""
        if self.representation != "tfidf":
            return counts
        weighted = counts * tf.gather(self.idf, ids.flat_values - 1)
        squares = tf.reduce_sum(ids.with_flat_values(weighted**2), axis=-1)  # [batch]
        return weighted / tf.sqrt(tf.gather(squares, ids.value_rowids()))

    def entries(self, terms: tf.RaggedTensor) -> list[dict[str, float]]:
        """Of each text, its n-grams and their values."""
        names = self.ids.get_vocabulary()
        return [
            {str(names[i]): float(value) for i, value in zip(*row, strict=True) if i}
            for row in zip(*(found.numpy() for found in self(terms)), strict=True)
        ]
