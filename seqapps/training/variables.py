"""All that changes while a model is trained, or is drawn by chance."""

from __future__ import annotations

import random
from typing import Any

import numpy as np


def variables_of(model: Any) -> list[Any]:
    """Variables of a compiled model, of its optimizer, and the state of Keras's own generator.

    The model's hold weights, moving statistics, states that recurrent layers carry from batch to
    batch, and the states of seed generators; the optimizer's hold moments, step count, learning
    rate and averages.
    """
    # Public Keras has no way to it. Layers that draw without a seed of their own draw from it.
    from keras.src.random.seed_generator import global_seed_generator

    return [
        *_own(model),
        *model.optimizer.variables,
        global_seed_generator().state,
    ]


def copy_variables(source: Any, to: Any) -> None:
    """Give a model the values of another one that was built alike, but for its optimizer's."""
    for variable, value in zip(_own(to), _own(source), strict=True):
        variable.assign(np.asarray(value))


def draw_alike(seed: int, number: int) -> None:
    """Let Python's and NumPy's own generators draw the same in a round, whatever came before it.

    Cases may be made while they are read, by code that draws from them.
    """
    random.seed(f"{seed} {number}")
    np.random.seed([seed, number])


def _own(model: Any) -> list[Any]:
    """Variables of the model itself."""
    return [*model.variables, *_carried(model)]


def _carried(model: Any) -> list[Any]:
    """The states of recurrent layers with `stateful=True`, which Keras does not track."""
    from keras import tree

    known = {id(variable) for variable in model.variables}
    return [
        state
        for layer in model._flatten_layers()
        if getattr(layer, "stateful", False)
        for state in tree.flatten(layer.states)
        if id(state) not in known
    ]
