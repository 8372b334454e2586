"""A trained model as it answers: scores of a whole text, and the next token again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import keras
import tensorflow as tf

from seqapps.text.token_ids import PADDING

WIDEST = 512  # steps of a window, most
HELD = 16_000_000  # numbers of a window that are held at a time


class Network(Protocol):
    """What the signatures need of a model.

    `style` is int [batch], None where there is none. A state is any nest of tensors [batch, ...].
    """

    def log_probabilities(self, ids: Any, targets: Any, style: Any) -> Any:
        """Of each target given the ids up to its place: int [batch, time] -> float [batch, time].

        Padding has 0. Only some steps at a time are held in scores of all tokens.
        """

    def start(self, ids: Any, style: Any) -> tuple[Any, Any]:
        """(logits [batch, vocab] of the next token, state) after ids [batch, time], right padded.

        Every row has at least one token. Only some steps at a time are held.
        """

    def step(self, ids: Any, state: Any) -> tuple[Any, Any]:
        """The same after one token more: int [batch], state."""


def network_of(model: Any, settings: Any) -> Network:
    """The model, opened; one that is not a Keras model of this backend only scores."""
    if not isinstance(model, keras.Model):
        return Closed(model)
    return (
        Windows(model, settings) if settings.encoder == "attention" else Recurrent(model, settings)
    )


class Guided:
    """What a style changes in the next token, made larger.

    Of logits with the style and without, z and z0, it gives z0 + guidance * (z - z0), which is
    classifier-free guidance (Ho and Salimans 2022; of language models Sanchez et al. 2023). Where
    no style is given both are the same, and nothing changes. A step costs two.
    """

    def __init__(self, network: Network, guidance: float) -> None:
        self._network, self._guidance = network, guidance

    def start(self, ids: Any, style: Any) -> tuple[Any, Any]:
        """As of the network."""
        styled = self._network.start(ids, style)
        return self._joined(styled, self._network.start(ids, tf.zeros_like(style)))

    def step(self, ids: Any, state: Any) -> tuple[Any, Any]:
        """As of the network."""
        styled, plain = state
        return self._joined(self._network.step(ids, styled), self._network.step(ids, plain))

    def _joined(self, styled: tuple[Any, Any], plain: tuple[Any, Any]) -> tuple[Any, Any]:
        (with_style, state), (without, other) = styled, plain
        return without + self._guidance * (with_style - without), (state, other)


class Recurrent:
    """Layers that carry states, each [batch, units]: a step costs the same at any place."""

    def __init__(self, model: Any, settings: Any) -> None:
        self._model = model
        self._held = 4 * settings.units  # numbers of a step: the gates of an LSTM
        self._readers = [
            model.get_layer(f"reader_{number}") for number in range(1, settings.layers + 1)
        ]
        self._after = [
            model.get_layer(name)
            for name in (["projection"] if settings.tied and settings.units != settings.embedding
                         else [])
        ]  # fmt: skip

    def log_probabilities(self, ids: Any, targets: Any, style: Any) -> Any:
        shift = self._shift(style)

        def window(ids: Any, states: Any) -> tuple[Any, Any]:
            hidden, states = self._read(ids, shift, states, mask=None)
            return self._logits(hidden), states

        return _by_windows(ids, targets, self._first(tf.shape(ids)[0]), window)

    def start(self, ids: Any, style: Any) -> tuple[Any, Any]:
        """The last states are those after each row's last token, as padding changes none."""
        shift, rows = self._shift(style), tf.shape(ids)[0]
        width = tf.minimum(_width(rows, self._held), tf.maximum(tf.shape(ids)[1], 1))
        ids, windows = _filled(ids, width)

        def body(number: Any, states: Any) -> tuple[Any, Any]:
            seen = ids[:, number * width : (number + 1) * width]
            _, after = self._read(seen, shift, states, mask=seen != PADDING)
            return number + 1, _shaped_as(states, after)

        _, states = tf.while_loop(lambda number, _: number < windows, body, (0, self._first(rows)))
        hidden = states[-1][0]  # [batch, units]
        return self._logits(hidden), (shift, states)

    def step(self, ids: Any, state: Any) -> tuple[Any, Any]:
        shift, states = state
        values = tf.gather(self._model.get_layer("embedding").embeddings, ids)
        values = tf.add_n([values, *shift])
        after = []
        for reader, before in zip(self._readers, states, strict=True):
            values, found = reader.step(values, before)
            after.append(found)
        return self._logits(values), (shift, after)

    def _first(self, rows: Any) -> list[Any]:
        return [reader.first(rows) for reader in self._readers]

    def _read(self, ids: Any, shift: Any, states: Any, *, mask: Any) -> tuple[Any, list[Any]]:
        values = self._model.get_layer("embedding")(ids)  # [batch, time, embedding]
        values = values + shift[0][:, None] if shift else values
        after = []
        for reader, before in zip(self._readers, states, strict=True):
            values, found = reader.read(values, before, mask=mask)
            after.append(found)
        return values, after

    def _shift(self, style: Any) -> list[Any]:
        """What the style adds to every token, [batch, embedding], if there is one."""
        if style is None:
            return []
        vectors = self._model.get_layer("style_vectors")(style)
        return [self._model.get_layer("style_shift")(vectors, style)]

    def _logits(self, hidden: Any) -> Any:
        for layer in self._after:
            hidden = layer(hidden)
        return self._model.get_layer("logits")(hidden)


