"""Any linear transform of a window as a matrix, made once and applied in the graph.

On a fixed look-back a linear function is the matrix that it makes of the identity. Edges, padding
and the state that a filter starts with are in it: the product gives what the function gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Linear = Callable[[np.ndarray], np.ndarray]  # float64 [lookback, columns] -> [out, columns]
_ROUNDING = 1e-8  # of the size of the terms that are summed


def matrix_of(function: Linear, lookback: int) -> np.ndarray:
    """The matrix of a linear function: float64 [out, lookback].

    `function` maps the columns of float64 [lookback, columns], each by itself, to [out, columns].
    ValueError where it does not: what it gives for random columns, small and large, is compared
    with the product.

    >>> matrix_of(lambda columns: np.diff(columns, axis=0), 3)
    array([[-1.,  1.,  0.],
           [ 0., -1.,  1.]])
    """
    matrix = np.asarray(function(np.eye(lookback)), "float64")  # [out, lookback]
    if matrix.ndim != 2 or matrix.shape[1] != lookback:
        raise ValueError(
            f"the function gave shape {list(matrix.shape)} for the identity of {lookback} steps; "
            f"expected [out, {lookback}]: one column for each column"
        )
    if not np.isfinite(matrix).all():
        raise ValueError(f"the function gave NaN or infinity for the identity of {lookback} steps")
    random = np.random.default_rng(0)
    columns = random.normal(size=[lookback, 6]) * 10.0 ** np.array([-3, 0, 0, 1, 3, 6])
    given = np.asarray(function(columns), "float64")  # [out, 6]
    expected = matrix @ columns  # [out, 6]
    terms = np.abs(matrix) @ np.abs(columns)  # [out, 6]
    if given.shape != expected.shape or not np.all(
        np.abs(given - expected) <= _ROUNDING * terms.max(axis=0)
    ):
        raise ValueError(
            f"the function is not linear on {lookback} steps: for random columns it does not give "
            "what its answer to the identity says; a threshold, a median or a constant that is "
            "added has no matrix"
        )
    return matrix


def look_ahead(matrix: np.ndarray, at: Sequence[int] | None = None) -> np.ndarray:
    """How much each row takes from steps after its own: the share of its weight, float64 [out].

    Row i stands at step `at[i]`; by default the rows are the last steps of the window, the last
    row its last one. 0 is none. Weights of 1e-12 of a row's largest are rounding.

    >>> centred = np.array([[2, 1, 0], [1, 1, 1], [0, 1, 2]]) / 3
    >>> look_ahead(centred).round(2)
    array([0.33, 0.33, 0.  ])
    """
    out, lookback = matrix.shape
    steps = np.arange(lookback - out, lookback) if at is None else np.asarray(at)
    if steps.shape != (out,) or steps.min() < 0:
        raise ValueError(
            f"a matrix of {out} rows for {lookback} steps: `at` must name the step of each row"
        )
    weight = np.abs(matrix)
    weight = np.where(weight > 1e-12 * weight.max(axis=1, keepdims=True), weight, 0)
    later = np.arange(lookback) > steps[:, None]  # [out, lookback]
    whole = weight.sum(axis=1)
    return np.asarray((weight * later).sum(axis=1) / np.where(whole > 0, whole, 1))


def looks_ahead(matrix: np.ndarray, at: Sequence[int] | None = None) -> bool:
    """Whether any row takes anything from steps after its own; see `look_ahead`."""
    return bool(np.any(look_ahead(matrix, at) > 0))


def apply(matrix: np.ndarray, values: Any) -> Any:
    """The matrix times each channel of each window: [batch, out, channels].

    `matrix` is [out, lookback], `values` float [batch, lookback, channels]: a tensor of TensorFlow,
    or whatever keras.ops takes where Keras runs on another backend. A NaN makes all of its window
    and channel NaN, and of no other: fill gaps first. In single precision what is left when a large
    mean is taken off has lost the digits that the mean takes up: scale first.
    """
    import keras
    import tensorflow as tf

    if isinstance(values, np.ndarray):
        values = tf.convert_to_tensor(values)
    ops: Any = tf if tf.is_tensor(values) else keras.ops
    kind = keras.backend.standardize_dtype(values.dtype)
    # One product of [batch * channels, lookback] takes a fifth of the time of einsum or of a
    # product for each window, where channels are few.
    columns = ops.transpose(values, [0, 2, 1])  # [batch, channels, lookback]
    product = ops.tensordot(columns, np.asarray(matrix.T, kind), 1)  # [batch, channels, out]
    return ops.transpose(product, [0, 2, 1])  # [batch, out, channels]
