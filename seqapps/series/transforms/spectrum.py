"""How much of a window's power lies in which band of frequencies, by two matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from seqapps.errors import UserError
from seqapps.series.transforms.matrix import apply


@dataclass(frozen=True)
class BandEnergies:
    """The power in bands of a window's spectrum, in squared units of the values.

    Two real matrices, cosines and sines one above the other, then a sum of squares for each band.
    """

    waves: np.ndarray  # float64 [2 * bins, lookback]
    sums: np.ndarray  # float64 [bands, 2 * bins], 0 or 1

    def of(self, values: Any) -> Any:
        """The power of windows [batch, lookback, channels]: [batch, bands, channels]."""
        return apply(self.sums, apply(self.waves, values) ** 2)


def band_energies(
    lookback: int, rate: float, edges: Sequence[float], *, window: str = "hann"
) -> BandEnergies:
    """The power between neighbouring `edges` in Hz, at `rate` steps a second.

    Band k is edges[k] <= f < edges[k + 1]; the last one includes its upper edge. The mean of the
    window is taken off, then it is weighted by `window` (a name that scipy.signal.get_window
    knows) and scaled so that all bins together give the weighted mean square of what varies: a
    modified periodogram (Welch 1967, one segment) summed over the band. A sine of amplitude a
    within a band gives a^2 / 2. Bins are rate / lookback apart; a peak is spread over about
    two of them to either side.
    """
    from scipy import signal

    edges = [float(edge) for edge in edges]
    inside = _bins_in_bands(lookback, rate, edges)  # [bands, bins]
    used = inside.any(axis=0)
    bins = np.flatnonzero(used)
    weight = signal.get_window(window, lookback)
    twice = np.where((bins == 0) | (2 * bins == lookback), 1, 2)  # one-sided: -f lies on f
    scale = np.sqrt(twice / (lookback * np.sum(weight**2)))[:, None]
    # Whole turns are taken off before they lose digits.
    angle = 2 * np.pi * (bins[:, None] * np.arange(lookback) % lookback) / lookback
    varying = np.eye(lookback) - 1 / lookback  # takes the mean off
    waves = np.concatenate([scale * wave(angle) * weight for wave in (np.cos, np.sin)]) @ varying
    return BandEnergies(waves, np.tile(inside[:, used], 2).astype("float64"))


def band_energies_by_period(
    lookback: int, periods: Sequence[float], *, window: str = "hann"
) -> BandEnergies:
    """The same with edges as periods in steps, falling: bands from the longest to the shortest.

    `float("inf")` is frequency 0.

    >>> band_energies_by_period(64, [64, 16, 4, 2]).sums.shape
    (3, 64)
    """
    return band_energies(lookback, 1.0, [1 / period for period in periods], window=window)


def _bins_in_bands(lookback: int, rate: float, edges: list[float]) -> np.ndarray:
    """Which frequencies of the transform lie in which band: bool [bands, lookback // 2 + 1]."""
    if not (rate > 0 and len(edges) > 1 and edges[0] >= 0 and edges[-1] <= rate / 2) or any(
        low >= high for low, high in pairwise(edges)
    ):
        raise UserError(
            f"band energies: received edges {edges} Hz at a rate of {rate} steps a second; "
            f"expected rising frequencies from 0 to at most {rate / 2:g} Hz, half the rate "
            "(samples tell nothing of higher ones)"
        )
    frequency = np.arange(lookback // 2 + 1) * rate / lookback
    slack = 1e-9 * rate  # an edge that is a bin must not miss it by rounding
    bands = []
    for low, high in pairwise(edges):
        inside = (frequency >= low - slack) & (frequency < high - slack)
        if high == edges[-1]:
            inside |= np.abs(frequency - high) <= slack
        if not inside.any():
            raise UserError(
                f"band energies: no frequency of a window of {lookback} steps at {rate} steps a "
                f"second lies from {low:g} to {high:g} Hz; they are {rate / lookback:g} Hz apart. "
                "Take wider bands or a longer look-back"
            )
        bands.append(inside)
    return np.stack(bands)
