"""Scales of channels, learnt from the training values once, read in one pass with flat memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

# Less than single precision can tell from a constant of this size.
_CONSTANT = 4 * float(np.finfo("float32").eps)


@dataclass(frozen=True)
class Scale:
    """Where each channel's zero lies and how long its unit is."""

    center: np.ndarray  # float64 [channels]
    scale: np.ndarray  # float64 [channels], above 0

    def scaled(self, values: Any) -> Any:
        """[..., channels] in the values' units -> in scales from the center; NaN stays NaN."""
        center, scale = self._like(values)
        return (values - center) / scale

    def unscaled(self, scaled: Any) -> Any:
        """The inverse of `scaled`."""
        center, scale = self._like(scaled)
        return scaled * scale + center

    def _like(self, values: Any) -> tuple[np.ndarray, np.ndarray]:
        kind = getattr(values.dtype, "as_numpy_dtype", values.dtype)
        return self.center.astype(kind), self.scale.astype(kind)


class Moments:
    """Count, mean, variance and range of each channel, chunk by chunk; NaN and infinity left out.

    Chan, Golub and LeVeque 1983: the chunks' own means and sums of squares are joined, so no
    large squares are subtracted from each other.
    """

    def __init__(self) -> None:
        self.count: Any = 0.0  # float64 [channels], as are the others
        self.mean: Any = 0.0
        self._squares: Any = 0.0
        self._low: Any = np.inf
        self._high: Any = -np.inf

    def add(self, chunk: np.ndarray) -> None:
        """Take in float [steps, channels]."""
        chunk = np.asarray(chunk, "float64")
        seen = np.isfinite(chunk)
        count = seen.sum(axis=0).astype("float64")
        mean = np.where(seen, chunk, 0).sum(axis=0) / np.maximum(count, 1)
        squares = (np.where(seen, chunk - mean, 0) ** 2).sum(axis=0)
        both = np.maximum(self.count + count, 1)
        gap = mean - self.mean
        self._squares = self._squares + squares + gap**2 * self.count * count / both
        self.mean = self.mean + gap * count / both
        self.count = self.count + count
        self._low = np.minimum(self._low, np.where(seen, chunk, np.inf).min(axis=0, initial=np.inf))
        self._high = np.maximum(
            self._high, np.where(seen, chunk, -np.inf).max(axis=0, initial=-np.inf)
        )

    @property
    def deviation(self) -> np.ndarray:
        """The standard deviation (divided by n): float64 [channels]; 1 where there is none."""
        if np.ndim(self.count) == 0:
            raise ValueError("scaling: received no chunk; expected float [steps, channels]")
        size = np.maximum(np.abs(self._low), np.abs(self._high))
        varies = (self.count > 0) & (self._high - self._low > _CONSTANT * size)
        variance = self._squares / np.maximum(self.count, 1)
        return np.sqrt(np.where(varies, variance, 1.0))


def standard(chunks: Iterable[np.ndarray]) -> Scale:
    """Mean and standard deviation of each channel over chunks of float [steps, channels].

    NaN and infinity are left out. A channel that is constant to single precision gets scale 1, one
    without any value center 0 and scale 1.
    """
    moments = Moments()
    for chunk in chunks:
        moments.add(chunk)
    return Scale(moments.deviation * 0 + moments.mean, moments.deviation)


def robust(chunks: Iterable[np.ndarray], *, sample: int = 20_000, seed: int = 0) -> Scale:
    """Median and interquartile range / 1.349 of each channel; outliers do not move them.

    Divided so, the scale of normal values is their standard deviation. Taken from at most `sample`
    values of each channel, drawn alike from all of them; the same however they are cut into chunks.
    A channel whose quartiles coincide gets the standard deviation, a constant one scale 1.
    """
    moments = Moments()
    kept: list[np.ndarray] = []  # float64 [steps, channels]
    keys: list[np.ndarray] = []  # of the same shapes; infinity where there is no value
    random = np.random.default_rng(seed)
    for chunk in chunks:
        chunk = np.asarray(chunk, "float64")
        moments.add(chunk)
        drawn = random.random(chunk.shape)
        drawn[~np.isfinite(chunk)] = np.inf
        kept, keys = _smallest([*kept, chunk], [*keys, drawn], sample)
    scale = moments.deviation
    center = np.zeros_like(scale)
    for channel in np.flatnonzero(moments.count):
        seen = kept[0][np.isfinite(keys[0][:, channel]), channel]
        low, center[channel], high = np.percentile(seen, [25, 50, 75])
        if high - low > _CONSTANT * np.abs(seen).max():
            scale[channel] = (high - low) / 1.349
    return Scale(center, scale)


def _smallest(
    kept: list[np.ndarray], keys: list[np.ndarray], sample: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Of each channel the values with the smallest keys: a sample without replacement."""
    values, drawn = np.concatenate(kept), np.concatenate(keys)
    if len(values) > sample:
        rows = np.argpartition(drawn, sample - 1, axis=0)[:sample]
        values, drawn = (np.take_along_axis(each, rows, axis=0) for each in (values, drawn))
    return [values], [drawn]
