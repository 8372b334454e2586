"""Control charts as predictors, whose threshold is set on the end of the training part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seqapps.baselines.ewma import Ewma
from seqapps.baselines.isolation_forest import IsolationForest
from seqapps.baselines.moving_average_chart import MovingAverage, averaged
from seqapps.baselines.shewhart import Shewhart
from seqapps.baselines.standard import Standard
from seqapps.baselines.t_squared import TSquared
from seqapps.series.alarms import Rule, alarms
from seqapps.series.thresholds import threshold
from seqapps.series.windows import histories
from seqapps.task import Case, Predict, Response

from .task import REFERENCE
from .windows import ANOMALY

KEPT = 0.8  # of each training series the chart is fitted to; the rest sets the threshold
MANY = 20  # series
AT_ONCE = 256  # windows
REMEMBER = ("moving_average", "ewma")  # charts that average by themselves
BOUNDED = ("isolation_forest",)  # whose scores have a highest one: a multiple may be out of reach


def _fitted(name: str, normal: np.ndarray, settings: Any) -> Any:
    if name == "moving_average":
        return MovingAverage.fit(normal, steps=settings.smooth)
    if name == "t_squared":
        # On the validation runs of sample:pump 0.9 of the variance found 0.26 (F1), 0.99 0.56.
        return TSquared.fit(normal, explained=0.999)
    charts: dict[str, Any] = {
        "shewhart": Shewhart,
        "ewma": Ewma,
        "isolation_forest": IsolationForest,
    }
    return charts[name].fit(normal)


def chart(name: str, cases: Sequence[Case], settings: Any) -> Predict:
    """A control chart, fitted on normal operation, that answers as the export does.

    Its scores are smoothed and become alarms by the same rules and settings as the model's.
    """
    first, rest = _parts(_measured(histories(cases), settings))
    fitted = _fitted(name, np.concatenate(first), settings)
    standard = Standard.fit(np.concatenate(first))
    smooth = 1 if name in REMEMBER else settings.smooth
    usual = np.concatenate([_scores(fitted, part, smooth) for part in rest])
    margin = 1.0 if name in BOUNDED else settings.margin
    limit = threshold(usual, false_alarms=settings.false_alarms, tail=True).value
    common = _rule(margin * limit, settings)
    rules: dict[str, Rule] = {}  # by series, where each has a reference

    def rule_of(case: Case) -> Rule:
        if not settings.reference:
            return common
        if case["series"] not in rules:
            own = _from(case[REFERENCE], case[REFERENCE])
            scores = _scores(fitted, own, smooth)[settings.smooth :]
            own_limit = threshold(scores, false_alarms=settings.false_alarms).value
            rules[case["series"]] = _rule(margin * own_limit, settings)
        return rules[case["series"]]

    def answer(case: Case, values: np.ndarray, scores: np.ndarray) -> Response:
        rule = rule_of(case)
        given = alarms(scores, rule)
        far = np.nan_to_num(np.abs(standard.deviations(values)))
        seen = np.isfinite(values)
        total = np.where(seen, values - standard.mean, 0.0).sum(axis=0)
        return {
            "step_scores": scores.tolist(),
            "score": float(scores[-1]),
            "threshold": rule.threshold,
            "alarm": int(given[-1]),
            "step_alarms": given.astype(float).tolist(),
            "contributions": far[-1].tolist(),
            "drift": (total / standard.deviation / np.maximum(seen.sum(axis=0), 1)).tolist(),
        }

    def predict(cases: Sequence[Case]) -> list[Response]:
        windows = [_window(case) for case in cases]
        return [
            answer(case, values, averaged(scores, smooth))
            for case, values, scores in zip(
                cases, windows, _raw(fitted, name, windows), strict=True
            )
        ]

    return predict


def _rule(limit: float, settings: Any) -> Rule:
    limit = max(limit, 1e-9)
    return Rule(limit, limit * settings.hysteresis, settings.duration)


def _measured(found: dict[str, np.ndarray], settings: Any) -> dict[str, np.ndarray]:
    """Training series [time, sensors and anomaly], each from the level of its first steps where
    the settings want that.
    """
    if not settings.reference:
        return found
    return {
        name: np.concatenate(
            [_from(run[:, :ANOMALY], run[: settings.reference, :ANOMALY]), run[:, ANOMALY:]], axis=1
        )
        for name, run in found.items()
    }


def _window(case: Case) -> np.ndarray:
    """[lookback, sensors] as charts see it."""
    values = np.asarray(case["values"])
    return _from(values, case[REFERENCE]) if REFERENCE in case else values


def _from(values: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """In deviations of the run's first steps; NaN stays NaN."""
    level = Standard.fit(reference)
    return np.where(np.isfinite(values), level.deviations(values), np.nan)


def _parts(found: dict[str, np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(what charts are fitted to, what sets thresholds), normal steps [time, sensors] alone.

    Of many series, such as short measurements, the last ones set thresholds, of few the end of
    each.
    """
    normal = [values[values[:, ANOMALY] == 0, :ANOMALY] for values in found.values()]
    if len(normal) >= MANY:
        cut = round(KEPT * len(normal))
        return normal[:cut], normal[cut:]
    cuts = [round(KEPT * len(values)) for values in normal]
    pairs = list(zip(normal, cuts, strict=True))
    return [values[:cut] for values, cut in pairs], [values[cut:] for values, cut in pairs]


def _scores(fitted: Any, values: np.ndarray, smooth: int) -> np.ndarray:
    """Scores [time], averaged over the last steps as the model's errors are."""
    return averaged(_scored(fitted, values), smooth)


def _raw(fitted: Any, name: str, windows: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Scores [lookback] of each window, before they are averaged.

    Charts without a memory see the steps of many windows at once: a forest is 30 times as fast.
    """
    together = 1 if name in REMEMBER else AT_ONCE
    for first in range(0, len(windows), together):
        some = windows[first : first + together]
        yield from np.split(_scored(fitted, np.concatenate(some)), len(some))


def _scored(fitted: Any, values: np.ndarray) -> np.ndarray:
    more = {"blame": False} if isinstance(fitted, IsolationForest) else {}
    return np.asarray(fitted.score(values, **more).scores)
