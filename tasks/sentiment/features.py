"""Reviews to word ids, scores back to labels."""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from seqapps.features import Features
from seqapps.task import Row, State
from seqapps.text.words import most_frequent, padded, words


def fit(rows: Iterable[Row], settings: Any) -> State:
    """The most frequent words of the training texts, and the labels in alphabetical order."""
    labels: set[str] = set()

    def texts() -> Iterable[str]:
        for row in rows:
            labels.add(row["label"])
            yield row["text"]

    return {"words": most_frequent(texts(), size=settings.vocabulary), "labels": sorted(labels)}


class ReviewFeatures(Features):
    """Word ids: 0 is padding, 1 an unknown word, 2 and up the vocabulary."""

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self.max_tokens = settings.max_tokens
        self.word_ids = keras.layers.StringLookup(vocabulary=state["words"], mask_token="")
        self.label_ids = keras.layers.StringLookup(vocabulary=state["labels"], num_oov_indices=0)
        self.labels = tf.constant(state["labels"])  # [labels]

    def tokens(self, text: tf.Tensor) -> tf.Tensor:
        return padded(words(text), longest=self.max_tokens)  # [batch, time]

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        ids = self.word_ids(self.tokens(batch["text"]))  # [batch, time]
        return ids, self.label_ids(batch["label"])  # [batch]

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        scores = model(self.word_ids(self.tokens(raw["text"])))  # [batch, labels]
        return {
            "label": tf.gather(self.labels, tf.argmax(scores, axis=-1)),  # [batch]
            "scores": scores,
            "labels": tf.tile(self.labels[None, :], [tf.shape(scores)[0], 1]),  # [batch, labels]
        }

    def explain(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        tokens = self.tokens(raw["text"])  # [batch, time]
        _, weights = model.get_layer("pooling").output
        attention = keras.Model(model.inputs, weights)
        return {"tokens": tokens, "weights": attention(self.word_ids(tokens))}
