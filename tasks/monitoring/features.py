"""Windows in the user's units to tensors, and errors to scores, alarms and shares of sensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.features import Features
from seqapps.series.alarms import alarms_in_graph
from seqapps.series.row import names_in
from seqapps.series.transforms import gaps, scaling
from seqapps.series.transforms.scaling import Scale
from seqapps.task import Row, State

from .frames import frames_of
from .reference import from_level, highest, own, usual_scale, windows_of_reference
from .task import REFERENCE, frame_of
from .windows import ANOMALY, series_of

WIDEST = 20.0  # standard deviations: what the model sees of a value, however wild
Run = tuple[np.ndarray, np.ndarray]  # values [time, sensors], whether a step is normal [time]
SMALLEST = 1e-4  # of a threshold, and of errors' spread: what is below is rounding
FARTHEST = 1e9  # standard deviations that a drift is told up to


def fit(rows: Iterable[Row], settings: Any) -> State:
    """Centre and spread of each sensor in normal operation, and of each band where they are.

    With a reference the spread is that within runs.
    """
    runs: list[Run] = []  # where bands are watched

    def read() -> Iterator[Run]:
        for row in rows:
            values = series_of(row, settings).values
            run = values[:, :ANOMALY], values[:, ANOMALY] == 0
            if settings.bands:
                runs.append(run)
            yield run

    if settings.reference:
        found = usual_scale(read(), settings.reference)
    else:
        found = scaling.standard(values[well] for values, well in read())
    state = {"center": found.center, "scale": found.scale}
    if settings.bands:
        scaled = ((_clipped(_measured(values, found, settings)), well) for values, well in runs)
        bands = scaling.standard(frames_of(settings).of_series(scaled))
        state |= {"band_center": bands.center, "band_scale": bands.scale}
    return state


def _measured(values: np.ndarray, scale: Scale, settings: Any) -> np.ndarray:
    """What a run's values [time, sensors] are scaled to."""
    if settings.reference:
        return own(values, values[: settings.reference], scale)
    return np.asarray(scale.scaled(values))


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
            self._frames = frames_of(settings)
            self._levels = Scale(np.asarray(state["band_center"]), np.asarray(state["band_scale"]))

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        """(inputs by name, zeros [batch, steps]: the error that is wanted)."""
        inputs = self.inputs(batch)
        return inputs, tf.zeros_like(inputs["values"][:, :, 0])

    def inputs(self, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """{"values", "seen"}: scaled and without gaps, and what was observed; both [batch, steps,
        channels].
        """
        return self._tensors(self._scaled(raw))

    def _tensors(self, scaled: tf.Tensor) -> dict[str, tf.Tensor]:
        """The same of windows that are scaled, whose gaps are not filled."""
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
        deviations = self.deviations(model, inputs)  # [batch, steps, channels]
        scores = self._by_step(tf.reduce_max(deviations, axis=2))  # [batch, lookback]
        threshold = self._threshold(model, raw)  # [batch]
        alarms = alarms_in_graph(
            scores,
            threshold[:, None],
            threshold[:, None] * self._settings.hysteresis,
            duration=self._settings.duration,
        )
        rows = tf.shape(scores)[0]
        last = tf.reshape(deviations[:, -1], [rows, self.sensors, -1])  # [batch, sensors, bands]
        return {
            "step_scores": scores,
            "score": scores[:, -1],
            "threshold": threshold,
            "alarm": alarms[:, -1],
            "step_alarms": tf.cast(alarms, tf.float32),
            "contributions": tf.reduce_max(last, axis=2),
            "drift": self._drift(self._scaled(raw)),
        }

    def _threshold(self, model: Any, raw: dict[str, tf.Tensor]) -> tf.Tensor:
        """Of each window: float [batch].

        With a reference it is set on the scores there, for the wanted share of false alarms; where
        that was not observed, and without one, it is the threshold of validation.
        """
        rows = tf.shape(raw["values"])[0]
        common = tf.fill([rows], tf.convert_to_tensor(model.get_layer("judge").threshold))
        if not self._settings.reference:
            return common
        first = self._scale.scaled(raw[REFERENCE])  # [batch, reference, sensors]
        windows, count, new = windows_of_reference(from_level(first, first), self._settings)
        new //= self._frame
        deviations = self.deviations(model, self._tensors(windows))
        scores = tf.reduce_max(deviations, axis=2)[:, -new:]
        scores = tf.reshape(scores, [rows, count * new])
        own = highest(scores, share=self._settings.false_alarms)
        own = tf.maximum(own * self._settings.margin, SMALLEST)
        observed = tf.reduce_any(tf.math.is_finite(first), axis=[1, 2])
        return tf.where(observed, own, common)

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

    def _scaled(self, raw: dict[str, tf.Tensor]) -> tf.Tensor:
        """[batch, lookback, sensors] in deviations of training, or of the run's own first steps."""
        scaled = self._scale.scaled(raw["values"])
        if not self._settings.reference:
            return scaled
        return from_level(scaled, self._scale.scaled(raw[REFERENCE]))

    def _drift(self, far: tf.Tensor) -> tf.Tensor:
        """[batch, sensors]; 0 of a sensor that the window did not observe."""
        seen = tf.math.is_finite(far)
        far = tf.where(seen, tf.clip_by_value(far, -FARTHEST, FARTHEST), 0.0)
        total = tf.reduce_sum(far, axis=1)
        return total / tf.maximum(tf.reduce_sum(tf.cast(seen, tf.float32), axis=1), 1.0)
