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

from .windows import ANOMALY

KEPT = 0.8  # of each training series the chart is fitted to; the rest sets the threshold
MANY = 20  # series
AT_ONCE = 256  # windows
REMEMBER = ("moving_average", "ewma")  # charts that average by themselves


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
    first, rest = _parts(histories(cases))
    fitted = _fitted(name, np.concatenate(first), settings)
    standard = Standard.fit(np.concatenate(first))
    smooth = 1 if name in REMEMBER else settings.smooth
    usual = np.concatenate([_scores(fitted, part, smooth) for part in rest])
    found = threshold(usual, false_alarms=settings.false_alarms, tail=True)
    limit = max(found.value * settings.margin, 1e-9)
    rule = Rule(limit, limit * settings.hysteresis, settings.duration)

    def answer(case: Case, scores: np.ndarray) -> Response:
        given = alarms(scores, rule)
        far = np.nan_to_num(np.abs(standard.deviations(case["values"])))
        seen = np.isfinite(case["values"])
        total = np.where(seen, case["values"] - standard.mean, 0.0).sum(axis=0)
        return {
            "step_scores": scores.tolist(),
            "score": float(scores[-1]),
            "threshold": limit,
            "alarm": int(given[-1]),
            "step_alarms": given.astype(float).tolist(),
            "contributions": far[-1].tolist(),
            "drift": (total / standard.deviation / np.maximum(seen.sum(axis=0), 1)).tolist(),
        }

    def predict(cases: Sequence[Case]) -> list[Response]:
        return [
            answer(case, averaged(scores, smooth))
            for case, scores in zip(cases, _raw(fitted, name, cases), strict=True)
        ]

    return predict


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


def _raw(fitted: Any, name: str, cases: Sequence[Case]) -> Iterator[np.ndarray]:
    """Scores [lookback] of each window, before they are averaged.

    Charts without a memory see the steps of many windows at once: a forest is 30 times as fast.
    """
    together = 1 if name in REMEMBER else AT_ONCE
    for first in range(0, len(cases), together):
        windows = [np.asarray(case["values"]) for case in cases[first : first + together]]
        yield from np.split(_scored(fitted, np.concatenate(windows)), len(windows))


def _scored(fitted: Any, values: np.ndarray) -> np.ndarray:
    more = {"blame": False} if isinstance(fitted, IsolationForest) else {}
    return np.asarray(fitted.score(values, **more).scores)
