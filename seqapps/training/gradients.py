"""Gradients of a few batches after every round: by layer, and by time lag in recurrent layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps import files
from seqapps.training.feed import Feed
from seqapps.training.lags import RECURRENT, by_lag, kept_lags, state_gradients
from seqapps.training.recording import layers_of, recorded

BATCHES = 2  # where a task's settings do not say how many
EVERY = 50  # steps of a round for each of them: one costs about as much as two steps of training


class Probes:
    """The same few training batches, put through the model after every round.

    They are the same, so that rounds can be compared. The model is left as it was, bit for bit:
    dropout draws as in training, then the states of its generators are put back.
    """

    def __init__(self, settings: Any, model: Any, feed: Feed) -> None:
        batches = feed.rounds.batches(0)
        wanted = min(getattr(settings, "gradient_batches", BATCHES), -(-len(batches) // EVERY))
        places = np.linspace(0, len(batches), wanted, endpoint=False).astype(int)
        self._batches = [batches[place] for place in places]
        self._pair, self._model = feed.pair, model
        self._layers = [
            layer
            for layer in layers_of(model)
            if isinstance(layer, RECURRENT) and layer.trainable_variables
        ]
        self._called: list[Any] = []  # those that a pass reads with as a whole, not step by step
        self._measure = tf.function(self._gradients, reduce_retracing=True)

    def take(self) -> dict[str, Any]:
        """{"layers": {layer: norm}, "lags": {layer: {"lag": [...], "norm": [...]}}}, means.

        The norm by layer is that of the batch's loss by the layer's weights. The norm by lag is
        that of a case's own loss by the recurrent layer's state, see `lags`.
        """
        layers: dict[str, list[float]] = {}
        lags: dict[str, list[np.ndarray]] = {}
        with unchanged(self._model):
            for batch in self._batches:
                inputs, targets = self._pair(batch)
                by_variable, states = self._measure(inputs, targets)
                for name, norm in _by_layer(self._model, by_variable).items():
                    layers.setdefault(name, []).append(norm)
                for layer, (norms, mask) in zip(self._called, states, strict=True):
                    found = by_lag(norms.numpy(), mask.numpy()) * len(batch)
                    lags.setdefault(name_of(layer.trainable_variables[0]), []).append(found)
        return {
            "layers": {name: float(np.mean(norms)) for name, norms in layers.items()},
            "lags": {name: _mean_by_lag(found) for name, found in lags.items()},
        }

    def _gradients(self, inputs: Any, targets: Any) -> tuple[list[Any], list[Any]]:
        """(norm by trainable variable, (norms, mask) by recurrent layer)."""
        variables = self._model.trainable_variables
        with recorded(self._layers) as calls, tf.GradientTape() as tape:
            told = self._model(inputs, training=True)
            loss = self._model.compute_loss(inputs, targets, told, training=True)
        # The last call of each: the ones before may have been to look only, without a gradient.
        last = {id(call.layer): call for call in calls}
        self._called = [layer for layer in self._layers if id(layer) in last]
        calls = [last[id(layer)] for layer in self._called]
        given = [tf.nest.flatten(call.output) for call in calls]
        by_variable, by_output = tape.gradient(loss, (variables, given))
        norms = [_norm(gradient) for gradient in by_variable]
        states = [
            state_gradients(call, [_or_zeros(*each) for each in zip(direct, outputs, strict=True)])
            for call, direct, outputs in zip(calls, by_output, given, strict=True)
        ]
        return norms, states


class GradientLog:
    """`gradients.json`: what the probes found in each round.

    It is written before the round's checkpoint, and cut to the rounds that the checkpoint has
    when training goes on, so that a kill at any moment leaves no gap and nothing twice.
    """

    def __init__(self, file: Path, *, rounds_done: int) -> None:
        self._file = file
        known = files.read_json(file)["rounds"] if rounds_done and file.exists() else []
        self.rounds: list[dict[str, Any]] = [r for r in known if r["round"] <= rounds_done]

    def add(self, number: int, found: dict[str, Any]) -> None:
        """Note a round, counted from 1."""
        self.rounds.append({"round": number, **found})
        files.write_json(self._file, {"format": 1, "rounds": self.rounds})


@contextmanager
def unchanged(model: Any) -> Iterator[None]:
    """Put back what a pass in training changes besides weights: dropout's states, statistics."""
    kept = {id(variable) for variable in model.trainable_variables}
    others = [v for v in [*model.variables, *model.metrics_variables] if id(v) not in kept]
    values = [tf.identity(variable.value) for variable in others]
    try:
        yield
    finally:
        for variable, value in zip(others, values, strict=True):
            variable.assign(value)


def name_of(variable: Any) -> str:
    """The layer that a variable belongs to: bidirectional/forward_lstm/lstm_cell/bias without
    its last part, and without the cell, which is the recurrent layer's own.
    """
    *parts, _ = variable.path.split("/")
    if len(parts) > 1 and parts[-1].split("_cell")[0] in ("lstm", "gru", "simple_rnn"):
        parts.pop()
    return "/".join(parts)


def _by_layer(model: Any, norms: Sequence[Any]) -> dict[str, float]:
    squares: dict[str, float] = {}
    for variable, norm in zip(model.trainable_variables, norms, strict=True):
        name = name_of(variable)
        squares[name] = squares.get(name, 0.0) + float(norm) ** 2
    return {name: square**0.5 for name, square in squares.items()}


def _mean_by_lag(found: Sequence[np.ndarray]) -> dict[str, Sequence[float]]:
    """Over the batches that are as long."""
    longest = max(map(len, found))
    kept = kept_lags(longest)
    means = [float(np.mean([norms[lag] for norms in found if lag < len(norms)])) for lag in kept]
    return {"lag": kept, "norm": means}


def _norm(gradient: Any) -> Any:
    """Of the whole gradient: rows of an embedding that are read several times are added up."""
    return tf.constant(0.0) if gradient is None else tf.norm(tf.convert_to_tensor(gradient))


def _or_zeros(gradient: Any, output: Any) -> Any:
    return tf.zeros_like(output) if gradient is None else tf.convert_to_tensor(gradient)
