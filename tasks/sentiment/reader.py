"""How one model takes a text: as token ids, or as one vector over its n-grams."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqapps.task import State
from seqapps.text import vectors
from seqapps.text.ngrams import DocumentFrequency, TermWeights, ngrams
from seqapps.text.words import TOKENS, Frequency, padded

SPREAD = 0.3  # standard deviation of the numbers of given word vectors, as the model gets them


class Counting:
    """Counts what a vocabulary is made of, some texts at a time."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.embeds = settings.representation == "embedding"
        self.counts: Any = Frequency() if self.embeds else DocumentFrequency()

    def add(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        tokens = TOKENS[self.settings.tokens](tf.constant(texts))
        if self.embeds:
            self.counts.add(tokens)
        else:
            wanted = labels if self.settings.naive_bayes != "none" else None
            self.counts.add(_ngrams(tokens, self.settings), wanted)

    def state(self) -> State:
        if not self.embeds:
            terms, idf = self.counts.terms(self.settings.vocabulary)
            if self.settings.naive_bayes == "none":
                return {"terms": terms, "idf": idf}
            return {"terms": terms, "idf": idf, "log_ratios": self.counts.log_ratios(terms)}
        terms = self.counts.most(self.settings.vocabulary)
        if not self.settings.starts_from_vectors:
            return {"terms": terms}
        return {"terms": terms, "vectors": _vectors(self.settings.vectors, terms)}


def _vectors(name: str, words: list[str]) -> np.ndarray:
    """Float32 [words, size], of one spread whatever the source; zeros for words it lacks."""
    matrix, found = vectors.load(name, words)
    spread = float(matrix[found].std()) if found.any() else 1.0
    return np.asarray(matrix * (SPREAD / (spread or 1.0)), "float32")


def _ngrams(tokens: tf.RaggedTensor, settings: Any) -> tf.RaggedTensor:
    separator = " " if settings.tokens == "words" else ""
    return ngrams(tokens, longest=settings.ngrams, separator=separator)


class Reader(tf.Module):
    """Token ids or a bag of n-grams, by `representation`."""

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self.settings = settings
        self.vectors = state.get("vectors")  # [terms, size]
        self.log_ratios = state.get("log_ratios")  # [terms, labels]
        if settings.representation == "embedding":
            # 0 is padding, 1 an unknown token, 2 and up the vocabulary
            self.ids = keras.layers.StringLookup(vocabulary=state["terms"], mask_token="")
            self.takes = ("ids",)
        else:
            self.terms = TermWeights(state["terms"], state["idf"], settings.representation)
            self.takes = ("terms", "values")

    def tokens(self, text: tf.Tensor) -> tf.RaggedTensor:
        found = TOKENS[self.settings.tokens](text)
        return found[:, : self.settings.max_tokens]  # [batch, (tokens)]

    def entries(self, text: tf.Tensor) -> list[dict[str, float]]:
        """Of each text, its n-grams and their values."""
        return self.terms.entries(_ngrams(self.tokens(text), self.settings))

    def encode(self, text: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """String [batch] -> ids [batch, time], or ids and values of n-grams [batch, found]."""
        tokens = self.tokens(text)
        if self.settings.representation == "embedding":
            return (self.ids(padded(tokens)),)
        ids, values = self.terms(_ngrams(tokens, self.settings))
        return ids, values
