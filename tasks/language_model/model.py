"""Read tokens, score the next one."""

from typing import Any

import keras
from keras import ops

from seqapps.layers.activation_penalty import ActivationPenalty
from seqapps.layers.attention import SinusoidalPositions, attention_block
from seqapps.layers.carried import Carried
from seqapps.layers.recurrent import GRU, LSTM
from seqapps.layers.sampled_logits import SampledLogits
from seqapps.layers.tied_logits import TiedLogits
from seqapps.training.losses import sampled_cross_entropy, token_cross_entropy
from seqapps.training.optimizer import optimizer_of

RECURRENT = {"lstm": LSTM, "gru": GRU}
WITHOUT_STYLE = 0.1  # of the rows in training: what is written where no style is given


def build_model(settings: Any, features: Any) -> Any:
    """Logits [batch, time, vocab] of ids [batch, time], keep [batch, 1] and style [batch]."""
    inputs = {
        "ids": keras.Input([None], dtype="int32", name="ids"),
        "keep": keras.Input([1], name="keep"),
    }
    embedding = keras.layers.Embedding(
        features.codec.size,
        settings.embedding,
        embeddings_initializer=keras.initializers.RandomUniform(-0.1, 0.1),
        name="embedding",
    )
    vectors = embedding(inputs["ids"])
    if settings.condition:
        inputs["style"] = keras.Input([], dtype="int32", name="style")
        vectors = _styled(settings, len(features.styles), vectors, inputs["style"])
    vectors = keras.layers.Dropout(settings.input_dropout)(vectors)
    if settings.encoder == "attention":
        states = _self_attention(settings, vectors)
    else:
        states = _recurrent(settings, vectors, inputs["keep"])
    if settings.tied and states.shape[-1] != settings.embedding:
        states = keras.layers.Dense(settings.embedding, name="projection")(states)
    vectors = embedding if settings.tied else None
    options: dict[str, Any] = {"name": "logits", "dtype": "float32"}
    if settings.sampled:
        inputs["targets"] = keras.Input([None], dtype="int32", name="targets")
        options |= {"order": features.order, "embedding": vectors}
        layer = SampledLogits(features.codec.size, settings.sampled, **options)
        logits, loss = layer(states, inputs["targets"]), sampled_cross_entropy
    else:
        layer = (
            TiedLogits(vectors, **options)
            if vectors
            else keras.layers.Dense(features.codec.size, **options)
        )
        logits, loss = layer(states), token_cross_entropy
    model = keras.Model(inputs, logits)
    model.compile(optimizer_of(settings), loss)
    return model


def _styled(settings: Any, styles: int, vectors: Any, style: Any) -> Any:
    """Adds what stands for the style to every token; 0 is none, which is nothing added."""
    own = keras.layers.Embedding(1 + styles, settings.embedding, name="style_vectors")(style)
    own = HidesNone(name="style_shift")(own, style)
    own = keras.layers.Dropout(WITHOUT_STYLE, noise_shape=(None, 1))(own)
    return keras.layers.Add()([vectors, keras.layers.Reshape([1, settings.embedding])(own)])


def _recurrent(settings: Any, vectors: Any, keep: Any) -> Any:
    states = vectors
    for number in range(1, settings.layers + 1):
        reader = RECURRENT[settings.encoder](
            settings.units,
            return_sequences=True,
            return_state=True,
            weight_dropout=settings.weight_dropout,
            name=f"{settings.encoder}_{number}",
        )
        raw = Carried(reader, settings.batch_size, name=f"reader_{number}")(states, keep)
        states = keras.layers.Dropout(settings.dropout)(raw)
    if settings.activation_penalty or settings.change_penalty:
        penalty = ActivationPenalty(settings.activation_penalty, settings.change_penalty)
        states = penalty(raw, states)
    return states


def _self_attention(settings: Any, vectors: Any) -> Any:
    states = keras.layers.Dense(settings.units, name="entry")(vectors)
    states = SinusoidalPositions(name="positions")(states)
    for number in range(1, settings.layers + 1):
        states = attention_block(
            states,
            heads=settings.heads,
            dropout=settings.dropout,
            causal=True,
            name=f"block_{number}",
        )
    return keras.layers.LayerNormalization(name="norm")(states)


@keras.saving.register_keras_serializable(package="seqapps")
class HidesNone(keras.layers.Layer):
    """Zeros for style 0: [batch, size], [batch] -> [batch, size]."""

    def call(self, vectors: Any, style: Any) -> Any:
        return vectors * ops.cast(style[:, None] > 0, vectors.dtype)
