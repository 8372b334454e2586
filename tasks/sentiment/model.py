"""Read a text, make one vector of it, score the labels."""

from typing import Any

import keras
import numpy as np

from seqapps.layers.attention import SinusoidalPositions, attention_block
from seqapps.layers.pooling import AttentionPooling, LastPooling, MaxPooling, MeanPooling

RECURRENT = {
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
    "simple_rnn": keras.layers.SimpleRNN,
}


def build_model(settings: Any, features: Any) -> Any:
    if settings.representation == "embedding":
        inputs = keras.Input([None], dtype="int64", name="ids")  # [batch, time]
        summary = _pooled(settings, _states(settings, _embedded(settings, features, inputs)))
    else:
        inputs = keras.Input([features.terms.size], name="terms")  # [batch, terms]
        summary = _hidden(settings, inputs)
    summary = keras.layers.Dropout(settings.dropout)(summary)
    scores = keras.layers.Dense(len(features.labels), activation="softmax")(summary)
    model = keras.Model(inputs, scores)  # [batch, labels]
    model.compile(
        keras.optimizers.Adam(settings.learning_rate, global_clipnorm=settings.clip_norm),
        "sparse_categorical_crossentropy",
    )
    return model


def _hidden(settings: Any, terms: Any) -> Any:
    """`layers` hidden layers, [batch, terms] -> [batch, units]; none is a linear model."""
    for _ in range(settings.layers):
        terms = keras.layers.Dense(settings.units, activation="relu")(terms)
    return terms


def _embedded(settings: Any, features: Any, ids: Any) -> Any:
    """[batch, time] -> [batch, time, embedding]."""
    size = features.ids.vocabulary_size()
    if features.vectors is None:
        layer = keras.layers.Embedding(size, settings.embedding, mask_zero=True, name="embedding")
    else:
        width = features.vectors.shape[1]
        given = np.concatenate([np.zeros([2, width], "float32"), features.vectors])
        layer = keras.layers.Embedding(
            size,
            width,
            embeddings_initializer=lambda shape, dtype=None: keras.ops.convert_to_tensor(
                given, dtype
            ),
            mask_zero=True,
            trainable=settings.tune_vectors,
            name="embedding",
        )
    return keras.layers.Dropout(settings.dropout)(layer(ids))


def _states(settings: Any, vectors: Any) -> Any:
    """[batch, time, embedding] -> [batch, time, units], twice the units of two directions."""
    if settings.encoder == "attention":
        return _self_attention(settings, vectors)
    for number in range(settings.layers):
        reader = RECURRENT[settings.encoder](settings.units, return_sequences=True)
        if settings.bidirectional:
            reader = keras.layers.Bidirectional(reader)
        if number:
            vectors = keras.layers.Dropout(settings.dropout)(vectors)
        vectors = reader(vectors)
    return vectors


def _self_attention(settings: Any, vectors: Any) -> Any:
    states = keras.layers.Dense(settings.units, name="projection")(vectors)
    states = SinusoidalPositions(name="positions")(states)
    for number in range(settings.layers):
        states = attention_block(
            states, heads=settings.heads, dropout=settings.dropout / 2, name=f"block_{number + 1}"
        )
    return keras.layers.LayerNormalization(name="norm")(states)


def _pooled(settings: Any, states: Any) -> Any:
    """[batch, time, units] -> [batch, units]."""
    both = settings.bidirectional and settings.encoder != "attention" and settings.layers > 0
    pooling = {
        "last": lambda: LastPooling(both, name="pooling"),
        "mean": lambda: MeanPooling(name="pooling"),
        "max": lambda: MaxPooling(name="pooling"),
        "attention": lambda: AttentionPooling(settings.units, name="pooling"),
    }
    return pooling[settings.pooling]()(states)
