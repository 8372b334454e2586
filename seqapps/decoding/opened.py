"""A trained encoder-decoder as it answers: whole targets scored, and one token after the other."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import keras
import tensorflow as tf

from seqapps.text.token_ids import PADDING


class Told(NamedTuple):
    """What a model says of given targets."""

    log_probabilities: Any  # of each target token, float [batch, time]; 0 of padding
    likeliest: Any  # what the model would have taken there, int [batch, time]
    weights: Any  # where each looked, float [batch, time, source]; None where nobody can tell


class Encoded(NamedTuple):
    """What an encoder made of a source."""

    memory: Any  # [batch, source, units]
    mask: Any  # bool [batch, source]
    states: list[Any]  # that the decoder starts from, each [batch, size]


class Network(Protocol):
    """What signatures need of a model. A source is whatever the model reads, [batch, ...]."""

    def told(self, source: Any, before: Any, targets: Any) -> Told:
        """Given the tokens before each place, [batch, time], and those at each, the same."""

    def start(self, source: Any) -> Any:
        """The state before the first token: a nest of [batch, 1, ...]."""

    def step(self, ids: Any, state: Any) -> tuple[Any, Any, Any]:
        """After one token more, int [batch, beams]: (logits [batch, beams, vocab], state, weights

        [batch, beams, source] or None).
        """


class Opened:
    """The layers of a model, called one by one. What beams share is kept from `start` on.

    `decoder` is a RecurrentDecoder or the like, `vectors` the embedding that it reads, `after`
    what makes logits of what it gives. The states of one that `grows` have a step more each time.
    """

    def __init__(self, decoder: Any, vectors: Any, after: list[Any], *, grows: bool) -> None:
        self._decoder, self._vectors, self._after = decoder, vectors, after
        self._grows = grows

    def encoded(self, source: Any) -> Encoded:
        """What the encoder makes of a source."""
        raise NotImplementedError

    def told(self, source: Any, before: Any, targets: Any) -> Told:
        """See `Network`."""
        memory, mask, states = self.encoded(source)
        hidden, weights = self._decoder(self._vectors(before), memory, mask, states)
        return told_of(self._logits(hidden), targets, weights)

    def start(self, source: Any) -> Any:
        """See `Network`."""
        memory, mask, states = self.encoded(source)
        self._looked = self._decoder.look(memory, mask)
        first = self._decoder.first(states, tf.shape(memory)[0])
        return _growing(first, memory) if self._grows else first

    def step(self, ids: Any, state: Any) -> tuple[Any, Any, Any]:
        """See `Network`."""
        vectors = tf.gather(self._vectors.embeddings, ids)
        hidden, state, weights = self._decoder.step(vectors, state, self._looked)
        return self._logits(hidden), state, weights

    def _logits(self, hidden: Any) -> Any:
        for layer in self._after:
            hidden = layer(hidden)
        return tf.cast(hidden, tf.float32)


def layers_of(model: Any, *names: str) -> list[Any]:
    """The layers of these names that the model has."""
    known = {layer.name for layer in model.layers}
    return [model.get_layer(name) for name in names if name in known]


def output_of(model: Any, layer: str, *, source: str) -> Any:
    """A model from one of the inputs to what a layer gives."""
    return keras.Model(model.input[source], model.get_layer(layer).output)


def told_of(logits: Any, targets: Any, weights: Any) -> Told:
    """What logits [batch, time, vocab] say of targets [batch, time]."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    likeliest = tf.argmax(logits, axis=-1, output_type=tf.int32)
    return Told(tf.where(targets == PADDING, 0.0, -losses), likeliest, weights)


def _growing(states: list[Any], memory: Any) -> list[Any]:
    """The same with a time axis, [batch, 1, time, size], of a size that nobody knows beforehand:

    what is of 0 steps may only then be of more in a loop.
    """
    none = tf.shape(memory)[1] * 0
    return [tf.pad(state, [[0, 0], [0, 0], [0, 1], [0, 0]])[:, :, :none] for state in states]
