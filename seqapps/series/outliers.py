"""Values that trend and season do not explain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.series.decomposition import Decomposition
from seqapps.series.gapless import without_gaps

CHANCE = 0.05  # that normal noise alone has any outlier
LEAST_SCORE = 3.5  # Iglewicz and Hoaglin 1993, whatever the chance
WINDOW = 25  # steps of the rolling median
MOST_WINDOW = 1001
MANY = 0.01  # of the steps: then it is the noise that has heavy tails
MOST_STEPS = 2**20


@dataclass(frozen=True)
class Outlier:
    """One value that stands apart."""

    place: int  # in the series as it was given
    value: float
    expected: float  # by trend and season, or by the median of its neighbours
    score: float  # robust standard deviations from what was expected; negative is below


@dataclass(frozen=True)
class Outliers:
    """All values that stand apart, the furthest first."""

    found: tuple[Outlier, ...]
    threshold: float  # of the score
    looked_at: int  # observed steps
    basis: str  # what the scores are relative to, in words

    @property
    def many(self) -> bool:
        """More than errors or rare events: the noise itself has heavy tails, or bursts."""
        return len(self.found) > MANY * self.looked_at


def outliers(
    values: np.ndarray, *, season: int | None = None, decomposition: Decomposition | None = None
) -> Outliers:
    """The outliers of values [time]; what was interpolated is none.

    Of the remainder of `decomposition` where it covers the series, else of what is left of a
    rolling median. A score is the distance from the median in units of 1.4826 times the median
    absolute distance, which is the standard deviation of normal noise. The threshold grows with
    the length, so that most series of normal noise have no outlier, however long they are.

    Robust STL follows most of the values at one place of the season closely and gives in to none of
    the others, so normal noise comes out of it with heavy tails: of 30 series each with 5 to 208
    seasons the furthest value lay at 1.2 to 2 times the threshold in the median. So the threshold
    is raised where the season was taken out, the more the fewer seasons there are.
    """
    whole = without_gaps(values)
    shown, observed, first = whole.values, whole.observed, whole.first
    slack = 1.1  # every 25th value is its own median, and 0 from it
    if decomposition is not None and len(decomposition.values) == len(shown):
        remainder = decomposition.remainder
        basis = "trend and season" if decomposition.season > 1 else "the trend"
        slack = 1.0
        if decomposition.season > 1:
            slack = 1.25 + 6 * decomposition.season / len(shown)
    else:
        first += max(0, len(shown) - MOST_STEPS)
        shown, observed = shown[-MOST_STEPS:], observed[-MOST_STEPS:]
        remainder = shown - _usual(shown, season or 1)
        basis = "the median around them" + (" and the season" if season and season > 1 else "")
    scores = robust_scores(remainder, observed)
    count = int(observed.sum())
    threshold = _threshold(count) * slack
    places = np.flatnonzero((np.abs(scores) > threshold) & observed)
    places = places[np.argsort(-np.abs(scores[places]), kind="stable")]
    found = tuple(
        Outlier(
            place=first + int(place),
            value=float(shown[place]),
            expected=float(shown[place] - remainder[place]),
            score=float(scores[place]),
        )
        for place in places
    )
    return Outliers(found, threshold, count, basis)


def robust_scores(remainder: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Distances from the median in robust standard deviations: float64 [time].

    Where more than half are equal the median distance is 0, and the mean distance stands for it
    (Iglewicz and Hoaglin 1993); where all are equal every score is 0.
    """
    if not observed.any():
        return np.zeros(len(remainder))
    away = remainder - np.median(remainder[observed])
    distances = np.abs(away[observed])
    spread = 1.4826 * np.median(distances)
    # Rounding is no spread: a trend that fits all but one value leaves that behind.
    if spread <= 1e-9 * distances.max(initial=0.0):
        spread = 1.2533 * distances.mean()
    return np.asarray(away / spread if spread > 0 else np.zeros(len(remainder)))


def _threshold(count: int) -> float:
    from scipy.stats import norm

    return max(LEAST_SCORE, float(norm.isf(CHANCE / (2 * max(count, 1)))))


def _usual(values: np.ndarray, season: int) -> np.ndarray:
    """What values [time] would be by their neighbours and their place in the season."""
    from scipy.ndimage import median_filter

    def level(shown: np.ndarray, window: int) -> np.ndarray:
        width = min(window, MOST_WINDOW, len(shown)) | 1
        return np.asarray(median_filter(shown, size=width, mode="mirror"))

    if not len(values):
        return values
    if season <= 1 or len(values) < 2 * season:
        return level(values, WINDOW)
    away = np.full(-(-len(values) // season) * season, np.nan)
    away[: len(values)] = values - level(values, 2 * season)
    seasonal = np.nanmedian(away.reshape(-1, season), axis=0)[np.arange(len(values)) % season]
    return np.asarray(seasonal + level(values - seasonal, WINDOW))
