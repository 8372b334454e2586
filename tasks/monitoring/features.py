"""Windows in the user's units to tensors, and errors to scores, alarms and shares of sensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.features import Features
from seqapps.series.alarms import alarms_in_graph
from seqapps.series.transforms import gaps, scaling
from seqapps.series.transforms.scaling import Scale
from seqapps.task import Row, State

from .task import names_in
from .windows import ANOMALY, series_of

WIDEST = 20.0  # standard deviations: what the model sees of a value, however wild


def fit(rows: Iterable[Row], settings: Any) -> State:
    """Centre and spread of each sensor in normal operation."""

    def normal() -> Iterable[np.ndarray]:
        for row in rows:
            values = series_of(row, settings).values
            yield values[values[:, ANOMALY] == 0, :ANOMALY]

    found = scaling.standard(normal())
    return {"center": found.center, "scale": found.scale}


class MonitoringFeatures(Features):
    """Scales sensors and fills gaps by what came before; scores errors of the model."""

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self._settings = settings
        self.sensors = len(names_in(settings.sensors))
        self._scale = Scale(np.asarray(state["center"]), np.asarray(state["scale"]))

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        """(inputs by name, zeros [batch, lookback]: the error that is wanted)."""
        inputs = self.inputs(batch)
        return inputs, tf.zeros_like(inputs["values"][:, :, 0])

    def inputs(self, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """{"values", "seen"}: scaled and without gaps, and what was observed; both [batch,
        lookback, sensors].
        """
        scaled = self._scale.scaled(raw["values"])
        scaled = tf.where(tf.math.is_finite(scaled), scaled, float("nan"))
        filled, seen = gaps.fill(scaled, "causal")
        return {"values": tf.clip_by_value(filled, -WIDEST, WIDEST), "seen": seen}

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Scores and alarms of each step of the window, from what came before it alone."""
        inputs = self.inputs(raw)
        judge = model.get_layer("judge")
        deviations = self.deviations(model, inputs)  # [batch, lookback, sensors]
        scores = tf.reduce_max(deviations, axis=2)  # [batch, lookback]
        alarms = alarms_in_graph(
            scores,
            judge.threshold,
            judge.threshold * self._settings.hysteresis,
            duration=self._settings.duration,
        )
        rows = tf.shape(scores)[0]
        return {
            "step_scores": scores,
            "score": scores[:, -1],
            "threshold": tf.fill([rows], tf.convert_to_tensor(judge.threshold)),
            "alarm": alarms[:, -1],
            "step_alarms": tf.cast(alarms, tf.float32),
            "contributions": deviations[:, -1],
            "drift": self._drift(raw["values"]),
        }

    def deviations(self, model: Any, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        """How far smoothed errors are from the usual ones, in their deviations: float [batch,
        lookback, sensors]; the mean over the detectors.
        """
        judge = model.get_layer("judge")
        errors = self.smoothed(model(inputs))  # [batch, lookback, detectors, sensors]
        far = tf.abs(errors - tf.convert_to_tensor(judge.usual)) / tf.convert_to_tensor(
            judge.spread
        )
        return tf.reduce_mean(far, axis=2)

    def smoothed(self, errors: tf.Tensor) -> tf.Tensor:
        """The mean over the last `smooth` steps, of the first steps over those there are."""
        smooth, steps = self._settings.smooth, self._settings.lookback
        total = tf.cumsum(errors, axis=1)
        before = tf.pad(total, [[0, 0], [smooth, 0], [0, 0], [0, 0]])[:, :steps]
        count = np.minimum(np.arange(1, steps + 1), smooth).astype("float32")
        return (total - before) / count[:, None, None]

    def _drift(self, values: tf.Tensor) -> tf.Tensor:
        """[batch, sensors]; 0 of a sensor that the window did not observe."""
        far = self._scale.scaled(values)
        seen = tf.math.is_finite(far)
        total = tf.reduce_sum(tf.where(seen, far, 0.0), axis=1)
        return total / tf.maximum(tf.reduce_sum(tf.cast(seen, tf.float32), axis=1), 1.0)
