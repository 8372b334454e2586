"""Windows in the user's units to tensors, and errors to scores, alarms and shares of sensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.features import Features
from seqapps.series.alarms import alarms_in_graph
from seqapps.series.row import names_in
from seqapps.series.transforms import gaps, scaling
from seqapps.series.transforms.scaling import Scale
from seqapps.task import Row, State

from .frames import Frames
from .task import frame_of
from .windows import ANOMALY, series_of

WIDEST = 20.0  # standard deviations: what the model sees of a value, however wild
FARTHEST = 1e9  # standard deviations that a drift is told up to


def fit(rows: Iterable[Row], settings: Any) -> State:
    """Centre and spread of each sensor in normal operation, and of each band where they are."""
    parts: list[tuple[np.ndarray, np.ndarray]] = []  # where bands are watched

    def normal() -> Iterable[np.ndarray]:
        for row in rows:
            values = series_of(row, settings).values
            well = values[:, ANOMALY] == 0
            if settings.bands:
                parts.append((values[:, :ANOMALY], well))
            yield values[well, :ANOMALY]

    found = scaling.standard(normal())
    state = {"center": found.center, "scale": found.scale}
    if settings.bands:
        scaled = ((_clipped(found.scaled(values)), well) for values, well in parts)
        bands = scaling.standard(Frames(settings.frame, settings.bands).of_series(scaled))
        state |= {"band_center": bands.center, "band_scale": bands.scale}
    return state


def _clipped(values: np.ndarray) -> np.ndarray:
    return np.clip(values, -WIDEST, WIDEST)


class MonitoringFeatures(Features):
    """Scales sensors and fills gaps by what came before; scores errors of the model.

    What the model sees are steps of sensors, or frames of their bands: [batch, steps, channels].
    """

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self._settings = settings
        self.sensors = len(names_in(settings.sensors))
        self._scale = Scale(np.asarray(state["center"]), np.asarray(state["scale"]))
        self._frame = frame_of(settings)
        self.steps = settings.lookback // self._frame
        self.channels = self.sensors * (settings.bands or 1)
        self.new = settings.stride // self._frame  # last ones that no other window speaks for
        self._smooth = max(1, round(settings.smooth / self._frame))
        if settings.bands:
            self._frames = Frames(settings.frame, settings.bands)
            self._levels = Scale(np.asarray(state["band_center"]), np.asarray(state["band_scale"]))

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        """(inputs by name, zeros [batch, steps]: the error that is wanted)."""
        inputs = self.inputs(batch)
        return inputs, tf.zeros_like(inputs["values"][:, :, 0])

    def inputs(self, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """{"values", "seen"}: scaled and without gaps, and what was observed; both [batch, steps,
        channels].
        """
        scaled = self._scale.scaled(raw["values"])
        scaled = tf.where(tf.math.is_finite(scaled), scaled, float("nan"))
        filled, seen = gaps.fill(scaled, "causal")
        filled = tf.clip_by_value(filled, -WIDEST, WIDEST)  # [batch, lookback, sensors]
        if self._settings.bands:
            levels, seen = self._frames.levels(filled, seen)  # [batch, steps, channels]
            # A frame that nobody observed is as usual; its error does not count anyway.
            levels = tf.where(seen > 0, self._levels.scaled(levels), 0.0)
            filled = tf.clip_by_value(levels, -WIDEST, WIDEST)
        return {"values": filled, "seen": seen}

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Scores and alarms of each step of the window, from what came before it alone."""
        inputs = self.inputs(raw)
        judge = model.get_layer("judge")
        deviations = self.deviations(model, inputs)  # [batch, steps, channels]
        scores = self._by_step(tf.reduce_max(deviations, axis=2))  # [batch, lookback]
        alarms = alarms_in_graph(
            scores,
            judge.threshold,
            judge.threshold * self._settings.hysteresis,
            duration=self._settings.duration,
        )
        rows = tf.shape(scores)[0]
        last = tf.reshape(deviations[:, -1], [rows, self.sensors, -1])  # [batch, sensors, bands]
        return {
            "step_scores": scores,
            "score": scores[:, -1],
            "threshold": tf.fill([rows], tf.convert_to_tensor(judge.threshold)),
            "alarm": alarms[:, -1],
            "step_alarms": tf.cast(alarms, tf.float32),
            "contributions": tf.reduce_max(last, axis=2),
            "drift": self._drift(raw["values"]),
        }

    def embed(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """What a window is like: the autoencoder's codes, float [batch, code] each."""
        import keras

        coder = keras.Model(model.input, model.get_layer("code").output)
        codes = coder(self.inputs(raw))  # [batch, steps, code]
        return {"embedding": tf.reduce_mean(codes, axis=1), "last_code": codes[:, -1]}

    def deviations(self, model: Any, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        """How far smoothed errors are from the usual ones, in their deviations: float [batch,
        steps, channels]; the mean over the detectors.
        """
        judge = model.get_layer("judge")
        errors = self.smoothed(model(inputs))  # [batch, steps, detectors, channels]
        far = tf.abs(errors - tf.convert_to_tensor(judge.usual)) / tf.convert_to_tensor(
            judge.spread
        )
        return tf.reduce_mean(far, axis=2)

    def smoothed(self, errors: tf.Tensor) -> tf.Tensor:
        """The mean over the last `smooth` steps, of the first steps over those there are."""
        total = tf.cumsum(errors, axis=1)
        before = tf.pad(total, [[0, 0], [self._smooth, 0], [0, 0], [0, 0]])[:, : self.steps]
        count = np.minimum(np.arange(1, self.steps + 1), self._smooth).astype("float32")
        return (total - before) / count[:, None, None]

    def _by_step(self, scores: tf.Tensor) -> tf.Tensor:
        """Scores of frames [batch, steps] at the raw steps: [batch, lookback].

        A step has the score of the last frame that is over then, the first ones have 0.
        """
        if self._frame == 1:
            return scores
        each = tf.repeat(scores, self._frame, axis=1)  # [batch, lookback]
        return tf.pad(each, [[0, 0], [self._frame - 1, 0]])[:, : self._settings.lookback]

    def _drift(self, values: tf.Tensor) -> tf.Tensor:
        """[batch, sensors]; 0 of a sensor that the window did not observe."""
        far = self._scale.scaled(values)
        seen = tf.math.is_finite(far)
        far = tf.where(seen, tf.clip_by_value(far, -FARTHEST, FARTHEST), 0.0)
        total = tf.reduce_sum(far, axis=1)
        return total / tf.maximum(tf.reduce_sum(tf.cast(seen, tf.float32), axis=1), 1.0)
