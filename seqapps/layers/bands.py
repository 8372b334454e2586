"""A forecast with its bands: five quantiles of each step, moved by what was learnt afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

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
    """

    def build(self, forecast_shape: Any) -> None:
        self.offsets = self.add_weight(
            name="offsets",
            shape=[*forecast_shape[1:3], len(LEVELS)],
            initializer="zeros",
            trainable=False,
        )
        self.built = True

    def call(self, forecast: Any) -> Any:
        if len(forecast.shape) == 3:
            return _ascending([forecast + self.offsets[..., n] for n in range(len(LEVELS))])
        return _ascending(ops.unstack(ops.sort(forecast, axis=-1) + self.offsets, axis=-1))

    def compute_output_shape(self, forecast_shape: Any) -> tuple[Any, ...]:
        return (*forecast_shape[:3], len(LEVELS))


def _ascending(quantiles: Sequence[Any]) -> Any:
    """[..., 5] of five [...]: each quantile no nearer to the median than the one between them."""
    found = list(quantiles)
    for place in range(MIDDLE - 1, -1, -1):
        found[place] = ops.minimum(found[place], found[place + 1])
        other = len(LEVELS) - 1 - place
        found[other] = ops.maximum(found[other], found[other - 1])
    return ops.stack(found, axis=-1)
