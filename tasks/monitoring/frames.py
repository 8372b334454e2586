"""Frames of fast sensors, such as vibration and sound, as how strong they are in each band.

A damaged bearing rings at a frequency of its own, long before the whole gets louder. A frame of raw
steps becomes the logarithm of its power in bands of equal width from 0 to half of the sampling
rate, which is what the model sees then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf

from seqapps.series.transforms import gaps
from seqapps.series.transforms.spectrum import band_energies

QUIET = 1e-10  # power, in squared deviations of the sensor, that silence is taken for
SEEN = 0.9  # share of a frame's steps that must have been observed: a held value has no sound
AT_ONCE = 1024  # frames


class Frames:
    """Cuts windows of scaled sensors into frames, and those into bands."""

    def __init__(self, frame: int, bands: int) -> None:
        self._frame, self._bands = frame, bands
        self._energies = band_energies(frame, 1.0, np.linspace(0, 0.5, bands + 1).tolist())

    def levels(self, filled: tf.Tensor, seen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(the levels of the bands, a mask that is 1 where the frame was observed).

        Of windows without gaps and their mask, both [batch, lookback, sensors]; each float [batch,
        lookback / frame, sensors * bands], the bands of the first sensor first.
        """
        sensors, frames = filled.shape[2], filled.shape[1] // self._frame
        cut = tf.reshape(filled, [-1, self._frame, sensors])  # [batch * frames, frame, sensors]
        energies = tf.transpose(self._energies.of(cut), [0, 2, 1])  # [..., sensors, bands]
        shape = [-1, frames, sensors * self._bands]
        there = tf.reduce_mean(tf.reshape(seen, [-1, self._frame, sensors]), axis=1)
        mask = tf.cast(there >= SEEN, filled.dtype)
        mask = tf.reshape(tf.repeat(mask, self._bands, axis=1), shape)
        return tf.reshape(tf.math.log(energies + QUIET), shape), mask

    def of_series(self, parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        """Levels [frames, sensors * bands] of the frames of normal operation, NaN where unseen.

        `parts` are scaled values [time, sensors] and whether a step is normal [time].
        """
        for values, normal in parts:
            frames = len(values) // self._frame
            cut = values[: frames * self._frame].reshape([frames, self._frame, -1])
            cut = cut[normal[: frames * self._frame].reshape([frames, -1]).all(axis=1)]
            for first in range(0, len(cut), AT_ONCE):
                filled, seen = gaps.fill(cut[first : first + AT_ONCE].astype("float32"), "causal")
                levels, mask = self.levels(filled, seen)
                yield np.where(mask[:, 0] > 0, levels[:, 0], np.nan)
