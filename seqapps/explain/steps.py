"""What every layer makes of an example: shapes, weights, masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from seqapps.errors import UserError
from seqapps.features import Features


class Recorder:
    """A model that remembers what it is called with, and otherwise is the model."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.calls: list[Any] = []

    def __call__(self, inputs: Any, *arguments: Any, **options: Any) -> Any:
        self.calls.append(inputs)
        return self.model(inputs, *arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


@dataclass(frozen=True)
class Step:
    """One layer's output for a batch of examples."""

    layer: str
    kind: str
    reads: list[str]  # the layers before it
    shape: list[int]
    axes: list[str]  # a name for each axis, "" where it is not known
    type: str
    parameters: int  # numbers that the layer holds
    mask: list[list[int]] | None  # 1 real, 0 padding: [batch, time], where one goes on from here


@dataclass(frozen=True)
class Recording:
    """What a model answered, and all that happened on the way."""

    answer: dict[str, Any]  # of `respond`, each [batch, ...]
    inputs: list[Any]  # what the model was called with, each [batch, ...]
    steps: list[Step]  # from inputs to outputs, branch by branch


def record(model: Any, features: Features, raw: Mapping[str, Any]) -> Recording:
    """Answer raw inputs, each [batch, ...], and keep what every layer gave out.

    A model that is called several times, as in a loop that decodes, is shown at its first call.
    Raises UserError where the layers cannot be told: the model is not called as a whole, or is not
    made of layers that are connected (`keras.Model(inputs, outputs)`).
    """
    recorder = Recorder(model)
    answer = features.respond(recorder, dict(raw))
    if not recorder.calls or not getattr(model, "inputs", None):
        raise UserError("this model does not tell its steps: it is no chain of layers")
    inputs = keras.tree.flatten(recorder.calls[0])
    return Recording(answer, inputs, _steps(model, inputs))


def input_of(recording: Recording, model: Any, layer: str) -> tuple[Any, Any]:
    """(what the layer reads [batch, time, ...], the mask that comes with it or None).

    Of a layer that is used several times, at its first use.
    """
    node = next(node for one, node in _nodes(model) if one.name == layer)
    symbol = node.input_tensors[0]  # the mask is one of its inputs too
    value = keras.Model(model.inputs, symbol)(recording.inputs)
    return value, _mask(value)


def _steps(model: Any, inputs: list[Any]) -> list[Step]:
    nodes = [
        (layer, node, symbol)
        for layer, node in _nodes(model)
        for symbol in keras.tree.flatten(node.output_tensors)
    ]
    values = keras.Model(model.inputs, [symbol for *_, symbol in nodes])(inputs)
    found: list[Step] = []
    masked: set[str] = set()
    for (layer, node, symbol), value in zip(nodes, values, strict=True):
        reads = [parent.operation.name for parent in node.parent_nodes
                 if isinstance(parent.operation, keras.layers.Layer)]  # fmt: skip
        mask = _mask(value)
        if mask is None and masked.intersection(reads):
            # MultiHeadAttention takes the mask off what it reads; so look before it has read.
            mask = _mask(keras.Model(model.inputs, symbol)(inputs))
        if mask is not None:
            masked.add(layer.name)
        found.append(_step(layer, symbol, value, reads, mask))
    return found


def _nodes(model: Any) -> list[tuple[Any, Any]]:
    """(layer, call of it) from the inputs to the outputs, branch by branch."""
    found: dict[int, Any] = {}  # by id: in the order of insertion

    def visit(node: Any) -> None:
        if id(node) not in found:
            for parent in node.parent_nodes:
                visit(parent)
            found[id(node)] = node

    for output in model.outputs:
        history = output._keras_history
        visit(history.operation._inbound_nodes[history.node_index])
    nodes = [(node.operation, node) for node in found.values()]
    return [pair for pair in nodes if isinstance(pair[0], keras.layers.Layer)]


def _step(layer: Any, symbol: Any, value: Any, reads: list[str], mask: Any) -> Step:
    return Step(
        layer=layer.name,
        kind=type(layer).__name__,
        reads=list(dict.fromkeys(reads)),
        shape=[int(size) for size in value.shape],
        axes=_axes(layer, symbol.shape),
        type=keras.backend.standardize_dtype(value.dtype),
        parameters=int(layer.count_params()) if layer.built else 0,
        mask=None if mask is None else np.asarray(mask).astype(int).tolist(),
    )


def _axes(layer: Any, shape: tuple[int | None, ...]) -> list[str]:
    """The names of the axes, as far as the shape tells: the one that is free beside batch is time.

    (None, None, 128) -> batch, time, units
    """
    names = ["batch", *[""] * (len(shape) - 1)]
    if len(shape) > 1 and shape[1] is None:
        names[1] = "time"
    if len(shape) == 2 and shape[1] is not None:
        names[1] = "entries" if isinstance(layer, keras.layers.InputLayer) else "units"
    if len(shape) == 3 and shape[1] is None and shape[2] is not None:
        names[2] = "units"
    return names


def _mask(value: Any) -> Any:
    """The mask that Keras hangs on a tensor, if it did."""
    return getattr(value, "_keras_mask", None)
