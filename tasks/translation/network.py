"""A trained model as it answers: whole translations scored, and one token after the other."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import keras
import tensorflow as tf

from seqapps.text.token_ids import PADDING


class Told(NamedTuple):
    """What a model says of given translations."""

    log_probabilities: Any  # of each target token, float [batch, time]; 0 of padding
    likeliest: Any  # what the model would have taken there, int [batch, time]
    weights: Any  # where each looked, float [batch, time, source]; None where nobody can tell


class Network(Protocol):
    """What the signatures need of a model. Sources are ids [batch, source], right padded."""

    def told(self, source: Any, before: Any, targets: Any) -> Told:
        """Given the tokens before each place, [batch, time], and those at each, the same."""

    def start(self, source: Any) -> Any:
        """The state before the first token: a nest of [batch, 1, ...]."""

    def step(self, ids: Any, state: Any) -> tuple[Any, Any, Any]:
        """After one token more, int [batch, beams]: (logits [batch, beams, vocab], state, weights

        [batch, beams, source] or None).
        """


def network_of(model: Any, settings: Any) -> Network:
    """The model, opened; one that is not a Keras model of this backend is asked as a whole."""
    return Open(model, settings) if isinstance(model, keras.Model) else Closed(model)


class Open:
    """The layers, called one by one. What beams share is kept from `start` on."""

    def __init__(self, model: Any, settings: Any) -> None:
        self._model, self._settings = model, settings
        self._decoder = model.get_layer("decoder")
        names = {layer.name for layer in model.layers}
        self._after = [model.get_layer(name) for name in ("projection", "logits") if name in names]
        own = "source_embedding" if settings.shared_vocabulary else "target_embedding"
        self._vectors = model.get_layer(own)

    def told(self, source: Any, before: Any, targets: Any) -> Told:
        memory, mask, states = self._encoded(source)
        hidden, weights = self._decoder(self._vectors(before), memory, mask, states)
        return _told(self._logits(hidden), targets, weights)

    def start(self, source: Any) -> Any:
        memory, mask, states = self._encoded(source)
        self._looked = self._decoder.look(memory, mask)
        first = self._decoder.first(states, tf.shape(source)[0])
        return first if self._settings.encoder != "attention" else _growing(first, source)

    def step(self, ids: Any, state: Any) -> tuple[Any, Any, Any]:
        vectors = tf.gather(self._vectors.embeddings, ids)
        hidden, state, weights = self._decoder.step(vectors, state, self._looked)
        return self._logits(hidden), state, weights

    def _encoded(self, source: Any) -> tuple[Any, Any, list[Any]]:
        """(memory [batch, source, units], mask [batch, source], last states [batch, units])."""
        encoder = keras.Model(self._model.input["source"], self._model.get_layer("memory").output)
        states: list[Any] = []
        if self._settings.encoder != "attention":
            _, *last = self._model.get_layer("encoder").output
            encoder = keras.Model(encoder.input, [encoder.output, *last])
            memory, *states = encoder(source)
        else:
            memory = encoder(source)
        return memory, source != PADDING, states

    def _logits(self, hidden: Any) -> Any:
        for layer in self._after:
            hidden = layer(hidden)
        return tf.cast(hidden, tf.float32)


class Closed:
    """A model on another backend, which takes a source and a whole translation."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def told(self, source: Any, before: Any, targets: Any) -> Told:
        logits = self._model({"source": source, "before": before})
        return _told(logits, targets, None)

    def start(self, source: Any) -> Any:
        self._source = source
        return tf.zeros([tf.shape(source)[0], 1, 0], tf.int32)

    def step(self, ids: Any, state: Any) -> tuple[Any, Any, Any]:
        written = tf.concat([state, ids[:, :, None]], axis=2)  # [batch, beams, time]
        rows, beams, time = tf.unstack(tf.shape(written))
        source = tf.repeat(self._source, beams, axis=0)
        logits = self._model({
            "source": source, "before": tf.reshape(written, [rows * beams, time]),
        })  # fmt: skip
        return tf.reshape(logits[:, -1], [rows, beams, logits.shape[-1]]), written, None


def _growing(states: list[Any], source: Any) -> list[Any]:
    """The same with a time axis, [batch, 1, time, size], of a size that nobody knows beforehand:

    what is of 0 steps may only then be of more in a loop.
    """
    none = tf.shape(source)[1] * 0
    return [tf.pad(state, [[0, 0], [0, 0], [0, 1], [0, 0]])[:, :, :none] for state in states]


def _told(logits: Any, targets: Any, weights: Any) -> Told:
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    likeliest = tf.argmax(logits, axis=-1, output_type=tf.int32)
    return Told(tf.where(targets == PADDING, 0.0, -losses), likeliest, weights)
