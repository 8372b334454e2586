"""Layers of forecasters: each window in units of its own, and what stands for a place."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from seqapps.series.transforms import wavelets
from seqapps.series.transforms.differences import differences
from seqapps.series.transforms.filters import butterworth, savitzky_golay
from seqapps.series.transforms.matrix import apply
from seqapps.series.transforms.reversible import WindowScale, window_scale

PACKAGE = "seqapps.forecasting"


@keras.saving.register_keras_serializable(package=PACKAGE)
class OwnScale(keras.layers.Layer):
    """Values [batch, lookback, channels] -> (values, level, spread), what each was measured from.

    By "last" or "standard", as `window_scale` has it, where that is "mean", level and spread are
    [batch, 1, channels]; by "none" values are as they are. `seen`, of the shape of the values, is 1
    where one was observed: others count nowhere, and are 0 in the end.
    """

    def __init__(self, by: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.by = by

    def call(self, values: Any, seen: Any = None) -> tuple[Any, Any, Any]:
        if self.by == "none":
            last = values[:, -1:]
            return values, ops.zeros_like(last), ops.ones_like(last)
        found = window_scale(values, seen, by="last" if self.by == "last" else "mean")
        scaled = found.scaled(values)
        return scaled if seen is None else scaled * seen, found.center, found.scale

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        return {**super().get_config(), "by": self.by}


@keras.saving.register_keras_serializable(package=PACKAGE)
class FromLastSeason(keras.layers.Layer):
    """As `OwnScale`, but each step is measured from the same step of the season before.

    What is read of a window are its seasonal changes (1 - B^season, Box and Jenkins 1970), 0 in its
    first season, which has none. The level is that of each coming step, [batch, horizon, channels]:
    the seasonal naive forecast, so that a network that says 0 is one. Where the last season was not
    observed, the one before it stands for it.
    """

    def __init__(self, season: int, horizon: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.season, self.horizon = season, horizon

    def call(self, values: Any, seen: Any = None) -> tuple[Any, Any, Any]:
        season = self.season
        changes = values[:, season:] - values[:, :-season]
        if seen is not None:
            changes = changes * seen[:, season:] * seen[:, :-season]
        first = ops.zeros_like(values[:, :season])
        level = self._level(values, seen)
        coming = ops.concatenate([level] * -(-self.horizon // season), axis=1)[:, : self.horizon]
        return ops.concatenate([first, changes], axis=1), coming, ops.ones_like(values[:, -1:])

    def _level(self, values: Any, seen: Any) -> Any:
        """The latest observed season of each channel: [batch, season, channels]."""
        ends = range(values.shape[1], self.season - 1, -self.season)
        newest, *older = [slice(end - self.season, end) for end in ends]
        if seen is None:
            return values[:, newest]
        level = ops.zeros_like(values[:, newest])
        for part in [*reversed(older), newest]:
            level = ops.where(seen[:, part] > 0, values[:, part], level)
        return level

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        return {**super().get_config(), "season": self.season, "horizon": self.horizon}


def in_training_units(forecast: Any, level: Any, spread: Any, targets: int) -> Any:
    """Forecasts [batch, horizon, targets] or [batch, horizon, targets, quantiles] back.

    Level and spread are those of a window, [batch, 1 or horizon, channels]; the first channels are
    the targets.
    """
    level, spread = level[:, :, :targets], spread[:, :, :targets]
    if len(forecast.shape) == 4:
        level, spread = ops.expand_dims(level, -1), ops.expand_dims(spread, -1)
    return WindowScale(level, spread).unscaled(forecast)


@keras.saving.register_keras_serializable(package=PACKAGE)
class Transformed(keras.layers.Layer):
    """What the network reads of a window: [batch, lookback, channels] of the same shape.

    - difference: the change of each step; of the first none
    - butterworth: without periods shorter than `period` steps, forwards and backwards
    - savitzky_golay: parabolas over about `period` steps

    Each is one matrix. What they take from later steps lies in the window, before the origin.
    """

    def __init__(self, kind: str, period: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, self.period = kind, period

    def build(self, values_shape: Any) -> None:
        lookback = values_shape[1]
        if self.kind == "difference":
            changes = differences(lookback)  # [lookback - 1, lookback]
            self.matrix = np.concatenate([np.zeros([1, lookback]), changes])
        elif self.kind == "butterworth":
            self.matrix = butterworth(lookback, shortest=self.period, zero_phase=True)
        else:
            width = 2 * (round(self.period) // 2) + 1
            self.matrix = savitzky_golay(lookback, width=max(width, 3), polynomial=2)
        self.built = True

    def call(self, values: Any) -> Any:
        return apply(self.matrix, values)

    def compute_output_shape(self, values_shape: Any) -> Any:
        return values_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        return {**super().get_config(), "kind": self.kind, "period": self.period}


@keras.saving.register_keras_serializable(package=PACKAGE)
class WaveletBands(keras.layers.Layer):
    """Windows [batch, lookback, channels] in bands that add up to them: [..., channels * bands].

    The bands of a channel stand side by side, from the slowest to the fastest (db4, as many levels
    as a window of this length has; see `wavelets.bands`).
    """

    def build(self, values_shape: Any) -> None:
        lookback = values_shape[1]
        self.matrix = wavelets.bands(wavelets.transform(lookback))  # [bands * lookback, lookback]
        self.count = len(self.matrix) // lookback
        self.built = True

    def call(self, values: Any) -> Any:
        lookback, channels = values.shape[1:]
        found = apply(self.matrix, values)  # [batch, bands * lookback, channels]
        found = ops.reshape(found, (-1, self.count, lookback, channels))
        found = ops.transpose(found, (0, 2, 3, 1))  # [batch, lookback, channels, bands]
        return ops.reshape(found, (-1, lookback, channels * self.count))

    def compute_output_shape(self, values_shape: Any) -> Any:
        return (*values_shape[:2], values_shape[2] * self.count)


@keras.saving.register_keras_serializable(package=PACKAGE)
class Vectors(keras.layers.Layer):
    """A learnt vector for each of some places, for every row.

    [rows, ...] -> [rows, count, units]. With `in_turn` row i has the vector of place i modulo
    `count` alone: [rows, 1, units].
    """

    def __init__(self, count: int, units: int, *, in_turn: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count, self.units, self.in_turn = count, units, in_turn

    def build(self, rows_shape: Any) -> None:
        self.vectors = self.add_weight(
            name="vectors", shape=[self.count, self.units], initializer="random_normal"
        )
        self.built = True

    def call(self, rows: Any) -> Any:
        size = ops.shape(rows)[0]
        if self.in_turn:
            return ops.expand_dims(ops.tile(self.vectors, (size // self.count, 1)), 1)
        return ops.broadcast_to(self.vectors[None], (size, self.count, self.units))

    def compute_output_shape(self, rows_shape: Any) -> tuple[Any, ...]:
        return (rows_shape[0], 1 if self.in_turn else self.count, self.units)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        own = {"count": self.count, "units": self.units, "in_turn": self.in_turn}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package=PACKAGE)
class Unnamed(keras.layers.Layer):
    """Numbers of series [batch] -> the same; in training a share of the rows has 0, no name at all.

    So the vector of 0 is learnt of all series, and one that training did not show is answered as
    any of them might be, not by a vector as it was drawn.
    """

    def __init__(self, share: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share = share
        self.seed = keras.random.SeedGenerator()

    def call(self, numbers: Any, training: bool = False) -> Any:
        if not training:
            return numbers
        named = keras.random.uniform(ops.shape(numbers), seed=self.seed) >= self.share
        return numbers * ops.cast(named, numbers.dtype)

    def compute_output_spec(self, numbers: Any, training: bool = False) -> Any:
        return keras.KerasTensor(numbers.shape, dtype=numbers.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        return {**super().get_config(), "share": self.share}
