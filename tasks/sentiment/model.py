"""Read a text, make one vector of it, score the labels."""

from typing import Any

import keras
import numpy as np

from seqapps.layers.attention import SinusoidalPositions, attention_block
from seqapps.layers.bag import BagDense, ScaledBagDense
from seqapps.layers.pool import LogPool
from seqapps.layers.pooling import AttentionPooling, LastPooling, MaxPooling, MeanPooling
from seqapps.layers.recurrent import GRU, LSTM
from seqapps.training.optimizer import optimizer_of

LOSS = "sparse_categorical_crossentropy"
RECURRENT = {"lstm": LSTM, "gru": GRU, "simple_rnn": keras.layers.SimpleRNN}


def build_model(settings: Any, features: Any) -> Any:
    """Scores [batch, labels]; of an ensemble a list: the pool's scores, then each member's.

    The members of an ensemble are trained side by side, each by a loss of its own. The parts of a
    wide and deep network (Cheng et al. 2016) are trained together: their logits are summed.
    """
    members = {name: _member(name, member, features) for name, member in settings.members().items()}
    inputs = [one for taken, _ in members.values() for one in taken]
    logits = [given for _, given in members.values()]
    if len(logits) > 1 and not settings.ensemble:
        logits = [keras.layers.Add()(logits)]
    rows = [keras.layers.Reshape([1, len(features.labels)])(given) for given in logits]
    stacked = keras.layers.Concatenate(axis=1)(rows) if len(rows) > 1 else rows[0]
    # Scores are told in float32 where layers compute in 16 bits: small ones would be 0 there.
    scores = LogPool(name="scores", dtype="float32")(stacked)  # from [batch, members, labels]
    if settings.ensemble:
        each = [_scores(name, logits) for name, (_, logits) in members.items()]
        model, losses = keras.Model(inputs, [scores, *each]), [None, *[LOSS] * len(each)]
    else:
        model, losses = keras.Model(inputs if len(inputs) > 1 else inputs[0], scores), LOSS
    model.compile(optimizer_of(settings), losses)
    return model


def _scores(name: str, logits: Any) -> Any:
    return keras.layers.Softmax(name=f"{name}_scores", dtype="float32")(logits)


def _member(name: str, settings: Any, features: Any) -> tuple[list[Any], Any]:
    """(what it takes, logits [batch, labels])."""
    reader, labels = features.readers[name], len(features.labels)
    ids = keras.Input([None], dtype="int64", name=f"{name}_{reader.takes[0]}")  # [batch, time]
    if settings.representation == "embedding":
        summary = _pooled(settings, _states(settings, _embedded(settings, reader, ids)))
        summary = keras.layers.Dropout(settings.dropout)(summary)
        return [ids], keras.layers.Dense(labels, name=f"{name}_logits")(summary)
    values = keras.Input([None], name=f"{name}_{reader.takes[1]}")  # [batch, n-grams]
    bag = (ids, keras.layers.Rescaling(_scale(settings))(values))
    return [ids, values], _of_ngrams(settings, reader, labels, bag, name=f"{name}_logits")


def _of_ngrams(settings: Any, reader: Any, labels: int, bag: Any, *, name: str) -> Any:
    """Logits [batch, labels]: linear, or with `layers` hidden layers before them."""
    if reader.log_ratios is not None:
        trained = settings.naive_bayes == "scale"
        return ScaledBagDense(reader.log_ratios, factors=trained, name=name)(bag)
    if not settings.layers:
        return BagDense(reader.terms.size, labels, name=name)(bag)
    hidden = BagDense(reader.terms.size, settings.units, activation="relu")(bag)
    for _ in range(settings.layers - 1):
        hidden = keras.layers.Dropout(settings.dropout)(hidden)
        hidden = keras.layers.Dense(settings.units, activation="relu")(hidden)
    hidden = keras.layers.Dropout(settings.dropout)(hidden)
    return keras.layers.Dense(labels, name=name)(hidden)


def _scale(settings: Any) -> float:
    """What n-gram values are multiplied by: 1 but for TF-IDF.

    A text's TF-IDF vector has length 1, spread over some tens of n-grams, and logits need weights
    of a size that Adam's steps of 0.002 reach late. Naive Bayes, whose weights are given, becomes
    as sure as left-out films allow with 1.3 to 1.8.
    """
    if settings.representation != "tfidf":
        return 1.0
    return 1.5 if settings.naive_bayes == "weights" else 5.0


def _embedded(settings: Any, reader: Any, ids: Any) -> Any:
    """[batch, time] -> [batch, time, embedding]."""
    size = reader.ids.vocabulary_size()
    if reader.vectors is None:
        layer = keras.layers.Embedding(size, settings.embedding, mask_zero=True, name="embedding")
    else:
        width = reader.vectors.shape[1]
        given = np.concatenate([np.zeros([2, width], "float32"), reader.vectors])
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
