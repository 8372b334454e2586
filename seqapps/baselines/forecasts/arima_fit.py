"""ARIMA models chosen and fitted with statsmodels, which then go on with our own filter."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seqapps.baselines.forecasts.classic import Fitted, Forecast
from seqapps.baselines.forecasts.differencing import (
    differenced,
    ordinary_differences,
    seasonal_differences,
)
from seqapps.baselines.forecasts.fallback import FAILURES
from seqapps.baselines.forecasts.following import Following
from seqapps.baselines.forecasts.gaps import bridged
from seqapps.baselines.forecasts.kalman import Belief, Filter
from seqapps.baselines.forecasts.regressors import Regressors, waves_of, weights_of

LONGEST = 2000  # the last steps of the training part that are fitted
SEASON = 24  # the longest season that is made of states
LEAST = 12
MOST_STEPS = 50  # of the optimiser
ROUNDING = 1e-6  # of standardised values, which were float32


@dataclass(frozen=True)
class Order:
    """(p, d, q), (P, D, Q) and how many pairs of sine and cosine."""

    plain: tuple[int, int, int]
    seasonal: tuple[int, int, int] = (0, 0, 0)
    waves: int = 0
    drift: bool = False  # whether it goes on rising by so much a step


Candidates = Callable[[int, int, int], Sequence[Order]]  # differences, seasonal ones, waves


def plain_orders(ordinary: int, seasonal: int, waves: int) -> Sequence[Order]:
    pairs = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0), (0, 2), (2, 1), (2, 2)]
    return [Order((p, ordinary, q), waves=waves) for p, q in pairs]


def seasonal_orders(ordinary: int, seasonal: int, waves: int) -> Sequence[Order]:
    if waves or seasonal < 0:  # -1: no season that is made of states
        return plain_orders(ordinary, 0, waves)
    if seasonal:  # the airline model first
        kinds = [(0, 1, 0, 1), (1, 0, 0, 1), (1, 1, 0, 1), (2, 0, 0, 1),
                 (0, 2, 0, 1), (1, 0, 1, 0), (2, 1, 0, 1), (0, 0, 0, 1)]  # fmt: skip
    else:
        kinds = [(1, 0, 0, 0), (1, 1, 0, 0), (1, 0, 1, 0), (0, 1, 0, 1),
                 (1, 1, 1, 0), (2, 0, 1, 0), (1, 0, 1, 1), (0, 0, 1, 0)]  # fmt: skip
    return [Order((p, ordinary, q), (sp, seasonal, sq)) for p, q, sp, sq in kinds]


@dataclass(frozen=True)
class _Exact:
    """What a fit gives where nothing is left to fit."""

    params: np.ndarray
    scale: float = ROUNDING**2
    aicc: float = 0.0


@dataclass(frozen=True)
class _Part:
    """The end of the training part, standardised."""

    values: np.ndarray  # [time], NaN where nothing was observed
    start: int  # its place in the series
    season: int
    middle: float
    scale: float


def fitted(
    values: np.ndarray, candidates: Candidates, order: Order | None, *, season: int, horizon: int
) -> Fitted:
    """The best of the candidates, or the one order that is told, ready to follow a history."""
    part = _part(values, season)
    orders = _orders(part, candidates) if order is None else [order]
    found = _best(part, orders)
    if found is None:
        raise ValueError("no order could be fitted")
    return Following(_model(part, *found, horizon))


def best(values: np.ndarray, candidates: Candidates, *, season: int) -> Order | None:
    """The best of the candidates; None where none could be fitted."""
    part = _part(values, season)
    found = _best(part, _orders(part, candidates))
    return found[0] if found else None


def _part(values: np.ndarray, season: int) -> _Part:
    part = values[-LONGEST:]
    # Standardised, because the filter's diffuse start is a fixed large variance.
    middle, scale = float(np.nanmean(part)), float(np.nanstd(part))
    start = len(values) - len(part)
    return _Part((part - middle) / scale, start, max(1, season), middle, scale)


def _orders(part: _Part, candidates: Candidates) -> Sequence[Order]:
    whole, season = bridged(part.values, part.season), part.season
    if season > SEASON:
        waves = waves_of(whole, season, part.start) if len(whole) >= 2 * season else 0
        regressors = Regressors("constant", waves, season)
        weights = weights_of(regressors, whole, part.start, (0, 0, 1))
        rest = whole - regressors.columns(part.start, len(whole)) @ weights
        return candidates(ordinary_differences(rest), -1, waves)
    if season < 2 or len(whole) < 3 * season:
        return candidates(ordinary_differences(whole), -1, 0)
    seasonal = seasonal_differences(whole, season)
    changes = differenced(whole, 0, seasonal, season)
    if _nothing_left(changes):  # every season is the one before
        return [Order((0, 0, 0), (0, seasonal, 0))]
    return candidates(ordinary_differences(changes, most=2 - seasonal), seasonal, 0)


def _nothing_left(changes: np.ndarray) -> bool:
    """Whether differences (of standardised values) are nothing but rounding."""
    return float(np.nanmax(np.abs(changes), initial=0.0)) < ROUNDING


def _best(part: _Part, orders: Sequence[Order]) -> tuple[Order, np.ndarray, Any] | None:
    """(order, weights of its regressors, statsmodels' result) with the least AICc."""
    found = [each for each in (_tried(part, order) for order in orders) if each]
    if not found:
        return None
    best = min(found, key=lambda each: each[0])
    order = best[1][0]
    if len(orders) > 1 and order.plain[1] + order.seasonal[1] == 1:
        # A mean of differences is a drift; it goes on for ever, so that BIC must ask for it.
        drifting = _tried(part, replace(order, drift=True))
        if drifting and drifting[0] + np.log(len(part.values)) < best[0]:
            best = drifting
    return best[1]


def _tried(part: _Part, order: Order) -> tuple[float, tuple[Order, np.ndarray, Any]] | None:
    """(AICc, what was fitted), None where that failed."""
    try:
        weights, result = _fit(part, order)
    except FAILURES:
        return None
    if not (np.isfinite(result.aicc) and np.isfinite(result.params).all()):
        return None
    return float(result.aicc), (order, weights, result)


def _regressors(order: Order, season: int) -> Regressors:
    if order.plain[1] + order.seasonal[1] == 0:  # differences have no level
        return Regressors("constant", order.waves, season)
    return Regressors("line" if order.drift else None, order.waves, season)


def _fit(part: _Part, order: Order) -> tuple[np.ndarray, Any]:
    """Regression first, then ARMA of the differences of what is left: fast, and gaps are left out.

    Orders that are compared differ by neither differences nor regressors, so that their AICc are of
    the same data.
    """
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    regressors = _regressors(order, part.season)
    differences = (order.plain[1], order.seasonal[1], part.season)
    values = part.values
    if np.isfinite(differenced(values, *differences)).sum() < np.isfinite(values).sum() / 2:
        values = bridged(values, part.season)  # a gap makes several of differences
    weights = weights_of(regressors, values, part.start, differences)
    left = values - regressors.columns(part.start, len(values)) @ weights
    changes = differenced(left, *differences)
    p, _, q = order.plain
    sp, _, sq = order.seasonal
    if _nothing_left(changes) and not any((p, q, sp, sq)):
        return weights, _Exact(np.zeros(0))
    with _quiet():
        model = SARIMAX(
            changes, order=(p, 0, q), seasonal_order=_with_season((sp, 0, sq), part.season),
            concentrate_scale=True,
        )  # fmt: skip
        if not model.start_params.size:  # nothing but noise
            return weights, model.smooth([])
        return weights, model.fit(disp=False, maxiter=MOST_STEPS, cov_type="none")


def _with_season(order: tuple[int, int, int], season: int) -> tuple[int, int, int, int]:
    return (*order, season) if any(order) else (0, 0, 0, 0)


def _model(part: _Part, order: Order, weights: np.ndarray, result: Any, horizon: int) -> _Model:
    """The same parameters as a model of the levels, whose filter goes on over gaps."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    with _quiet():
        model = SARIMAX(
            np.zeros(7), order=order.plain,
            seasonal_order=_with_season(order.seasonal, part.season),
        )  # fmt: skip
        begun = model.filter([*result.params, result.scale]).filter_results
    selection = begun.selection[:, :, 0]
    return _Model(
        filter=Filter(
            design=begun.design[0, :, 0].copy(),
            transition=begun.transition[:, :, 0].copy(),
            noise=selection @ begun.state_cov[:, :, 0] @ selection.T,
            first=Belief(begun.initial_state.copy(), begun.initial_state_cov.copy()),
        ),
        regressors=_regressors(order, part.season),
        weights=weights,
        part=part,
        horizon=horizon,
    )


@dataclass(frozen=True, kw_only=True)
class _Model:
    filter: Filter
    regressors: Regressors
    weights: np.ndarray  # [columns]
    part: _Part
    horizon: int

    def begin(self, length: int) -> tuple[Belief, int]:
        return self.filter.first, self.part.start if length > self.part.start else 0

    def go_on(self, belief: Belief, values: np.ndarray, place: int) -> Belief:
        scaled = (values - self.part.middle) / self.part.scale
        return self.filter.go_on(belief, scaled - self._explained(place, len(values)))

    def ahead(self, belief: Belief, place: int) -> Forecast:
        mean, deviation = self.filter.ahead(belief, self.horizon)
        mean = mean + self._explained(place, self.horizon)
        return self.part.middle + self.part.scale * mean, self.part.scale * deviation

    def _explained(self, place: int, size: int) -> np.ndarray:
        return np.asarray(self.regressors.columns(place, size) @ self.weights)


@contextmanager
def _quiet() -> Iterator[None]:
    """No warning of poor starting values or of an optimiser that stopped early: AICc decides."""
    from threadpoolctl import threadpool_limits

    messages = (
        "Non-stationary starting", "Non-invertible starting", "Maximum Likelihood optimization",
        "Too few observations to estimate starting",
    )  # fmt: skip
    # Matrices of a few states: several threads of BLAS would only wait for each other.
    # Series without noise have a variance of 0; an order that gives no finite AICc is left out.
    no_noise = np.errstate(divide="ignore", invalid="ignore", over="ignore")
    with warnings.catch_warnings(), threadpool_limits(1), no_noise:
        for message in messages:
            warnings.filterwarnings("ignore", message=message)
        yield
