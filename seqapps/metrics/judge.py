"""Score predictors side by side, with 95 % bootstrap intervals (Efron and Tibshirani 1993)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.task import Case, Metric, Response

RESAMPLES = 1000
Score = dict[str, float]  # {"value", "low", "high"}
AT_ONCE = 10_000_000  # counts held at a time: 80 MB


def judge(
    metrics: Mapping[str, Metric],
    cases: Sequence[Case],
    responses: Mapping[str, Sequence[Response]],
    *,
    groups: Sequence[str] | None = None,
    against: tuple[str, Sequence[str]] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[dict[str, dict[str, Score]], dict[str, dict[str, Score]]]:
    """Scores by predictor and metric; and differences of `against[0]` to each of `against[1]`.

    Every predictor is judged on the same resamples, so differences are paired. Whole `groups`
    are resampled where they are given (one name per case), single cases otherwise.
    """
    blocks = {
        (who, name): metric.statistics(cases, answers)
        for who, answers in responses.items()
        for name, metric in metrics.items()
    }
    ends = np.cumsum([block.shape[1] for block in blocks.values()])
    slices = dict(zip(blocks, map(slice, [0, *ends[:-1]], ends), strict=True))
    table = _by_group(np.concatenate(list(blocks.values()), axis=1), groups)  # [units, k]
    whole, drawn = table.sum(axis=0), _resampled(table, resamples, seed)  # [k], [resamples, k]

    def values(who: str, name: str) -> tuple[float, np.ndarray]:
        reduce, part = metrics[name].reduce, slices[who, name]
        return reduce(whole[part]), np.array([reduce(sums[part]) for sums in drawn])

    found = {key: values(*key) for key in blocks}
    scores = {who: {name: _score(*found[who, name]) for name in metrics} for who in responses}
    first, others = against or ("", [])
    differences = {
        other: {
            name: _score(
                found[first, name][0] - found[other, name][0],
                found[first, name][1] - found[other, name][1],
            )
            for name in metrics
        }
        for other in others
    }
    return scores, differences


def values_of(
    metrics: Mapping[str, Metric], cases: Sequence[Case], responses: Sequence[Response]
) -> dict[str, float]:
    """The bare value of every metric, without intervals: what is watched while training."""
    return {
        name: metric.reduce(metric.statistics(cases, responses).sum(axis=0))
        for name, metric in metrics.items()
    }


def better(metric: Metric, first: float, second: float) -> bool:
    """Whether `first` is the better score; any number is better than not-a-number."""
    if np.isnan(second):
        return not np.isnan(first)
    return first > second if metric.higher_is_better else first < second


def _score(value: float, drawn: np.ndarray) -> Score:
    """The interval is over the resamples that the score is defined on, if there are any.

    Of few runs with events, now and then a resample holds none: not-a-number for scores by event.
    """
    defined = drawn[~np.isnan(drawn)]
    drawn = defined if len(defined) else drawn
    with np.errstate(invalid="ignore"):  # a metric that gives infinity is reported as it is
        low, high = np.quantile(drawn, [0.025, 0.975])
    # The percentile interval of a skewed score can miss the value itself by a hair.
    return {"value": float(value), "low": min(float(low), value), "high": max(float(high), value)}


def _by_group(table: np.ndarray, groups: Sequence[Any] | None) -> np.ndarray:
    if groups is None:
        return table
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.zeros((len(names), table.shape[1]))
    np.add.at(sums, member, table)
    return sums


def _resampled(table: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Sums over `resamples` draws with replacement: [units, k] -> [resamples, k]."""
    random, units = np.random.default_rng(seed), len(table)
    step = max(1, AT_ONCE // units)
    parts = []
    for start in range(0, resamples, step):
        draws = np.stack(
            [
                np.bincount(random.integers(units, size=units), minlength=units)
                for _ in range(min(step, resamples - start))
            ]
        )
        parts.append(draws.astype("float64") @ table)
    return np.concatenate(parts)