class Windows:
    """Self-attention, which sees `steps` tokens: a state is what it sees, left aligned."""

    def __init__(self, model: Any, settings: Any) -> None:
        self._model, self._steps = model, settings.steps
        self._stride = max(1, settings.steps // 2)

    def log_probabilities(self, ids: Any, targets: Any, style: Any) -> Any:
        """Every token but the first ones sees at least half of the steps before it."""
        time = tf.shape(ids)[1]
        windows = tf.maximum(1, -(-time // self._stride))
        found = tf.TensorArray(tf.float32, windows, element_shape=[None, self._stride])
        more = windows * self._stride - time
        ids, targets = (tf.pad(value, [[0, 0], [0, more]]) for value in (ids, targets))

        def body(number: Any, found: Any) -> tuple[Any, Any]:
            end = (number + 1) * self._stride
            seen = ids[:, tf.maximum(0, end - self._steps // self._stride * self._stride) : end]
            logits = self._call(seen, style)[:, -self._stride :]
            return number + 1, found.write(
                number, gathered(logits, targets[:, end - self._stride : end])
            )

        _, found = tf.while_loop(lambda number, _: number < windows, body, (0, found))
        return _joined(found, tf.shape(ids)[0], self._stride)[:, :time]

    def start(self, ids: Any, style: Any) -> tuple[Any, Any]:
        counts = tf.math.count_nonzero(ids, axis=1, dtype=tf.int32)
        skipped = tf.maximum(0, counts - self._steps)  # of each row
        places = skipped[:, None] + tf.range(self._steps)
        inside = places < counts[:, None]
        last = tf.shape(ids)[1] - 1
        seen = tf.where(inside, tf.gather(ids, tf.minimum(places, last), batch_dims=1), PADDING)
        state = (seen, tf.minimum(counts, self._steps), *([] if style is None else [style]))
        return self._last(state), state

    def step(self, ids: Any, state: Any) -> tuple[Any, Any]:
        seen, counts, *style = state
        full = (counts == self._steps)[:, None]
        shifted = tf.concat([seen[:, 1:], tf.zeros_like(seen[:, :1])], axis=1)
        seen = tf.where(full, shifted, seen)
        place = tf.minimum(counts, self._steps - 1)
        seen = tf.where(tf.range(self._steps) == place[:, None], ids[:, None], seen)
        state = (seen, tf.minimum(counts + 1, self._steps), *style)
        return self._last(state), state

    def _last(self, state: Any) -> Any:
        seen, counts, *style = state
        logits = self._call(seen, style[0] if style else None)
        return tf.gather(logits, counts - 1, batch_dims=1)

    def _call(self, ids: Any, style: Any) -> Any:
        return self._model(_inputs(self._model, ids, style))


class Closed:
    """A model on another backend, which takes whole texts and tells their logits."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def log_probabilities(self, ids: Any, targets: Any, style: Any) -> Any:
        return gathered(self._model(_inputs(self._model, ids, style)), targets)

    def start(self, ids: Any, style: Any) -> tuple[Any, Any]:
        raise NotImplementedError("texts are written by the export")

    def step(self, ids: Any, state: Any) -> tuple[Any, Any]:
        raise NotImplementedError("texts are written by the export")


def gathered(logits: Any, targets: Any) -> Any:
    """Log probability of the targets, 0 of padding: float [batch, time]."""
    each = -tf.nn.sparse_softmax_cross_entropy_with_logits(targets, tf.cast(logits, tf.float32))
    return tf.where(targets == PADDING, 0.0, each)


def _inputs(model: Any, ids: Any, style: Any) -> dict[str, Any]:
    found = {"ids": ids, "keep": tf.zeros([tf.shape(ids)[0], 1]), "style": style, "targets": ids}
    return {name: found[name] for name in model.input}


def _by_windows(
    ids: Any, targets: Any, states: Any, window: Callable[[Any, Any], tuple[Any, Any]]
) -> Any:
    """Log probabilities [batch, time], computed window after window with the states carried on."""
    rows, time = tf.shape(ids)[0], tf.shape(ids)[1]
    vocabulary = window(ids[:, :1], states)[0].shape[-1]
    width = _width(rows, vocabulary)
    (ids, windows), (targets, _) = _filled(ids, width), _filled(targets, width)
    found = tf.TensorArray(tf.float32, windows, element_shape=[None, None])

    def body(number: Any, states: Any, found: Any) -> tuple[Any, Any, Any]:
        here = slice(number * width, (number + 1) * width)
        logits, after = window(ids[:, here], states)
        found = found.write(number, gathered(logits, targets[:, here]))
        return number + 1, _shaped_as(states, after), found

    _, _, found = tf.while_loop(lambda number, *_: number < windows, body, (0, states, found))
    return _joined(found, rows, width)[:, :time]


def _width(rows: Any, size: int) -> Any:
    """Steps of a window, of each of which `size` numbers are held for every row."""
    return tf.clip_by_value(HELD // (tf.maximum(rows, 1) * size), 8, WIDEST)


def _filled(ids: Any, width: Any) -> tuple[Any, Any]:
    """([batch, windows * width] with padding on the right, the number of windows, at least one)."""
    time = tf.shape(ids)[1]
    windows = tf.maximum(1, -(-time // width))
    return tf.pad(ids, [[0, 0], [0, windows * width - time]]), windows


def _shaped_as(states: Any, after: Any) -> Any:
    """`after`, known to be of the shapes that a loop's states have."""
    tf.nest.map_structure(lambda new, old: new.set_shape(old.shape), after, states)
    return after


def _joined(found: tf.TensorArray, rows: Any, width: Any) -> Any:
    """Windows [windows, batch, width] -> [batch, windows * width]."""
    return tf.reshape(tf.transpose(found.stack(), [1, 0, 2]), [rows, -1])
