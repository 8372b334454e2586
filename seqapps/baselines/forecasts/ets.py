"""Exponential smoothing: level, trend and season that are corrected by every error."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqapps.baselines.forecasts.classic import Fitted, cleaned, unfit
from seqapps.baselines.forecasts.ets_recursion import Smoothing
from seqapps.baselines.forecasts.fallback import FAILURES, checked
from seqapps.baselines.forecasts.following import Following
from seqapps.baselines.forecasts.gaps import bridged
from seqapps.baselines.forecasts.seasonal import Seasonal, seasonal_of

LONGEST = 2000  # the last steps of the training part that are fitted
SEASON = 24  # the longest season that is made of states, which are as many
LEAST = 10

Form = tuple[str, str, bool, str]  # error, trend, damped, season: "add", "mul" or ""
PLAIN: tuple[Form, ...] = (
    ("add", "", False, ""), ("add", "add", False, ""), ("add", "add", True, ""),
)  # fmt: skip
SEASONAL: tuple[Form, ...] = (("add", "", False, "add"), ("add", "add", True, "add"))
POSITIVE: tuple[Form, ...] = (("mul", "", False, "mul"), ("mul", "add", True, "mul"))


@dataclass(frozen=True)
class Ets:
    """Hyndman et al. 2008, fitted by statsmodels; of a few forms the one with the least AICc.

    Without a season: no trend, a straight and a damped one. With one of at most 24 steps also with
    a season that is added, and of positive series with one that multiplies. A longer season is a
    fixed figure that is taken out before. Initial states are the heuristic ones.
    """

    form: Form | None = None  # the only one that is tried

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        values = cleaned(training)

        def make() -> Fitted:
            part = _prepared(values, season)
            found = _best(part, self.form)
            if found is None:
                raise ValueError("no form of exponential smoothing could be fitted")
            return Following(_recursion(part, *found, horizon))

        return checked("ETS", values, horizon=horizon, least=LEAST, make=make)

    def form_of(self, training: np.ndarray, *, season: int) -> Form | None:
        values = cleaned(training)
        if unfit(values, LEAST):
            return None
        found = _best(_prepared(values, season), None)
        return found[0] if found else None

    def with_form(self, form: Hashable) -> Ets:
        return Ets(form)  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Part:
    values: np.ndarray  # [time]: the end of the training part, without gaps and long season
    start: int  # its place in the series
    season: int  # that states are made for, 1: none
    fixed: Seasonal | None


def _prepared(values: np.ndarray, season: int) -> _Part:
    start = max(0, len(values) - LONGEST)
    if season > 1:
        start -= start % season  # whole seasons, so that figures begin where the series begins
    whole = bridged(values[start:], season)
    if season <= SEASON:
        long_enough = len(whole) >= max(3 * season, LEAST)
        return _Part(whole, start, season if long_enough else 1, None)
    fixed = seasonal_of(whole, season)
    return _Part(whole if fixed is None else fixed.without(whole), start, 1, fixed)


def _forms(part: _Part) -> tuple[Form, ...]:
    if part.season < 2:
        return PLAIN
    return (*PLAIN, *SEASONAL, *(POSITIVE if part.values.min() > 0 else ()))


def _best(part: _Part, only: Form | None) -> tuple[Form, Any] | None:
    """(form, statsmodels' result) with the least AICc; None where nothing could be fitted."""
    forms = _forms(part)
    if only is not None:
        forms = (only,) if only in forms else PLAIN[:1]
    found: list[tuple[float, Form, Any]] = []
    for form in forms:
        try:
            result = _fitted(part, form)
        except FAILURES:
            continue
        if np.isfinite(result.llf):
            found.append((_criterion(result.llf, form, part), form, result))
    if not found:
        return None
    _, form, result = min(found, key=lambda each: each[0])
    return form, result


def _fitted(part: _Part, form: Form) -> Any:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    error, trend, damped, season = form
    with _without_convergence_warnings():
        return ETSModel(
            part.values, error=error, trend=trend or None, damped_trend=damped,
            seasonal=season or None, seasonal_periods=part.season if season else None,
            initialization_method="heuristic",
        ).fit(disp=False, maxiter=200)  # fmt: skip


def _criterion(log_likelihood: float, form: Form, part: _Part) -> float:
    """AICc with initial states and the variance counted as parameters."""
    _, trend, damped, season = form
    count = 3 + 2 * bool(trend) + damped + (1 + part.season - 1) * bool(season)
    size = len(part.values)
    return -2 * log_likelihood + 2 * count * size / max(size - count - 1, 1)


def _recursion(part: _Part, form: Form, result: Any, horizon: int) -> Smoothing:
    error, trend, damped, season = form
    errors = np.asarray(result.resid)[1:]
    seasons = np.asarray(result.initial_seasonal) if season else np.zeros(1)
    alpha = float(result.smoothing_level)
    return Smoothing(
        alpha=alpha,
        beta=float(result.smoothing_trend) if trend else 0.0,
        gamma=float(result.smoothing_seasonal) if season else 0.0,
        phi=(float(result.damping_trend) if damped else 1.0) if trend else 0.0,
        relative=error == "mul",
        multiplicative=season == "mul",
        error=float(np.sqrt(np.mean(errors**2))),
        level=float(result.initial_level),
        slope=float(result.initial_trend) if trend else 0.0,
        seasons=tuple(seasons.tolist()),
        start=part.start,
        fixed=part.fixed,
        horizon=horizon,
    )


@contextmanager
def _without_convergence_warnings() -> Iterator[None]:
    """The best parameters that were found are used, converged or not."""
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        # A smoothing parameter at the end of its range makes infinities in the standard errors.
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="statsmodels")
        yield
