"""A logarithm for values of either sign and for zero, and the way back."""

from __future__ import annotations

from typing import Any

from seqapps.errors import UserError


def signed_log(values: Any, offset: float = 1.0) -> Any:
    """sign(x) * ln(1 + |x| / offset): about x / offset near 0, the logarithm far from it.

    `offset`, in the values' units, is where the one becomes the other. NaN stays NaN. TensorFlow
    graph code.
    """
    import tensorflow as tf

    _check(offset)
    return tf.sign(values) * tf.math.log1p(tf.abs(values) / offset)


def signed_exp(logarithms: Any, offset: float = 1.0) -> Any:
    """The values of which these are the signed logarithms: its inverse.

    The mean of logarithms goes back to a middle value like the median, not to the mean.
    """
    import tensorflow as tf

    _check(offset)
    return tf.sign(logarithms) * tf.math.expm1(tf.abs(logarithms)) * offset


def _check(offset: float) -> None:
    if not offset > 0:
        raise UserError(f"logarithm with offset {offset}; expected more than 0")
