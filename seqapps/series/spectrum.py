"""The periodogram of a series beside what red noise of the same kind would give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CHANCE = 0.01  # that a series without any period has a peak over the threshold
TAPERED = 0.2  # of the series is faded in and out, so that its ends do not leak everywhere
FLOOR = 1e-10  # of the mean power: rounding of a series without noise is no peak


@dataclass(frozen=True)
class Spectrum:
    """Power by frequency; frequency number k is that of k cycles in the whole series."""

    power: np.ndarray  # float64 [frequencies], k = 1, 2, ..., time // 2
    background: np.ndarray  # float64 [frequencies], what the noise alone would have in the mean
    threshold: float  # times the background: more is a peak, but for a chance of CHANCE
    time: int  # steps of the series

    @property
    def cycles(self) -> np.ndarray:
        """How often each frequency fits into the series: [frequencies]."""
        return np.arange(1, len(self.power) + 1)

    @property
    def stands_out(self) -> np.ndarray:
        """Power over the threshold, [frequencies]: above 1 is more than noise."""
        return np.asarray(self.power / (self.background * self.threshold))


def spectrum(values: np.ndarray) -> Spectrum:
    """The spectrum of finite values [time], of which there are at least 4 and not all the same.

    The power of noise at one frequency has an exponential distribution around the background, so
    of n frequencies none exceeds log(n / CHANCE) times it, but for that chance (Torrence and Compo
    1998, section 4). The background is the larger of two: the spectrum of an AR(1) process, fitted
    to the median-smoothed periodogram so that peaks do not raise it (Mann and Lees 1996), and the
    median of the neighbouring frequencies, for what is slower than any AR(1).
    """
    from scipy.fft import rfft
    from scipy.signal.windows import tukey

    tapered = detrended(values) * tukey(len(values), TAPERED)
    power = np.abs(rfft(tapered)[1:]) ** 2  # [frequencies]
    power = np.maximum(power, FLOOR * power.mean() + np.finfo("float64").tiny)
    background = np.maximum(_red_noise(power), _neighbours(power))
    return Spectrum(power, background, float(np.log(len(power) / CHANCE)), len(values))


def detrended(values: np.ndarray) -> np.ndarray:
    """Values [time] without the parabola that fits them best."""
    place = np.linspace(-1, 1, len(values))
    return np.asarray(values - np.polyval(np.polyfit(place, values, 2), place))


def _red_noise(power: np.ndarray) -> np.ndarray:
    """The AR(1) spectrum that is nearest, in logarithms, to the smoothed one: [frequencies]."""
    from scipy.ndimage import median_filter

    count = len(power)
    width = max(3, count // 20) | 1
    # The median of an exponential distribution is log(2) of its mean.
    smooth = np.log(median_filter(power, size=width, mode="nearest") / np.log(2))
    cosine = np.cos(np.pi * np.arange(1, count + 1) / count)
    best = (np.inf, smooth)
    for far in np.geomspace(1, 1e-4, 200):  # from a unit root
        phi = 1 - far
        shape = np.log((1 - phi**2) / (1 - 2 * phi * cosine + phi**2))
        level = (smooth - shape).mean()
        distance = float(np.square(smooth - shape - level).mean())
        if distance < best[0]:
            best = (distance, shape + level)
    return np.asarray(np.exp(best[1]))


def _neighbours(power: np.ndarray) -> np.ndarray:
    """The mean that the median over 3/5 to 5/3 of a frequency stands for: [frequencies]."""
    count = len(power)
    few = np.arange(1, min(60, count) + 1)
    places = np.unique(np.r_[few, np.geomspace(1, count, 200).astype(int)])
    medians = [
        np.median(power[max(0, int(place * 0.6) - 1) : int(np.ceil(place / 0.6))])
        for place in places
    ]
    logarithm = np.interp(np.log(np.arange(1, count + 1)), np.log(places), np.log(medians))
    return np.asarray(np.exp(logarithm) / np.log(2))
