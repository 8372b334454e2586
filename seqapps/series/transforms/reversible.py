"""Scales of each window by itself, taken off before the model and put back on its forecast.

Kim et al. 2022, "Reversible instance normalization": a model that sees only how a window varies
does not mind that levels drift between training and use. Written with keras.ops, for models on any
backend; where Keras runs on TensorFlow, for graph code as well.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from seqapps.errors import UserError, nearest

# Of the mean: values that differ by less are a constant, rounded to single precision.
_CONSTANT = 1e-6


class WindowScale(NamedTuple):
    """What was taken off each window: tensors [batch, 1, channels]."""

    center: Any
    scale: Any

    def scaled(self, values: Any) -> Any:
        """[batch, steps, channels] in the values' units -> as the model sees them."""
        return (values - self.center) / self.scale

    def unscaled(self, scaled: Any) -> Any:
        """The inverse of `scaled`, for the window and for what follows it."""
        return scaled * self.scale + self.center


def window_scale(
    values: Any,
    mask: Any = None,
    *,
    by: Literal["mean", "last"] = "mean",
    epsilon: float = 1e-5,
) -> WindowScale:
    """The scale of each window [batch, lookback, channels], over observed steps alone.

    Observed is what is finite and, where a `mask` of the same shape is given, 1 there. "mean": mean
    and sqrt(variance + epsilon), as in the paper; `epsilon` supposes values that are of about unit
    size over all the data. "last": the last observed value alone (Zeng et al. 2023, NLinear), scale
    1. A constant channel gets scale 1, one that was not observed center 0 and scale 1.
    """
    from keras import ops

    if by not in ("mean", "last"):
        raise UserError(f"scale of a window by {by!r}. {nearest(by, ('mean', 'last'))}")
    values = ops.convert_to_tensor(values)
    seen = ops.isfinite(values)  # [batch, lookback, channels]
    if mask is not None:
        seen = ops.logical_and(seen, ops.convert_to_tensor(mask) > 0)
    observed = ops.cast(seen, values.dtype)
    if by == "last":
        places = ops.arange(1, ops.shape(values)[1] + 1, dtype=values.dtype)[:, None]
        last = ops.max(observed * places, 1, keepdims=True)  # [batch, 1, channels]; 0: none
        center = ops.sum(
            ops.where(places == last, values, ops.zeros_like(values)), 1, keepdims=True
        )
        return WindowScale(center, ops.ones_like(center))
    # Not multiplied by 0: that leaves NaN, and its gradient, where nothing was observed.
    values = ops.where(seen, values, ops.zeros_like(values))
    count = ops.maximum(ops.sum(observed, 1, keepdims=True), 1)
    center = ops.sum(values, 1, keepdims=True) / count
    variance = ops.sum(observed * (values - center) ** 2, 1, keepdims=True) / count
    here = ops.where(seen, values, center)
    width = ops.max(here, 1, keepdims=True) - ops.min(here, 1, keepdims=True)
    constant = width <= _CONSTANT * ops.abs(center)
    return WindowScale(
        center, ops.where(constant, ops.ones_like(variance), ops.sqrt(variance + epsilon))
    )
