"""A trained model as it answers: whole captions scored, and one token after the other."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from seqapps.decoding.opened import Encoded, Opened, Told, layers_of, output_of, told_of
from seqapps.layers.scorer import LAYERS

from .model import states_of


def network_of(model: Any, settings: Any) -> Open | Closed:
    """The model, opened; one that is not a Keras model of this backend is asked as a whole.

    A `Network` whose sources are pictures, or their features, as the model takes them, or what
    `seen` made of these for several uses.
    """
    return Open(model, settings) if isinstance(model, keras.Model) else Closed(model)


class Open(Opened):
    """The layers, called one by one."""

    def __init__(self, model: Any, settings: Any) -> None:
        self._memory, self._settings = output_of(model, "memory", source="image"), settings
        after = layers_of(model, *LAYERS)
        super().__init__(
            model.get_layer("decoder"), model.get_layer("embedding"), after, grows=False
        )

    def seen(self, source: Any) -> Encoded:
        """What the encoder makes of pictures."""
        return self.encoded(source)

    def encoded(self, source: Any) -> Encoded:
        """The cells of pictures."""
        if isinstance(source, Encoded):
            return source
        memory = self._memory(source)
        mask = tf.ones(tf.shape(memory)[:2], tf.bool)
        return Encoded(memory, mask, states_of(self._settings, memory))


class Closed:
    """A model on another backend, which takes a picture and whole captions of it."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def seen(self, source: Any) -> Any:
        """The pictures: the whole model reads them each time."""
        return source

    def told(self, source: Any, before: Any, targets: Any) -> Told:
        """See `Network`."""
        logits = self._model({"image": source, "before": before[:, :, None]})
        return told_of(logits[:, :, 0], targets, None)

    def start(self, source: Any) -> Any:
        """What is written so far."""
        self._source = source
        return tf.zeros([tf.shape(source)[0], 1, 0], tf.int32)

    def step(self, ids: Any, state: Any) -> tuple[Any, Any, Any]:
        """The whole model, asked again."""
        written = tf.concat([state, ids[:, :, None]], axis=2)  # [batch, beams, time]
        before = tf.transpose(written, [0, 2, 1])
        logits = self._model({"image": self._source, "before": before})
        return logits[:, -1], written, None
