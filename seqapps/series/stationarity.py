"""Whether a series has one mean for all time, and what to do where it has not."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqapps.series.decomposition import Decomposition, decompose

MOST_STEPS = 5000  # the last ones of a longer series are tested
SHORTEST_SERIES = 20  # steps
LEVEL = 0.05  # a test rejects below that
STRONG_SEASON = 0.64  # from where a seasonal difference is taken (Hyndman and Khandakar, `nsdiffs`)

Kind = Literal["stationary", "trend-stationary", "difference-stationary", "unclear"]
SAID = {
    "stationary": "Stationary: both tests see a mean that stays. The values are like a flow, and "
    "are modelled as they are",
    "trend-stationary": "Trend-stationary: the values return to a straight line. Take the line "
    "out, or let the model see the time",
    "difference-stationary": "Difference-stationary: the values wander and return nowhere. They "
    "are levels, like a stock that changes add up to: model the changes from step to step",
    "no proof": "Unclear: neither test finds proof, as in short or noisy series. To be safe, model "
    "the changes from step to step",
    "two proofs": "Unclear: ADF finds something that the values return to, KPSS that it moves, as "
    "where the mean shifts or drifts slowly. Model the values, each window relative to its own "
    "level",
}


@dataclass(frozen=True)
class Stationarity:
    """What ADF and KPSS say of a series without its season, and what follows."""

    kind: Kind
    adf: float  # p-value; small: there is no unit root, the series returns to its mean
    kpss: float  # p-value in 0.01 to 0.1; small: the mean wanders
    adf_trend: float  # the same about a straight line
    kpss_trend: float
    differences: int  # 0 or 1: how often to difference from step to step
    seasonal_differences: int  # 0 or 1: from season to season
    steps: int  # how many were tested
    sentence: str


def stationarity(
    values: np.ndarray, *, season: int | None = None, decomposition: Decomposition | None = None
) -> Stationarity | None:
    """What the tests say of values [time], NaN in gaps; None of a constant or short series.

    ADF (Dickey and Fuller 1979) takes a wandering mean for granted and looks for proof against it,
    KPSS (Kwiatkowski et al. 1992) a fixed one; both are needed. They see it without a strong
    season, since that is no fixed mean either. `decomposition` is that of these values with
    this season, where it is there already.
    """
    parts = decomposition or decompose(values, season=season)
    if parts is None or len(parts.values) < SHORTEST_SERIES:
        return None
    seasonal = int(parts.seasonal_strength >= STRONG_SEASON)
    tested = (parts.values - seasonal * parts.seasonal)[-MOST_STEPS:]
    # Of a straight line or a strict season nothing but rounding remains to be tested.
    if np.std(np.diff(tested, 2)) <= 1e-9 * np.std(parts.values):
        return None
    tested = (tested - tested.mean()) / tested.std()  # the tests do not care, rounding does
    adf, adf_trend = _adf(tested, "c"), _adf(tested, "ct")
    kpss, kpss_trend = _kpss(tested, "c"), _kpss(tested, "ct")
    kind = _kind(adf, kpss, adf_trend, kpss_trend)
    # Where neither finds proof a difference does less harm than none (Nelson and Kang 1981); where
    # both do, as of long memory and of means that shift, there is no unit root to take out.
    once = kind == "difference-stationary" or (kind == "unclear" and min(adf, adf_trend) >= LEVEL)
    return Stationarity(
        kind, adf, kpss, adf_trend, kpss_trend, int(once), seasonal, len(tested),
        _sentence(kind, int(once), seasonal, parts.season),
    )  # fmt: skip


def _kind(adf: float, kpss: float, adf_trend: float, kpss_trend: float) -> Kind:
    if adf < LEVEL <= kpss:
        return "stationary"
    if adf_trend < LEVEL <= kpss_trend:
        return "trend-stationary"
    if adf >= LEVEL and adf_trend >= LEVEL and kpss < LEVEL:
        return "difference-stationary"
    return "unclear"


def _sentence(kind: Kind, once: int, seasonal: int, season: int) -> str:
    name: str = kind
    if kind == "unclear":
        name = "no proof" if once else "two proofs"
    said = SAID[name]
    if not seasonal:
        return said + "."
    return said + f"; the season is strong: difference over {season:,} steps, or model it."


def _adf(values: np.ndarray, regression: str) -> float:
    """The p-value of the augmented Dickey-Fuller test."""
    from statsmodels.tsa.stattools import adfuller

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of the kind of tuple that is returned
        return float(
            adfuller(values, maxlag=_lags(values, regression), regression=regression, autolag=None)[
                1
            ]
        )


def _lags(values: np.ndarray, regression: str) -> int:
    """How many differences explain the next one best, by AIC, up to the bound of Schwert (1989).

    As `adfuller(autolag="AIC")` finds it, with one QR decomposition in place of a regression for
    each number of lags, which took 4 seconds on 5,000 steps: column by column it tells what that
    column takes from the sum of squares.
    """
    terms = len(regression)
    most = min(int(np.ceil(12 * (len(values) / 100) ** 0.25)), len(values) // 2 - terms - 1)
    changes = np.diff(values)
    count = len(changes) - most
    place = np.arange(1.0, count + 1)
    columns = [values[most:-1], *(place**power for power in range(terms))]
    columns += [changes[most - lag : -lag] for lag in range(1, most + 1)]
    orthogonal, _ = np.linalg.qr(np.stack(columns, axis=1))  # [count, terms + 1 + most]
    wanted = changes[most:]
    taken = np.square(orthogonal.T @ wanted)
    left = np.square(wanted).sum() - np.cumsum(taken)[terms:]  # by number of lags, from 0
    return int(np.argmin(count * np.log(np.maximum(left, 1e-300)) + 2 * np.arange(most + 1)))


def _kpss(values: np.ndarray, regression: str) -> float:
    """The p-value of the KPSS test, which its table bounds to 0.01 to 0.1."""
    from statsmodels.tools.sm_exceptions import InterpolationWarning
    from statsmodels.tsa.stattools import kpss

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", InterpolationWarning)
        return float(kpss(values, regression=regression, nlags="auto")[1])
