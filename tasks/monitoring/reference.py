"""A run's own normal level: what the sensors were like in its first steps.

Two machines of one kind, or one machine on two days, run at levels of their own. Measured from the
level of its own beginning, a run is like the others, and what moves in it is seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.series.transforms import scaling
from seqapps.series.transforms.scaling import Scale

# Of the usual deviation within a run: the unit of a sensor that stood still in the reference.
LEAST = 0.01


def level_of(reference: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """(centre, deviation) of each sensor, both [batch, 1, sensors], of first steps [batch, steps,
    sensors].

    What was not observed is NaN. A sensor without two values has centre 0 and deviation 1: those
    of training, in whose units the values are.
    """
    seen = tf.math.is_finite(reference)
    count = tf.reduce_sum(tf.cast(seen, reference.dtype), axis=1, keepdims=True)
    known = tf.where(seen, reference, 0.0)
    center = tf.reduce_sum(known, axis=1, keepdims=True) / tf.maximum(count, 1.0)
    away = tf.where(seen, reference - center, 0.0)
    squares = tf.reduce_sum(away * away, axis=1, keepdims=True)
    deviation = tf.maximum(tf.sqrt(squares / tf.maximum(count, 1.0)), LEAST)
    enough = count >= 2
    return tf.where(enough, center, 0.0), tf.where(enough, deviation, 1.0)


def from_level(values: tf.Tensor, reference: tf.Tensor) -> tf.Tensor:
    """Values [batch, time, sensors] in deviations of their own first steps."""
    center, deviation = level_of(reference)
    return (values - center) / deviation


def windows_of_reference(reference: tf.Tensor, settings: Any) -> tuple[tf.Tensor, int, int]:
    """(windows [batch * count, lookback, sensors] of a reference, their count, how many last steps
    of each speak for themselves).

    The steps before those have what `smooth` averages; the last window ends with the reference.
    """
    lookback, frame = settings.lookback, settings.frame if settings.bands else 1
    new = max(frame, (lookback - settings.smooth) // frame * frame)
    ends = range(settings.reference, lookback - 1, -new)
    windows = tf.stack([reference[:, end - lookback : end] for end in ends], axis=1)
    return tf.reshape(windows, [-1, lookback, reference.shape[2]]), len(ends), new


def highest(scores: tf.Tensor, *, share: float) -> tf.Tensor:
    """The score that a share of scores [batch, steps] exceeds, the highest for 0: [batch].

    The next higher of them, as `seqapps.series.thresholds.threshold` has it.
    """
    above = math.floor(share * scores.shape[1] + 1e-9)
    return tf.math.top_k(scores, above + 1).values[:, -1]


def usual_scale(runs: Iterable[tuple[np.ndarray, np.ndarray]], steps: int) -> Scale:
    """The mean level of runs, and the deviation within them, of each sensor.

    `runs` are values [time, sensors] and whether each step is normal [time].
    """
    levels: list[np.ndarray] = []

    def within() -> Iterator[np.ndarray]:
        for values, normal in runs:
            levels.append(_mean(values[:steps]))
            yield values[normal] - np.nan_to_num(levels[-1])

    scale = scaling.standard(within()).scale
    return Scale(np.nan_to_num(_mean(np.array(levels))), scale)


def _mean(values: np.ndarray) -> np.ndarray:
    """Of each sensor, NaN of one that was never observed: float64 [sensors]."""
    seen = np.isfinite(values)
    total = np.where(seen, values.astype("float64"), 0.0).sum(axis=0)
    count = seen.sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def own(values: Any, reference: Any, scale: Scale) -> np.ndarray:
    """NumPy values [time, sensors] of a run in deviations of its own first steps."""
    scaled, first = (
        scale.scaled(np.asarray(each, "float32"))[np.newaxis] for each in (values, reference)
    )
    return np.asarray(from_level(tf.constant(scaled), tf.constant(first))[0])
