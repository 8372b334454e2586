"""A map inside of a network that knows where things are better than its last one."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqapps.errors import UserError


def with_finer_map(model: Any, name: str, size: int) -> Any:
    """A Keras model of pictures [batch, size, size, 3] -> [finer map, overview].

    The finer map is the last one inside of the model that has twice as many cells to a side as what
    the model gives: of networks whose last stage halves them, that is what this stage reads, each
    cell of which has seen less of what is around it (of VGG16 it is that of Xu et al. 2015). The
    overview is the mean of what the model gives, [batch, channels]. Raises UserError where there is
    no such map. `name` is how messages call the model.
    """
    pictures = keras.Input([size, size, 3])
    try:
        maps, last = _opened(model, pictures)
    except ValueError:  # Keras does not open one whose call is Python code
        maps, last = [], model(pictures)
    side = last.shape[1]
    # Without padding, sides are halved to a little less.
    twice = [each for each in maps if 2 * side - 1 <= each.shape[1] <= 2 * side + 2]
    if not twice:
        raise UserError(
            f"image_encoder = {name!r} has no map inside with twice as many cells to a side as its "
            f"last one, which has {side} x {side} of a picture of {size} x {size}. Set "
            "image_map = 'last'."
        )
    return keras.Model(pictures, [twice[-1], ops.mean(last, axis=(1, 2))])


def _opened(model: Any, values: Any) -> tuple[list[Any], Any]:
    """(maps that the layers of a model make of values, its output); models among them are opened.

    Maps are square [batch, side, side, n], in the order in which they are made.
    """
    maps: list[Any] = []

    def called(layer: Any, *values: Any, **options: Any) -> Any:
        if isinstance(layer, keras.Model) and len(getattr(layer, "inputs", ())) == 1:
            inside, found = _opened_on(layer, values[0])
            maps.extend(inside)
            return found
        found = layer(*values, **options)
        if _is_map(found) and not isinstance(layer, keras.layers.ZeroPadding2D):
            maps.append(found)
        return found

    if isinstance(model, keras.Sequential):
        for layer in model.layers:
            values = called(layer, values)
        return maps, values
    same = keras.models.clone_model(
        model, input_tensors=values, clone_function=lambda layer: layer, call_function=called
    )
    return maps, same.output


def _opened_on(model: Any, values: Any) -> tuple[list[Any], Any]:
    """As `_opened`, of values that layers have made: Keras opens a model on inputs alone."""
    inputs = keras.Input(batch_shape=values.shape, dtype=values.dtype)
    maps, output = _opened(model, inputs)
    *maps, output = keras.Model(inputs, [*maps, output])(values)
    return maps, output


def _is_map(found: Any) -> bool:
    shape: tuple[Any, ...] = getattr(found, "shape", ())
    return len(shape) == 4 and shape[1] == shape[2]
