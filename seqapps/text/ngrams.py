"""A text as one vector over n-grams: which occur, how often, or how telling they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqapps.text.words import ranked

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


class TermVector(tf.Module):
    """String [batch, (n-grams)] -> float [batch, terms].

    `one_hot`: 1 for an n-gram that occurs. `counts`: how often, a row of the document-term matrix.
    `tfidf`: counts weighted by inverse document frequency, of length 1 (Salton and Buckley 1988).
    """

    def __init__(self, terms: list[str], idf: np.ndarray, representation: str) -> None:
        super().__init__()
        self.size = len(terms)
        self.representation = representation
        self.ids = keras.layers.StringLookup(vocabulary=terms, mask_token="")
        self.idf = tf.constant(idf)  # [terms]

    def __call__(self, terms: tf.RaggedTensor) -> Any:
        ids = self.ids(terms.to_tensor(""))  # [batch, n-grams]; 0 is padding, 1 unknown
        counts = tf.math.bincount(
            tf.cast(ids, tf.int32),
            minlength=self.size + 2,
            maxlength=self.size + 2,
            dtype=tf.float32,
            axis=-1,
            binary_output=self.representation == "one_hot",
        )[:, 2:]
        if self.representation != "tfidf":
            return tf.ensure_shape(counts, [None, self.size])
        weighted = counts * self.idf
        length = tf.norm(weighted, axis=-1, keepdims=True)
        return tf.ensure_shape(tf.math.divide_no_nan(weighted, length), [None, self.size])
