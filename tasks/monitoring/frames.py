"""Frames of fast sensors, such as vibration and sound, as how strong they are in each band.

A damaged bearing rings at a frequency of its own, long before the whole gets louder. A frame of raw
steps becomes the logarithm of its power in bands of equal width from 0 to half of the sampling
rate, which is what the model sees then. Bands come from a Fourier transform, or are wavelet
packets: one matrix either way, made once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.series.transforms import gaps
from seqapps.series.transforms.spectrum import band_energies
from seqapps.series.transforms.wavelets import packet_energies, packets

QUIET = 1e-10  # power, in squared deviations of the sensor, that silence is taken for
SEEN = 0.9  # share of a frame's steps that must have been observed: a held value has no sound
AT_ONCE = 1024  # frames


class Frames:
    """Cuts windows of scaled sensors into frames, and those into bands.

    With a `wavelet` they are its packets: `bands` is a power of 2. Raises UserError where it
    reaches too far for a frame.
    """

    def __init__(self, frame: int, bands: int, *, wavelet: str = "") -> None:
        self._frame, self._bands = frame, bands
        self._powers = _of_packets(frame, bands, wavelet) if wavelet else _of_fourier(frame, bands)

    def levels(self, filled: tf.Tensor, seen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(the levels of the bands, a mask that is 1 where the frame was observed).

        Of windows without gaps and their mask, both [batch, lookback, sensors]; each float [batch,
        lookback / frame, sensors * bands], the bands of the first sensor first.
        """
        sensors, frames = filled.shape[2], filled.shape[1] // self._frame
        cut = tf.reshape(filled, [-1, self._frame, sensors])  # [batch * frames, frame, sensors]
        energies = tf.transpose(self._powers(cut), [0, 2, 1])  # [..., sensors, bands]
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


def frames_of(settings: Any) -> Frames:
    """The frames that these settings want."""
    wavelet = settings.wavelet if settings.filters == "packets" else ""
    return Frames(settings.frame, settings.bands, wavelet=wavelet)


Powers = Callable[[tf.Tensor], tf.Tensor]  # [frames, frame, sensors] -> [frames, bands, sensors]


def _of_fourier(frame: int, bands: int) -> Powers:
    return band_energies(frame, 1.0, np.linspace(0, 0.5, bands + 1).tolist()).of


def _of_packets(frame: int, bands: int, wavelet: str) -> Powers:
    levels = bands.bit_length() - 1
    matrix = packets(frame, wavelet, levels=levels)

    def powers(cut: tf.Tensor) -> tf.Tensor:
        found: tf.Tensor = packet_energies(matrix, cut, levels=levels)
        return found

    return powers
