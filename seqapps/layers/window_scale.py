"""Each window in units of its own, and forecasts back (reversible instance normalisation)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

KINDS = ("none", "last", "standard")
SMALLEST = 1e-2  # spread, in units of the training part's: a flat window is not blown up


@keras.saving.register_keras_serializable(package="seqapps")
class WindowScale(keras.layers.Layer):
    """Values [batch, lookback, channels] -> (values, level, spread), both [batch, 1, channels].

    - none: as they are
    - last: the last value is taken off, so that forecasts are changes (NLinear, Zeng et al. 2022)
    - standard: the mean is taken off and the standard deviation divided out (RevIN, Kim et al. 2022)
    """

    def __init__(self, kind: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if kind not in KINDS:
            raise ValueError(f"kind={kind!r}, expected one of {', '.join(KINDS)}")
        self.kind = kind

    def call(self, values: Any) -> tuple[Any, Any, Any]:
        last = values[:, -1:]
        if self.kind == "last":
            return values - last, last, ops.ones_like(last)
        if self.kind == "standard":
            level = ops.mean(values, axis=1, keepdims=True)
            spread = ops.maximum(ops.std(values, axis=1, keepdims=True), SMALLEST)
            return (values - level) / spread, level, spread
        return values, ops.zeros_like(last), ops.ones_like(last)

    def inverse(self, forecast: Any, level: Any, spread: Any, targets: int) -> Any:
        """Forecasts [batch, horizon, targets] or [batch, horizon, targets, quantiles] back.

        The first channels are the targets.
        """
        level, spread = level[:, :, :targets], spread[:, :, :targets]
        if len(forecast.shape) == 4:
            level, spread = ops.expand_dims(level, -1), ops.expand_dims(spread, -1)
        return forecast * spread + level

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        return {**super().get_config(), "kind": self.kind}
