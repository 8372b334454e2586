"""What layers are called with and what they give, without any change to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras


@dataclass(frozen=True)
class Call:
    """One call of one layer; tensors of the graph or of the moment, whichever it was made in."""

    layer: Any
    arguments: tuple[Any, ...]
    options: dict[str, Any]  # `mask` and `initial_state` among them
    output: Any


@contextmanager
def recorded(layers: Sequence[Any]) -> Iterator[list[Call]]:
    """The calls of these layers within the block, in the order in which they ended.

    An attribute of the object hides the method `call` of its class for the time of the block.
    """
    calls: list[Call] = []
    for layer in layers:
        layer.call = _remembering(layer, layer.call, calls)
    try:
        yield calls
    finally:
        for layer in layers:
            del layer.call


def layers_of(model: Any) -> list[Any]:
    """All layers of a model that hold no other layers, wherever they are nested."""
    found = {id(each): each for each in _inside(model)}
    return list(found.values())


def _inside(layer: Any) -> Iterator[Any]:
    parts = [part for part in getattr(layer, "_layers", []) if isinstance(part, keras.layers.Layer)]
    # A recurrent layer is one layer, although Keras keeps its cell as a layer inside it.
    if not parts or isinstance(layer, keras.layers.RNN):
        yield layer
        return
    for part in parts:
        yield from _inside(part)


def _remembering(layer: Any, call: Any, calls: list[Call]) -> Any:
    def remember(*arguments: Any, **options: Any) -> Any:
        output = call(*arguments, **options)
        calls.append(Call(layer, arguments, options, output))
        return output

    return remember
