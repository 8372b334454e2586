"""A forecast with its bands: five quantiles of each step, moved by what was learnt afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from seqapps.metrics.conformal import LEAST

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
MIDDLE = LEVELS.index(0.5)


@keras.saving.register_keras_serializable(package="seqapps")
class Bands(keras.layers.Layer):
    """Point forecasts [batch, horizon, targets], or quantiles of them [batch, horizon, targets, 5]
    -> quantiles [batch, horizon, targets, 5] at `LEVELS`, ascending.

    `offsets` [horizon, targets, 5] are added. They are no part of the training: `conformal` sets
    them by the errors on validation data, so that bands hold what they say (split conformal
    prediction, Vovk et al. 2005; of quantiles: Romano et al. 2019). The one of the median stays 0,
    and where the offsets would cross quantiles, the median stays and the others give way outwards.

    Where the window that was read is given, [batch, time, targets], offsets are multiplied with
    `factor_of` its spread and `width` [2, targets] (`seqapps.metrics.conformal`), so that bands are
    wider after restless windows: locally weighted conformal prediction, Lei et al. 2018. The first
    width is 0, and with it every factor 1.
    """

    def build(self, forecast_shape: Any, window_shape: Any = None) -> None:
        self.offsets = self.add_weight(
            name="offsets",
            shape=[*forecast_shape[1:3], len(LEVELS)],
            initializer="zeros",
            trainable=False,
        )
        self.width = self.add_weight(
            name="width", shape=[2, forecast_shape[2]], initializer="zeros", trainable=False
        )
        self.built = True

    def call(self, forecast: Any, window: Any = None) -> Any:
        moves = ops.unstack(self.offsets, axis=-1)  # each [horizon, targets]
        if window is not None:
            factor = ops.maximum(1 - self.width[0] + self.width[1] * spread_of(window), LEAST)
            factor = ops.expand_dims(factor, 1)  # [batch, 1, targets]
            moves = [factor * move for move in moves]
        if len(forecast.shape) == 3:
            return _ascending([forecast + move for move in moves])
        parts = ops.unstack(ops.sort(forecast, axis=-1), axis=-1)
        return _ascending([part + move for part, move in zip(parts, moves, strict=True)])

    def compute_output_shape(self, forecast_shape: Any, window_shape: Any = None) -> Any:
        return (*forecast_shape[:3], len(LEVELS))


def spread_of(window: Any) -> Any:
    """The mean absolute change of a step: [batch, time, targets] -> [batch, targets]."""
    return ops.mean(ops.abs(window[:, 1:] - window[:, :-1]), axis=1)


def _ascending(quantiles: Sequence[Any]) -> Any:
    """[..., 5] of five [...]: each quantile no nearer to the median than the one between them."""
    found = list(quantiles)
    for place in range(MIDDLE - 1, -1, -1):
        found[place] = ops.minimum(found[place], found[place + 1])
        other = len(LEVELS) - 1 - place
        found[other] = ops.maximum(found[other], found[other - 1])
    return ops.stack(found, axis=-1)
