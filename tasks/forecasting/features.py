"""Windows in the user's units to tensors, and forecasts back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.features import Features
from seqapps.series import calendar
from seqapps.series.row import names_in
from seqapps.series.transforms import gaps, scaling, wavelets
from seqapps.series.transforms.scaling import Scale
from seqapps.task import Row, State

from .channels import channels_of
from .windows import series_of

LARGEST = 1e12  # scales from the center; what lies further away is no measurement, and its square
# would be too large for single precision
NAMES = ("lower", "lower_80", "mean", "upper_80", "upper")  # of the answer, as LEVELS


def fit(rows: Iterable[Row], settings: Any) -> State:
    """Centre and spread of each channel of the training parts, and the names of the series."""
    names: list[str] = []

    def parts() -> Iterable[Any]:
        for row in rows:
            names.append(row["series"])
            yield logged(series_of(row, settings).values, settings)

    found = {"standard": scaling.standard, "robust": scaling.robust}[settings.scale](parts())
    return {"center": found.center, "scale": found.scale, "series": sorted({*names})}


def logged(values: Any, settings: Any) -> Any:
    """Values as they are scaled: their logarithm, where the settings say so (NumPy)."""
    return np.log(np.maximum(values, settings.log)) if settings.log else values


class ForecastingFeatures(Features):
    """Scales channels, fills gaps, knows the calendar; numbers the series from 1."""

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self._settings = settings
        self.targets = len(names_in(settings.target))
        self.channels = len(channels_of(settings))
        self.known = len(names_in(settings.future))
        self._scale = Scale(np.asarray(state["center"]), np.asarray(state["scale"]))
        self.series = len(state["series"])
        self._names = [*state["series"]]
        if settings.transform == "wavelet":
            self._wavelets = wavelets.transform(settings.lookback)
        if settings.embed_series:
            content = tf.lookup.KeyValueTensorInitializer(
                tf.constant(state["series"]), tf.range(1, 1 + self.series)
            )
            self.series_ids = tf.lookup.StaticHashTable(content, default_value=0)

    def known_values(self) -> dict[str, list[str]]:
        """The names of series that training showed; the model is told no others apart."""
        return {"series": self._names} if self._settings.embed_series else {}

    @property
    def moments(self) -> int:
        """Features of the calendar that a step has."""
        return calendar.size(self._settings.frequency) if self._settings.calendar else 0

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        """(inputs by name, [batch, horizon, targets, 2]: scaled truth and whether it is known)."""
        truth = self._scaled(batch["truth"], 0, self.targets)  # [batch, horizon, targets]
        seen = tf.math.is_finite(truth)
        known = tf.where(seen, truth, 0.0)
        return self.inputs(batch), tf.stack([known, tf.cast(seen, tf.float32)], axis=-1)

    def inputs(self, raw: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """What the model takes, by name."""
        settings = self._settings
        # A server does not hold requests to the declared shape: one channel would be taken for all.
        values = tf.ensure_shape(raw["values"], [None, settings.lookback, self.channels])
        values = self._scaled(values, 0, self.channels)  # [batch, lookback, channels]
        filled, seen = gaps.fill(values, settings.gaps)
        if settings.transform == "wavelet":
            filled = wavelets.denoise(filled, self._wavelets)
        found = {"values": filled}
        if settings.gaps == "mask":
            found["seen"] = seen
        if settings.calendar:
            found["calendar"] = calendar.features(
                raw["start"], settings.lookback + settings.horizon, settings.frequency
            )  # [batch, lookback + horizon, moments]
        if self.known:
            first = self.channels - self.known
            future = tf.ensure_shape(raw["future"], [None, settings.horizon, self.known])
            future, _ = gaps.fill(self._scaled(future, first, self.channels), "forward")
            found["future"] = future  # [batch, horizon, known]
        if settings.embed_series:
            found["series"] = self.series_ids.lookup(raw["series"])  # [batch]
        return found

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The forecast with its bands, each [batch, horizon, targets], in the user's units."""
        forecast = model(self.inputs(raw))  # [batch, horizon, targets, 5]
        found = {}
        for place, name in enumerate(NAMES):
            value = self._scale_of(0, self.targets).unscaled(forecast[..., place])
            found[name] = _exp(value) if self._settings.log else value
        return {name: found[name] for name in ("mean", "lower", "upper", "lower_80", "upper_80")}

    def explain(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """How much of each past step the forecast rests on: [batch, lookback], of sum 1."""
        from .attended import attended

        weights = attended(self._settings, model, self.inputs(raw))  # a row for each channel
        if self._settings.channels == "each":
            weights = tf.reshape(weights, [-1, self.targets, self._settings.lookback])
            weights = tf.reduce_mean(weights, axis=1)
        steps = tf.range(-self._settings.lookback, 0)
        names = tf.tile(tf.strings.as_string(steps)[None], [tf.shape(weights)[0], 1])
        return {"steps": names, "weights": weights}

    def _scaled(self, values: tf.Tensor, first: int, last: int) -> tf.Tensor:
        """In scales of the training part; NaN where nothing was observed."""
        values = tf.where(tf.math.is_finite(values), values, float("nan"))
        if self._settings.log:
            values = tf.math.log(tf.maximum(values, self._settings.log))
        scaled = self._scale_of(first, last).scaled(values)
        return tf.where(tf.abs(scaled) < LARGEST, scaled, float("nan"))

    def _scale_of(self, first: int, last: int) -> Scale:
        return Scale(self._scale.center[first:last], self._scale.scale[first:last])


def _exp(logarithms: tf.Tensor) -> tf.Tensor:
    """Their values, at most the largest that single precision has."""
    return tf.exp(tf.minimum(logarithms, 88.7))
