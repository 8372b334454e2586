"""Read every word with its characters, and the sentence from both ends; score the tags."""

from typing import Any

import keras
import numpy as np
from keras import ops

from seqapps.layers.encoder import RecurrentEncoder
from seqapps.layers.rare_words import HideRareWords
from seqapps.layers.word_characters import WordCharacters
from seqapps.training.losses import mean_of_real
from seqapps.training.optimizer import optimizer_of


def build_model(settings: Any, features: Any) -> Any:
    """Logits [batch, time, tags] of ids of words and of their characters."""
    words = keras.Input([None], dtype="int64", name="words")
    characters = keras.Input([None, settings.max_characters], dtype="int32", name="characters")
    mask = ops.not_equal(words, 0)
    read = _words_read(settings, features, words)
    if settings.characters:
        read.append(
            WordCharacters(
                features.codec.size,
                embedding=settings.character_embedding,
                units=settings.characters,
                name="word_characters",
            )(characters)
        )
    vectors = keras.layers.Concatenate()(read) if len(read) > 1 else read[0]
    vectors = keras.layers.Dropout(settings.dropout)(vectors)
    reader = RecurrentEncoder(
        settings.encoder,
        settings.units * (1 + settings.bidirectional),
        layers=settings.layers,
        bidirectional=settings.bidirectional,
        dropout=settings.dropout,
        name="reader",
    )
    states, *_ = reader(vectors, mask)  # [batch, time, units]
    states = keras.layers.Dropout(settings.dropout)(states)
    # Scores are told in float32 where layers compute in 16 bits: small ones would be 0 there.
    logits = keras.layers.Dense(len(features.tags), dtype="float32", name="logits")(states)
    model = keras.Model({"words": words, "characters": characters}, logits)
    model.compile(optimizer_of(settings), tag_cross_entropy)
    return model


def tag_cross_entropy(targets: Any, logits: Any) -> Any:
    """Negative log probability of each word's tag, [batch, time], without padding.

    Targets are int [batch, time], 0 for padding, 1 for the first tag; logits [batch, time, tags].
    """
    tags = ops.maximum(targets - 1, 0)
    each = keras.losses.sparse_categorical_crossentropy(tags, logits, from_logits=True)
    return mean_of_real(targets, each)


def _words_read(settings: Any, features: Any, words: Any) -> list[Any]:
    """What stands for each word, each [batch, time, numbers]: learnt vectors, given ones."""
    size = features.word_ids.vocabulary_size()
    seen = HideRareWords(features.counts, rarity=settings.rarity, name="hidden")(words)
    found = [keras.layers.Embedding(size, settings.embedding, name="embedding")(seen)]
    if features.vectors is not None:
        given = np.concatenate([np.zeros([2, features.vectors.shape[1]]), features.vectors])
        found.append(
            keras.layers.Embedding(
                *given.shape,
                embeddings_initializer=lambda shape, dtype=None: ops.convert_to_tensor(
                    given, dtype
                ),
                trainable=settings.tune_vectors,
                name="given_vectors",
            )(seen)
        )
    return found
