"""Texts to what the model takes, scores back to labels."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqapps.features import Features
from seqapps.task import Row, State
from seqapps.text import vectors
from seqapps.text.ngrams import TermVector, document_frequency, ngrams
from seqapps.text.words import TOKENS, most_frequent, padded

SPREAD = 0.3  # standard deviation of the numbers of given word vectors, as the model gets them


def fit(rows: Iterable[Row], settings: Any) -> State:
    """The vocabulary of the training texts, and the labels in alphabetical order."""
    labels: set[str] = set()

    def texts() -> Iterable[str]:
        for row in rows:
            labels.add(row["label"])
            yield row["text"]

    learnt = _vocabulary(texts(), settings)
    return {**learnt, "labels": sorted(labels)}


def _vocabulary(texts: Iterable[str], settings: Any) -> State:
    tokens = TOKENS[settings.tokens]
    if settings.representation == "embedding":
        frequent = most_frequent(texts, size=settings.vocabulary, tokens=tokens)
        if not settings.starts_from_vectors:
            return {"terms": frequent}
        return {"terms": frequent, "vectors": _vectors(settings.vectors, frequent)}
    found = document_frequency(
        texts, tokens, longest=settings.ngrams, separator=_separator(settings)
    )
    terms, idf = found.terms(settings.vocabulary)
    return {"terms": terms, "idf": idf}


def _vectors(name: str, words: list[str]) -> np.ndarray:
    """Float32 [words, size], of one spread whatever the source; zeros for words it lacks."""
    matrix, found = vectors.load(name, words)
    spread = float(matrix[found].std()) if found.any() else 1.0
    return np.asarray(matrix * (SPREAD / (spread or 1.0)), "float32")


def _separator(settings: Any) -> str:
    return " " if settings.tokens == "words" else ""


class TextFeatures(Features):
    """Token ids or a vector over n-grams, by `representation`; label ids by alphabet."""

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self.settings = settings
        self.label_ids = keras.layers.StringLookup(vocabulary=state["labels"], num_oov_indices=0)
        self.labels = tf.constant(state["labels"])  # [labels]
        if settings.representation == "embedding":
            # 0 is padding, 1 an unknown token, 2 and up the vocabulary
            self.ids = keras.layers.StringLookup(vocabulary=state["terms"], mask_token="")
            self.vectors = state.get("vectors")  # [terms, size]
        else:
            self.terms = TermVector(state["terms"], state["idf"], settings.representation)

    def tokens(self, text: tf.Tensor) -> tf.RaggedTensor:
        found = TOKENS[self.settings.tokens](text)
        return found[:, : self.settings.max_tokens]  # [batch, (tokens)]

    def encode(self, text: tf.Tensor) -> tf.Tensor:
        """String [batch] -> ids [batch, time], or float [batch, terms]."""
        tokens = self.tokens(text)
        if self.settings.representation == "embedding":
            return self.ids(padded(tokens))
        separator = _separator(self.settings)
        return self.terms(ngrams(tokens, longest=self.settings.ngrams, separator=separator))

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        return self.encode(batch["text"]), self.label_ids(batch["label"])  # labels: [batch]

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        scores = model(self.encode(raw["text"]))  # [batch, labels]
        return {
            "label": tf.gather(self.labels, tf.argmax(scores, axis=-1)),  # [batch]
            "scores": scores,
            "labels": tf.tile(self.labels[None, :], [tf.shape(scores)[0], 1]),  # [batch, labels]
        }

    def explain(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """How much of the pooled vector each token gives."""
        tokens = padded(self.tokens(raw["text"]))  # [batch, time]
        ids = self.ids(tokens)
        pooling = model.get_layer("pooling")
        before = keras.tree.flatten(pooling.input)[0]  # the mask is an input of the layer too
        states = keras.Model(model.input, before)(ids)  # [batch, time, units]
        return {"tokens": tokens, "weights": pooling.shares(states, mask=ids != 0)}
