"""Sentences to ids of words and of their characters, scores back to tags."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqapps.features import Features
from seqapps.task import Row, State
from seqapps.text import vectors
from seqapps.text.character_codec import CharacterCodec
from seqapps.text.token_ids import valid
from seqapps.text.words import Frequency, chunks, normalised, padded

from .raw import split_raw

CHARACTERS = 500  # most frequent ones that are told apart: all letters of a language, not all Han
SPREAD = 0.3  # standard deviation of the numbers of given word vectors, as the model gets them


def fit(rows: Iterable[Row], settings: Any) -> State:
    """The words of training with how often they occur, their characters, the tags by name."""
    words, characters, tags = Frequency(), Frequency(), Frequency()
    for chunk in chunks(rows, characters=lambda row: len(row["text"])):
        texts = valid(tf.constant([row["text"] for row in chunk]))
        words.add(tf.strings.split(normalised(texts)))
        characters.add(tf.strings.unicode_split(texts, "UTF-8"))
        tags.add(tf.strings.split(tf.constant([row["tags"] for row in chunk])))
    known = words.most(settings.vocabulary)
    state: State = {
        "words": known,
        "counts": np.array([words.counts[word.encode()] for word in known], "float32"),
        "characters": [c for c in characters.most(CHARACTERS + 1) if c != " "],
        "tags": sorted(tags.most(len(tags.counts))),
    }
    if settings.vectors not in ("", "none"):
        matrix, found = vectors.load(settings.vectors, known)
        spread = float(matrix[found].std()) if found.any() else 1.0
        state["vectors"] = np.asarray(matrix * (SPREAD / (spread or 1.0)), "float32")
    return state


class TagFeatures(Features):
    """Of every word its id, 1 where training lacks it, and the ids of its characters."""

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self.most = settings.max_characters
        # 0 is padding, 1 a word that training lacks, 2 and up the others
        self.word_ids = keras.layers.StringLookup(vocabulary=state["words"], mask_token="")
        self.codec = CharacterCodec(state["characters"])
        self.counts = np.concatenate([[0.0, 0.0], state["counts"]])  # of each id of a word
        self.vectors = state.get("vectors")  # [words, size]
        # 0 is padding, 1 and up the tags
        self.tag_ids = keras.layers.StringLookup(
            vocabulary=state["tags"], num_oov_indices=0, mask_token=""
        )
        self.tags = tf.constant(state["tags"])  # [tags]

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        tokens = self.cut(batch["text"])
        return self.encode(tokens), self.tag_ids(padded(tf.strings.split(batch["tags"])))

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The tags of words that spaces separate."""
        return self._answer(model, self.cut(raw["text"]))

    def raw_text(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The tags of a text as people write it."""
        return self._answer(model, self.cut(split_raw(raw["text"])))

    def cut(self, text: tf.Tensor) -> tf.Tensor:
        """String [batch] -> the words, padded with empty ones: string [batch, time]."""
        return padded(tf.strings.split(valid(text)))

    def encode(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """String [batch, time] -> ids of words [batch, time], of characters [batch, time, most]."""
        ids = self.codec.encode(tf.reshape(tokens, [-1]))  # [batch * time, (characters)]
        ends = _both_ends(ids, self.most).to_tensor(shape=[None, self.most])
        shape = tf.concat([tf.shape(tokens), [self.most]], 0)
        return {
            "words": self.word_ids(normalised(tokens)),
            "characters": tf.ensure_shape(tf.reshape(ends, shape), [None, None, self.most]),
        }

    def _answer(self, model: Any, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        taken = self.encode(tokens)
        scores = tf.nn.softmax(model(taken))  # [batch, time, tags]
        real = tokens != ""
        best = tf.gather(self.tags, tf.argmax(scores, axis=-1))
        return {
            "tokens": tokens,
            "tags": tf.where(real, best, ""),
            "scores": tf.where(real, tf.reduce_max(scores, axis=-1), 0.0),
            "ids": taken["words"],
        }


def _both_ends(ids: tf.RaggedTensor, most: int) -> tf.RaggedTensor:
    """The first and the last ids of rows with more than `most`: capitals and endings tell most."""
    length = ids.row_lengths()[:, None]
    place = tf.ragged.range(ids.row_lengths())
    kept = (place < most // 2) | (place >= tf.maximum(length - (most - most // 2), most // 2))
    return tf.ragged.boolean_mask(ids, kept)
