"""What a series is like, all together: the answer of every analysis, and plain values of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqapps.series.autocorrelation import Autocorrelation, LjungBox, autocorrelation, ljung_box
from seqapps.series.decomposition import Decomposition, decompose
from seqapps.series.gapless import without_gaps
from seqapps.series.outliers import Outliers, outliers
from seqapps.series.periods import Period, looked_at, periods_in
from seqapps.series.spectrum import Spectrum, spectrum
from seqapps.series.stationarity import Stationarity, stationarity

SHORTEST = 10  # observed steps; of less only the numbers are told
NAMED = 10  # outliers in the plain values


@dataclass(frozen=True)
class Numbers:
    """Counts, and what the observed values are; the latter NaN where nothing was observed."""

    steps: int
    observed: int
    missing: int  # NaN or infinite
    infinite: int
    interpolated: int  # missing ones between observed ones, filled for the analyses
    longest_gap: int
    mean: float
    standard_deviation: float
    least: float
    most: float


@dataclass(frozen=True)
class Description:
    """What is known of one series. A part is None, or empty, where it cannot be told."""

    numbers: Numbers
    season: int  # steps; 1 is none
    given_season: bool  # whether somebody named it, so that it was not looked for
    periods: tuple[Period, ...]
    spectrum: Spectrum | None
    decomposition: Decomposition | None
    stationarity: Stationarity | None
    autocorrelation: Autocorrelation | None
    residuals: LjungBox | None  # of what trend and season leave
    outliers: Outliers
    why_not_more: str  # empty, or why there is no more than the numbers

    def plain(self) -> dict[str, Any]:
        """Numbers and words alone, without arrays, as JSON holds them; None for NaN."""
        parts, still, left = self.decomposition, self.stationarity, self.residuals
        return {
            **{name: _number(value) for name, value in vars(self.numbers).items()},
            "season": self.season,
            "given_season": self.given_season,
            "periods": [vars(each) | {"harmonics": list(each.harmonics)} for each in self.periods],
            "trend_strength": parts.trend_strength if parts else None,
            "seasonal_strength": parts.seasonal_strength if parts else None,
            "stationarity": dict(vars(still)) if still else None,
            "residuals": dict(vars(left)) if left else None,
            "outliers": {
                "count": len(self.outliers.found),
                "threshold": self.outliers.threshold,
                "largest": [dict(vars(each)) for each in self.outliers.found[:NAMED]],
            },
            "why_not_more": self.why_not_more,
        }


def describe(values: np.ndarray, *, season: int | None = None) -> Description:
    """What values [time] on a regular grid are like, NaN where nothing was observed.

    Without `season` the period that stands out most is taken; 1 says that there is none. Series
    that are short, constant or not observed at all are described as far as that goes.
    """
    whole = without_gaps(values)
    numbers = _numbers(values)
    why = _why_not_more(numbers, constant=whole.constant)
    shown = None if why else looked_at(values)
    seen = None if shown is None else spectrum(shown)
    periods = () if shown is None or seen is None else periods_in(shown, seen)
    found = season or (max(1, round(periods[0].steps)) if periods else 1)
    parts = None if why else decompose(values, season=found)
    return Description(
        numbers=numbers,
        season=found,
        given_season=season is not None,
        periods=periods,
        spectrum=seen,
        decomposition=parts,
        stationarity=None if why else stationarity(values, season=found, decomposition=parts),
        autocorrelation=None if why else autocorrelation(values, season=found),
        residuals=ljung_box(parts.remainder, season=found) if parts else None,
        outliers=outliers(np.empty(0) if why else values, season=found, decomposition=parts),
        why_not_more=why,
    )


def _numbers(values: np.ndarray) -> Numbers:
    array, whole = np.asarray(values, "float64"), without_gaps(values)
    seen = array[np.isfinite(array)]
    known = (seen.mean(), seen.std(), seen.min(), seen.max()) if len(seen) else (np.nan,) * 4
    return Numbers(
        len(array), len(seen), whole.missing, whole.infinite, whole.interpolated,
        whole.longest_gap, *map(float, known),
    )  # fmt: skip


def _why_not_more(numbers: Numbers, *, constant: bool) -> str:
    if numbers.observed == 0:
        return "nothing was observed"
    if constant:
        return f"all {numbers.observed:,} observed values are {numbers.mean:g}"
    if numbers.observed < SHORTEST:
        return f"{numbers.observed} observed steps are too few to tell more; {SHORTEST} are needed"
    return ""


def _number(value: float) -> float | None:
    return None if isinstance(value, float) and not np.isfinite(value) else value
