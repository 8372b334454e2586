"""Read a picture, write what is in it word by word while looking at its parts."""

import math
from typing import Any

import keras
from keras import ops

from seqapps.images.encoders import FINER, SMALL, pretrained, small
from seqapps.layers.coverage_penalty import CoveragePenalty
from seqapps.layers.recurrent_decoder import RecurrentDecoder
from seqapps.layers.scorer import scorer
from seqapps.layers.soft_attention_decoder import SoftAttentionDecoder
from seqapps.layers.word_noise import WordNoise
from seqapps.training.forcing import sampling_of
from seqapps.training.losses import smoothed_cross_entropy
from seqapps.training.optimizer import optimizer_of

from .frozen import is_frozen


def build_model(settings: Any, features: Any) -> Any:
    """Logits [batch, time, captions, vocab] of a picture and the tokens before [batch, time,
    captions] of several captions.

    The picture is uint8 [batch, size, size, 3], or with a frozen encoder its features [batch, n].
    """
    image = keras.Input(features.image_shape, dtype=features.image_dtype, name="image")
    before = keras.Input([None, None], dtype="int32", name="before")
    memory = _memory(settings, features, image)
    ids = ops.transpose(before, [0, 2, 1])  # [batch, captions, time]
    embedding = _embedding(settings, features)
    drop = keras.layers.Dropout(settings.dropout)
    decoder = _decoder(settings)
    scored = scorer(
        features.codec.size,
        settings.units,
        dropout=settings.dropout,
        tied=embedding if settings.tied else None,
    )
    mask, states = ops.ones_like(memory[:, :, 0], dtype="bool"), states_of(settings, memory)

    def logits_of(ids: Any) -> Any:
        hidden, weights = decoder(drop(embedding(ids)), memory, mask, states)
        if settings.coverage:
            penalty = CoveragePenalty(settings.coverage)
            hidden = penalty(hidden, weights, ops.not_equal(ids, 0))
        return scored(hidden)

    if settings.word_noise:
        ids = WordNoise(settings.word_noise, name="word_noise")(ids)
    logits = logits_of(ids)
    sampling = sampling_of(settings)
    if sampling is not None:
        logits = logits_of(sampling(ids, ops.stop_gradient(logits)))
    logits = ops.transpose(logits, [0, 2, 1, 3])  # [batch, time, captions, vocab]
    model = keras.Model({"image": image, "before": before}, logits)
    model.compile(optimizer_of(settings), smoothed_cross_entropy(settings.label_smoothing))
    return model


def states_of(settings: Any, memory: Any) -> list[Any]:
    """What the decoder's first states are made of, for each of them.

    The overview, or the mean of all cells (Xu et al. 2015, section 3.1.2).
    """
    whole = memory[:, 0] if settings.image_map == FINER else ops.mean(memory, axis=1)
    layers = settings.layers + (settings.looks == "between")
    parts = layers * (2 if settings.decoder == "lstm" else 1)
    return [whole] * parts


def _memory(settings: Any, features: Any, image: Any) -> Any:
    """Cells of the picture with their places, the overview before them where there is one.

    [batch, cells, units], or [batch, 1 + cells, units].
    """
    cells, overview = features.parts(image) if is_frozen(settings) else _read(settings, image)
    cells = Places(name="places")(keras.layers.Dense(settings.units, name="cells")(cells))
    if overview is None:
        return keras.layers.Dropout(settings.dropout, name="memory")(cells)
    whole = keras.layers.Dense(settings.units, name="overview")(overview)
    whole = keras.layers.Dropout(settings.overview_dropout, noise_shape=(None, 1))(whole)
    memory = ops.concatenate([whole[:, None], cells], axis=1)
    return keras.layers.Dropout(settings.dropout, name="memory")(memory)


def _read(settings: Any, pixels: Any) -> tuple[Any, Any]:
    """(cells [batch, cells, channels], overview [batch, channels'] or None)"""
    pixels = ops.cast(pixels, "float32")
    found = _encoder(settings)(_augmented(pixels) if settings.augment else pixels)
    cells, overview = found if isinstance(found, list) else (found, None)
    return keras.layers.Reshape([-1, cells.shape[-1]])(cells), overview


def _encoder(settings: Any) -> Any:
    if settings.image_encoder == SMALL:
        return small(settings.image_size)
    finer = settings.image_map == FINER
    return pretrained(settings.image_encoder, settings.image_size, finer=finer)


def _augmented(pixels: Any) -> Any:
    """Moved, larger or smaller, lighter or darker; never mirrored, as captions name sides."""
    for layer in (
        keras.layers.RandomTranslation(0.08, 0.08),
        keras.layers.RandomZoom(0.1),
        keras.layers.RandomBrightness(0.15, value_range=(0, 255)),
        keras.layers.RandomContrast(0.15, value_range=(0, 255)),
    ):
        pixels = layer(pixels)
    return pixels


def _embedding(settings: Any, features: Any) -> Any:
    # Of this size, tied scores begin near 0, so that all tokens are about as likely.
    near = keras.initializers.RandomNormal(stddev=settings.embedding**-0.5)
    return keras.layers.Embedding(
        features.codec.size, settings.embedding, embeddings_initializer=near, name="embedding"
    )


def _decoder(settings: Any) -> Any:
    if settings.looks == "before":
        return SoftAttentionDecoder(
            settings.decoder, settings.units, overview=settings.image_map == FINER, name="decoder"
        )
    return RecurrentDecoder(
        settings.decoder,
        settings.units,
        layers=settings.layers,
        attention=settings.attention,
        heads=settings.heads,
        reads_on=settings.looks == "between",
        overview=settings.image_map == FINER,
        dropout=settings.dropout,
        name="decoder",
    )


@keras.saving.register_keras_serializable(package="seqapps")
class Places(keras.layers.Layer):
    """Adds to each cell of a square where it is: [batch, cells, units], the same.

    That is a vector of its own, and its two coordinates times weights (Liu et al. 2018, CoordConv),
    by which what lies left of what is told alike in all parts of a picture.
    """

    def build(self, shape: Any) -> None:
        _, cells, units = shape
        self.vectors = self.add_weight(
            shape=(cells, units), initializer=keras.initializers.RandomNormal(stddev=0.1),
            name="vectors",
        )  # fmt: skip
        self.kernel = self.add_weight(shape=(2, units), name="kernel")
        steps = ops.linspace(-1.0, 1.0, math.isqrt(cells))
        across, down = ops.meshgrid(steps, steps)
        self.coordinates = ops.reshape(ops.stack([across, down], axis=-1), [cells, 2])

    def call(self, cells: Any) -> Any:
        where = ops.matmul(ops.cast(self.coordinates, self.compute_dtype), self.kernel)
        return cells + self.vectors + where
