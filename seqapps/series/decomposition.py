"""A series as the sum of a trend, a season and what remains, and how strong the first two are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from seqapps.series.gapless import without_gaps

MOST_STEPS = 5000  # the last ones of a longer series are taken apart
SEASONS = 6  # at least, though they be more steps than that
TREND_SPAN = 0.15  # of a series without season, over which its trend is smoothed
SHORTEST_SERIES = 8  # steps
SEASONAL_SPAN = 13  # seasons, over which the shape of the season is smoothed
ROUNDING = 1e-6  # of the range of the values


@dataclass(frozen=True)
class Decomposition:
    """trend + seasonal + remainder = values, each float64 [time], of a stretch of the series."""

    values: np.ndarray
    trend: np.ndarray
    seasonal: np.ndarray  # 0 where there is no season
    remainder: np.ndarray
    first: int  # the place of the stretch in the series as it was given
    season: int  # steps; 1 is none
    observed: np.ndarray  # bool [time], False where a value is interpolated

    @property
    def trend_strength(self) -> float:
        """How much of what is not seasonal is trend, 0 to 1."""
        return self._strength(self.trend)

    @property
    def seasonal_strength(self) -> float:
        """How much of what is not trend is season, 0 to 1."""
        return self._strength(self.seasonal)

    def _strength(self, part: np.ndarray) -> float:
        """max(0, 1 - Var(R) / Var(R + part)): Hyndman and Athanasopoulos, section 4.3."""
        whole = float(np.var(self.remainder + part))
        if np.ptp(part) <= ROUNDING * np.ptp(self.values):
            return 0.0
        return max(0.0, 1 - float(np.var(self.remainder)) / whole)


def decompose(values: np.ndarray, *, season: int | None = None) -> Decomposition | None:
    """The parts of values [time], NaN in gaps; None of a series too short or constant.

    By STL (Cleveland et al. 1990), in its robust form, so that outliers stay in the remainder. With
    no season, or with fewer than two in the series, the trend alone is smoothed (LOWESS). Of a
    long series the last 5,000 steps are taken apart, or six seasons where they are more.
    """
    whole = without_gaps(values)
    most = max(MOST_STEPS, SEASONS * (season or 1))
    shown = whole.values[-most:]
    if len(shown) < SHORTEST_SERIES or whole.constant:
        return None
    period = season if season and season > 1 and len(shown) >= 2 * season else 1
    trend, seasonal = _by_stl(shown, period) if period > 1 else (_smooth(shown), 0 * shown)
    remainder = shown - trend - seasonal
    # What rounding leaves of a straight line or a strict season is nothing to analyse.
    remainder[np.abs(remainder) <= ROUNDING * np.ptp(shown)] = 0
    return Decomposition(
        values=shown,
        trend=trend,
        seasonal=seasonal,
        remainder=remainder,
        first=whole.first + len(whole.values) - len(shown),
        season=period,
        observed=whole.observed[-most:],
    )


def _by_stl(values: np.ndarray, season: int) -> tuple[np.ndarray, np.ndarray]:
    from statsmodels.tsa.seasonal import STL

    # Cleveland et al., section 3.5 and 5.2: the span of the trend, and that a tenth of each span
    # may be interpolated. With a season of 365 this is 40 times as fast.
    span = math.ceil(1.5 * season / (1 - 1.5 / SEASONAL_SPAN)) | 1
    found = STL(
        values, period=season, seasonal=SEASONAL_SPAN, trend=span, robust=True,
        trend_jump=max(1, span // 10), low_pass_jump=max(1, season // 10),
    ).fit()  # fmt: skip
    return np.asarray(found.trend), np.asarray(found.seasonal)


def _smooth(values: np.ndarray) -> np.ndarray:
    from statsmodels.nonparametric.smoothers_lowess import lowess

    count = len(values)
    span = max(TREND_SPAN, 5 / count)
    place = np.arange(count, dtype="float64")
    found = lowess(
        values, place, frac=span, it=2, delta=0.01 * count, return_sorted=False, is_sorted=True
    )
    # Its robust weights are 0 / 0 where a step repeats exactly: there, no smoothing is right.
    return np.where(np.isfinite(found), found, values)
