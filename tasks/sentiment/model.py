"""Embed, read in both directions, keep what matters."""

from typing import Any

import keras

from seqapps.layers.pooling import AttentionPooling, MaxPooling


def build_model(settings: Any, features: Any) -> Any:
    ids = keras.Input([None], dtype="int64", name="ids")  # [batch, time]
    size = features.word_ids.vocabulary_size()
    vectors = keras.layers.Embedding(size, settings.embedding, mask_zero=True)(ids)
    vectors = keras.layers.Dropout(settings.dropout)(vectors)  # [batch, time, embedding]
    reader = keras.layers.LSTM(settings.units, return_sequences=True)
    states = keras.layers.Bidirectional(reader)(vectors)  # [batch, time, 2 * units]
    if settings.pooling == "attention":
        summary, _ = AttentionPooling(settings.units, name="pooling")(states)
    else:
        summary = MaxPooling(name="pooling")(states)  # [batch, 2 * units]
    summary = keras.layers.Dropout(settings.dropout)(summary)
    scores = keras.layers.Dense(len(features.labels), activation="softmax")(summary)
    model = keras.Model(ids, scores)  # [batch, labels]
    model.compile(
        keras.optimizers.Adam(settings.learning_rate, global_clipnorm=settings.clip_norm),
        "sparse_categorical_crossentropy",
    )
    return model
