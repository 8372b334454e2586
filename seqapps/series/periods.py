"""The periods of a series: peaks of its spectrum that its autocorrelation confirms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.series.gapless import without_gaps
from seqapps.series.spectrum import Spectrum, detrended, spectrum

SHORTEST_SERIES = 16  # steps; less has no periods that anybody could tell from chance
CYCLES = 4  # of a period that a series must hold
MOST_STEPS = 2**18  # the last ones of a longer series are looked at
MOST_PERIODS = 5
NEAR = 0.2  # in logarithms: peaks nearer than that are one period that is not strictly kept
HARMONICS = 12  # of a period that belong to its shape
ROUNDING = 1e-9  # of the range of the values: less than that about a trend is nothing
LEAST_SHARE = 1e-3  # of the variance
MORE = 1.25  # times the share of a period: so much must a longer one have to be taken for it


@dataclass(frozen=True)
class Period:
    """A period of a series, with what repeats at whole fractions of it."""

    steps: float
    share: float  # of the variance about the trend, over the noise, its harmonics included
    stands_out: float  # its power, over what noise would reach by chance: above 1
    harmonics: tuple[int, ...] = ()  # 2 is half the period, 3 a third, ...


def periods_of(values: np.ndarray) -> tuple[Period, ...]:
    """The periods of values [time], NaN in gaps; what stands out most comes first.

    None of a series that is constant, shorter than 16 steps, or no more regular than red noise.
    """
    shown = looked_at(values)
    return () if shown is None else periods_in(shown, spectrum(shown))


def season_of(values: np.ndarray) -> int:
    """The steps of one season of values [time], the default of baselines and models; 1 is none.

    It is the period that stands out most over the noise around it, so that of a year of hourly
    temperatures it is the day, although summer and winter differ more.
    """
    found = periods_of(values)
    return max(1, round(found[0].steps)) if found else 1


def looked_at(values: np.ndarray) -> np.ndarray | None:
    """The gapless end of a series that is searched; None where there is nothing to find."""
    shown = without_gaps(values).values[-MOST_STEPS:]
    if len(shown) < SHORTEST_SERIES or np.std(detrended(shown)) <= ROUNDING * np.ptp(shown):
        return None
    return shown


def periods_in(values: np.ndarray, found: Spectrum) -> tuple[Period, ...]:
    """The periods of finite values [time] with this spectrum.

    Each peak must be a hill of the autocorrelation too, as leakage and noise are not (Vlachos, Yu
    and Castelli 2005), whose top tells its place more exactly. Peaks at whole fractions of a
    period are part of it.
    """
    peaks = _peaks(found)
    if not peaks:
        return ()
    correlation = _Correlation(values)
    confirmed = [
        _Line(cycles, steps, found)
        for cycles in peaks
        if (steps := correlation.hill(cycles)) is not None
    ]
    confirmed.sort(key=lambda line: -line.steps)
    bases: list[_Line] = []
    for line in confirmed:
        longer = [base for base in bases if base.harmonic(line.exact_cycles)]
        # The week of which each day is alike is no period: the day tells as much.
        if all(base.share(peaks) < MORE * line.share(peaks) for base in longer):
            bases.append(line)
    periods = []
    for base in bases:
        others = [line for line in bases if base.harmonic(line.exact_cycles)]
        own = [peak for peak in peaks if not any(line.holds(peak) for line in others)]
        periods.append(base.period(own))
    kept = [each for each in periods if each.share >= LEAST_SHARE]
    return tuple(sorted(kept, key=lambda each: -each.stands_out)[:MOST_PERIODS])


def _peaks(found: Spectrum) -> list[int]:
    """Cycles of the peaks that are no chance, the one that stands out most first."""
    stands_out = found.stands_out
    peaks: list[int] = []
    for place in np.argsort(-stands_out):
        cycles = int(place) + 1
        if stands_out[place] <= 1:
            break
        if cycles >= CYCLES and all(abs(np.log(cycles / other)) > NEAR for other in peaks):
            peaks.append(cycles)
    return peaks


class _Line:
    """One confirmed peak and what belongs to it."""

    def __init__(self, cycles: int, steps: float, found: Spectrum) -> None:
        self.cycles, self.steps, self._found = cycles, steps, found
        self.exact_cycles = found.time / steps

    def harmonic(self, cycles: float) -> int:
        """Which harmonic that many cycles are, 2 for half of the period; 0 where none."""
        number = round(cycles / self.exact_cycles)
        # A peak lies within a cycle of its place; of few cycles in a series less is told apart.
        near = min(1 + number / 2, 0.15 * self.exact_cycles)
        whole = abs(cycles - number * self.exact_cycles) <= near
        return number if 2 <= number <= HARMONICS and whole else 0

    def holds(self, peak: int) -> bool:
        return peak == self.cycles or self.harmonic(peak) > 0

    def share(self, peaks: list[int]) -> float:
        """Of the variance, what stands over the noise at this period and at its harmonics."""
        own = np.zeros(len(self._found.power), "bool")
        for peak in filter(self.holds, peaks):
            own |= np.abs(np.log(self._found.cycles / peak)) < NEAR
            own[max(0, peak - 2) : peak + 1] = True
        excess = np.maximum(self._found.power - self._found.background, 0)[own]
        return float(excess.sum() / self._found.power.sum())

    def period(self, peaks: list[int]) -> Period:
        members = [peak for peak in peaks if self.holds(peak)]
        return Period(
            steps=self.steps,
            share=self.share(peaks),
            stands_out=float(self._found.stands_out[np.array(members) - 1].sum()),
            harmonics=tuple(sorted({self.harmonic(peak) for peak in members} - {0})),
        )


class _Correlation:
    """The autocorrelation of finite values [time], without what is slower than a period."""

    def __init__(self, values: np.ndarray) -> None:
        from scipy.fft import next_fast_len, rfft
        from scipy.signal.windows import tukey

        self._time = len(values)
        # Zeros behind: otherwise the end would be correlated with the beginning.
        self._padded = next_fast_len(2 * self._time, real=True)
        self._power = np.abs(rfft(detrended(values) * tukey(self._time, 0.2), self._padded)) ** 2

    def hill(self, cycles: int) -> float | None:
        """The steps of a period that is about `time / cycles`, or None where no hill is there."""
        steps = self._time / cycles
        found = self._faster_than(1.5 * steps)
        # Lags are whole numbers, so of a short period a hill further away is looked at.
        number = max(1, int(np.ceil(8 / steps)))
        reach = max(0.12 * steps, min(1 + 0.12 * steps, steps / 2))
        first, last = int(number * steps - reach), int(np.ceil(number * steps + reach))
        top = first + int(np.argmax(found[first : last + 1]))
        if not (first < top < last and found[top] > 1.96 / np.sqrt(self._time)):
            return None
        exact, hills = self._climbed(found, top, number)
        # The spectrum is right to a cycle. What is further off may be a hill of something else, but
        # for many hills in a row.
        near = abs(self._time / exact - cycles) <= 1 or (
            hills >= 5 and abs(exact / steps - 1) < 0.02
        )
        return exact if near else steps

    def _climbed(self, found: np.ndarray, top: int, number: int) -> tuple[float, int]:
        """(the period whose hill `number` is at lag `top`, made exact by later hills; how many)."""
        height, steps, first = found[top], top / number, number
        while (number + 1.25) * steps < self._time / 2:
            number += 1
            around, reach = round(number * steps), max(1, int(steps / 4))
            further = around - reach + int(np.argmax(found[around - reach : around + reach + 1]))
            if found[further] < height / 2:
                break
            steps = further / number
        return float(steps), number - first

    def _faster_than(self, steps: float) -> np.ndarray:
        from scipy.fft import irfft

        power = self._power.copy()
        power[: int(self._padded / steps)] = 0
        found = irfft(power, self._padded)[: self._time]
        return np.asarray(found / found[0])
