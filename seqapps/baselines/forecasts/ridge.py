"""Linear regression on the last values, all steps ahead at once, with a penalty on weights."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from seqapps.baselines.forecasts.classic import Fitted, Forecast, cleaned
from seqapps.baselines.forecasts.errors import completed, root_mean_square
from seqapps.baselines.forecasts.fallback import checked
from seqapps.baselines.forecasts.gaps import bridged, carried

MOST_LAGS = 336
MOST_WINDOWS = 5000  # the last ones
PENALTIES = tuple(10.0**power for power in range(-2, 6))
LEAST = 20
Centre = Literal["none", "last"]


@dataclass(frozen=True)
class Ridge:
    """Hoerl and Kennard 1970, on the last two seasons and more of values (at most 336).

    Each window may be taken as it is or relative to its last value, as linear models of a window
    are for series that wander (Zeng et al. 2022, NLinear). That and the penalty are chosen on the
    last fifth of the training part, and the errors there are the deviation. Gaps in what is given
    are carried forward; windows with gaps in what follows are left out where enough have none.
    """

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        values = cleaned(training)
        return checked(
            "ridge", values, horizon=horizon, least=LEAST,
            make=lambda: _fit(values, season, horizon),
        )  # fmt: skip


def _fit(values: np.ndarray, season: int, horizon: int) -> Fitted:
    reach = min(horizon, len(values) // 4)  # steps ahead that the training part can tell of
    lags = min(max(2 * season, reach, 24), MOST_LAGS, len(values) // 4)
    # A season that lies further back than that gives the values of the same place, one each step.
    back = season if lags < season <= len(values) // 3 else 0
    given, told = _windows(values, lags, back, reach)
    kept = max(len(given) * 4 // 5 - reach, 2)  # so that no target lies in both parts
    middle, scale = float(np.nanmean(values)), float(np.nanstd(values))
    tries: dict[tuple[Centre, float], np.ndarray] = {}
    for centre in ("none", "last"):
        for penalty in PENALTIES:
            model = _Fitted(centre, lags, back, middle, scale, None, np.zeros(horizon))
            model = model.learnt(given[:kept], told[:kept], penalty)
            errors = model.answers(given[-(len(given) // 5) - 1 :]) - told[-(len(given) // 5) - 1 :]
            tries[centre, penalty] = errors
    best = min(tries, key=lambda each: _loss(tries[each]))
    measured = np.full(horizon, np.nan)
    measured[:reach] = [root_mean_square(errors) for errors in tries[best].T]
    centre, penalty = best
    model = _Fitted(centre, lags, back, middle, scale, None, completed(measured))
    return model.learnt(given, told, penalty)


def _loss(errors: np.ndarray) -> float:
    known = errors[np.isfinite(errors)]
    return float(np.mean(known**2)) if len(known) else np.inf


def _windows(values: np.ndarray, lags: int, back: int, reach: int) -> tuple[np.ndarray, np.ndarray]:
    """(what is given [windows, lags + season], what followed [windows, reach], NaN unknown)."""
    filled = _filled(values)
    view = np.lib.stride_tricks.sliding_window_view
    first = max(lags, back)
    given = view(filled, lags)[first - lags : len(values) - reach - lags + 1]
    told = view(values, reach)[first:]
    if back:
        size = min(reach, back)
        ago = view(filled, size)[first - back : len(values) - reach - back + 1]
        given = np.concatenate([ago, given], axis=1)
    return given[-MOST_WINDOWS:], told[-MOST_WINDOWS:]


def _filled(values: np.ndarray) -> np.ndarray:
    """Gaps carried forward; before the first known value, that one."""
    found = carried(values)
    known = np.isfinite(found)
    return np.where(known, found, found[known.argmax()])


@dataclass(frozen=True)
class _Fitted:
    centre: Centre
    lags: int
    back: int
    middle: float
    scale: float
    model: Any
    deviation: np.ndarray  # [horizon]

    def learnt(self, given: np.ndarray, told: np.ndarray, penalty: float) -> _Fitted:
        from sklearn.linear_model import Ridge as Regression

        whole = np.isfinite(told).all(axis=1)
        if 2 * whole.sum() < len(told):
            # Hardly a window is whole: what is missing is bridged. Only for learning.
            told = np.stack([bridged(row) for row in told])
            whole = np.isfinite(told).all(axis=1)
        given, told = given[whole], told[whole]
        base = self._base(given)
        model = Regression(alpha=penalty, solver="cholesky")
        with warnings.catch_warnings():
            # Windows of a series are alike: small penalties may leave their weights undecided.
            warnings.filterwarnings("ignore", message="Ill-conditioned matrix")
            model.fit((given - base) / self.scale, (told - base) / self.scale)
        return _Fitted(
            self.centre, self.lags, self.back, self.middle, self.scale, model, self.deviation
        )

    def answers(self, given: np.ndarray) -> np.ndarray:
        """[windows, reach]."""
        base = self._base(given)
        told = self.model.predict((given - base) / self.scale)
        return np.asarray(base + self.scale * told.reshape(len(given), -1))

    def _base(self, given: np.ndarray) -> np.ndarray:
        return given[:, -1:] if self.centre == "last" else np.full((len(given), 1), self.middle)

    def forecast(self, history: np.ndarray) -> Forecast:
        need = max(self.lags, self.back)
        filled = _filled(history[-need - 1 :])
        padded = np.pad(filled, (max(0, need - len(filled)), 0), mode="edge")
        given = padded[len(padded) - self.lags :]
        horizon = len(self.deviation)
        if self.back:
            size = self.model.n_features_in_ - self.lags
            start = len(padded) - self.back
            given = np.concatenate([padded[start : start + size], given])
        told = self.answers(given[None])[0]
        # Further ahead than the training part is long enough for: the last step again.
        return np.pad(told, (0, horizon - len(told)), mode="edge"), self.deviation
