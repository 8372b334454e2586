"""Read the source, write the translation token by token while looking at the source."""

from typing import Any

import keras
from keras import ops

from seqapps.errors import UserError
from seqapps.layers.attention import SinusoidalPositions, attention_block
from seqapps.layers.attention_decoder import AttentionDecoder
from seqapps.layers.encoder import RecurrentEncoder
from seqapps.layers.recurrent_decoder import RecurrentDecoder
from seqapps.layers.scorer import scorer
from seqapps.training import backend
from seqapps.training.forcing import sampling_of
from seqapps.training.losses import smoothed_cross_entropy
from seqapps.training.optimizer import optimizer_of


def build_model(settings: Any, features: Any) -> Any:
    """Logits [batch, time, vocab] of source [batch, source] and the tokens before [batch, time].

    Raises UserError where translations could not be judged while it is trained.
    """
    if settings.coverage_penalty and backend.on_jax():  # logits alone, see `network.Closed`
        raise UserError(
            f"coverage_penalty = {settings.coverage_penalty:g} needs the attention of every step, "
            "which a model on JAX does not tell while it is trained. Take coverage_penalty = 0, or "
            "leave out --backend jax."
        )
    source = keras.Input([None], dtype="int32", name="source")
    before = keras.Input([None], dtype="int32", name="before")
    reading, writing = _embeddings(settings, features)
    drop = keras.layers.Dropout(settings.dropout)
    mask = ops.not_equal(source, 0)
    memory, states = _encoded(settings, drop(reading(source)), mask)
    memory = keras.layers.Dropout(settings.dropout, name="memory")(memory)
    decoder = _decoder(settings)
    scored = scorer(
        features.target_codec.size,
        settings.units,
        dropout=settings.dropout,
        tied=writing if settings.tied else None,
    )

    def logits_of(ids: Any) -> Any:
        hidden, _ = decoder(drop(writing(ids)), memory, mask, states)
        return scored(hidden)

    logits = logits_of(before)
    sampling = sampling_of(settings)
    if sampling is not None:
        logits = logits_of(sampling(before, ops.stop_gradient(logits)))
    model = keras.Model({"source": source, "before": before}, logits)
    model.compile(optimizer_of(settings), smoothed_cross_entropy(settings.label_smoothing))
    return model


def _embeddings(settings: Any, features: Any) -> tuple[Any, Any]:
    """What source tokens and target tokens are read as; one and the same where they share ids."""

    def layer(name: str, codec: Any) -> Any:
        # Of this size, tied scores begin near 0, so that all tokens are about as likely.
        small = keras.initializers.RandomNormal(stddev=settings.embedding**-0.5)
        return keras.layers.Embedding(
            codec.size, settings.embedding, embeddings_initializer=small, name=name
        )

    reading = layer("source_embedding", features.source_codec)
    if settings.shared_vocabulary:
        return reading, reading
    return reading, layer("target_embedding", features.target_codec)


def _encoded(settings: Any, vectors: Any, mask: Any) -> tuple[Any, list[Any]]:
    """(memory [batch, source, units], last states each [batch, units])."""
    if settings.encoder != "attention":
        encoder = RecurrentEncoder(
            settings.encoder,
            settings.units,
            layers=settings.layers,
            bidirectional=settings.bidirectional,
            dropout=settings.dropout,
            name="encoder",
        )
        memory, *states = encoder(vectors, mask)
        return memory, states
    values = keras.layers.Dense(settings.units, name="encoder_entry")(vectors)
    values = SinusoidalPositions(name="encoder_positions")(values)
    for number in range(1, settings.layers + 1):
        values = attention_block(
            values,
            heads=settings.heads,
            dropout=settings.dropout,
            mask=mask,
            name=f"encoder_{number}",
        )
    return keras.layers.LayerNormalization(name="encoder_norm")(values), []


def _decoder(settings: Any) -> Any:
    if settings.encoder == "attention":
        return AttentionDecoder(
            settings.units,
            layers=settings.layers,
            heads=settings.heads,
            dropout=settings.dropout,
            name="decoder",
        )
    return RecurrentDecoder(
        settings.encoder,
        settings.units,
        layers=settings.layers,
        attention=settings.attention,
        heads=settings.heads,
        window=settings.window,
        input_feeding=settings.input_feeding,
        dropout=settings.dropout,
        name="decoder",
    )
