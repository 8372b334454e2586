"""A trained model as it answers: whole translations scored, and one token after the other."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from seqapps.decoding.opened import Encoded, Network, Opened, Told, layers_of, told_of
from seqapps.layers.scorer import LAYERS
from seqapps.text.token_ids import PADDING


def network_of(model: Any, settings: Any) -> Network:
    """The model, opened; one that is not a Keras model of this backend is asked as a whole.

    Sources are ids [batch, source], right padded.
    """
    return Open(model, settings) if isinstance(model, keras.Model) else Closed(model)


class Open(Opened):
    """The layers, called one by one."""

    def __init__(self, model: Any, settings: Any) -> None:
        self._model = model
        self._recurrent = settings.encoder != "attention"
        (vectors,) = layers_of(
            model, "source_embedding" if settings.shared_vocabulary else "target_embedding"
        )
        after = layers_of(model, *LAYERS)
        super().__init__(model.get_layer("decoder"), vectors, after, grows=not self._recurrent)

    def encoded(self, source: Any) -> Encoded:
        """Memory and last states of ids [batch, source]."""
        outputs = [self._model.get_layer("memory").output]
        if self._recurrent:
            _, *last = self._model.get_layer("encoder").output
            outputs += last
        encoder = keras.Model(self._model.input["source"], outputs)
        memory, *states = tf.nest.flatten(encoder(source))
        return Encoded(memory, source != PADDING, states)


class Closed:
    """A model on another backend, which takes a source and a whole translation."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def told(self, source: Any, before: Any, targets: Any) -> Told:
        """See `Network`."""
        return told_of(self._model({"source": source, "before": before}), targets, None)

    def start(self, source: Any) -> Any:
        """What is written so far."""
        self._source = source
        return tf.zeros([tf.shape(source)[0], 1, 0], tf.int32)

    def step(self, ids: Any, state: Any) -> tuple[Any, Any, Any]:
        """The whole model, asked again."""
        written = tf.concat([state, ids[:, :, None]], axis=2)  # [batch, beams, time]
        rows, beams, time = tf.unstack(tf.shape(written))
        source = tf.repeat(self._source, beams, axis=0)
        logits = self._model({
            "source": source, "before": tf.reshape(written, [rows * beams, time]),
        })  # fmt: skip
        return tf.reshape(logits[:, -1], [rows, beams, logits.shape[-1]]), written, None
