"""Score predictors side by side, with 95 % bootstrap intervals (Efron and Tibshirani 1993)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.task import Case, Metric, Response

RESAMPLES = 1000
Score = dict[str, float]  # {"value", "low", "high"}
AT_ONCE = 10_000_000  # counts held at a time: 80 MB
FEWEST_BLOCKS = 5  # of fewer, resamples hardly differ, and their spread says nothing

logger = logging.getLogger(__name__)


def judge(
    metrics: Mapping[str, Metric],
    cases: Sequence[Case],
    responses: Mapping[str, Sequence[Response]],
    *,
    groups: Sequence[str] | None = None,
    block: int = 1,
    against: tuple[str, Sequence[str]] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[dict[str, dict[str, Score]], dict[str, dict[str, Score]]]:
    """Scores by predictor and metric; and differences of `against[0]` to each of `against[1]`.

    Every predictor is judged on the same resamples, so differences are paired. Whole `groups`
    are resampled where they are given (one name per case), single cases otherwise.

    With a `block` above 1, so many consecutive cases (or groups, in the order of their names) are
    drawn together, from the circle that they make when the last is followed by the first (Künsch
    1989; Politis and Romano 1992). Of errors that resemble their neighbours in time, an interval of
    single cases is too narrow. See `usable` for how long a block can be.
    """
    blocks = {
        (who, name): metric.statistics(cases, answers)
        for who, answers in responses.items()
        for name, metric in metrics.items()
    }
    ends = np.cumsum([block.shape[1] for block in blocks.values()])
    slices = dict(zip(blocks, map(slice, [0, *ends[:-1]], ends), strict=True))
    table = _by_group(np.concatenate(list(blocks.values()), axis=1), groups)  # [units, k]
    block = usable(block, len(table))
    whole = table.sum(axis=0)  # [k]
    drawn = _resampled(table, resamples, seed, block)  # [resamples, k]

    def values(who: str, name: str) -> tuple[float, np.ndarray]:
        reduce, part = metrics[name].reduce, slices[who, name]
        return reduce(whole[part]), np.array([reduce(sums[part]) for sums in drawn])

    found = {key: values(*key) for key in blocks}
    scores = {who: {name: _score(*found[who, name]) for name in metrics} for who in responses}
    first, others = against or ("", [])
    differences = {
        other: {
            name: _score(*_difference(metrics[name], found[first, name], found[other, name]))
            for name in metrics
        }
        for other in others
    }
    return scores, differences


def usable(block: int, units: int) -> int:
    """The block that so many cases or groups allow: a fifth of them, said in the log."""
    longest = max(1, units // FEWEST_BLOCKS)
    if block > longest:
        logger.warning(
            "%d cases in a row should be resampled together, but there are %d, so that it is %d: "
            "the intervals are too narrow. Judge a longer stretch of time.",
            block, units, longest,
        )  # fmt: skip
    return max(1, min(block, longest))


def values_of(
    metrics: Mapping[str, Metric], cases: Sequence[Case], responses: Sequence[Response]
) -> dict[str, float]:
    """The bare value of every metric, without intervals: what is watched while training."""
    return {
        name: metric.reduce(metric.statistics(cases, responses).sum(axis=0))
        for name, metric in metrics.items()
    }


def signatures_of(metrics: Mapping[str, Metric]) -> dict[str, str]:
    """{"bleu": "nrefs:1|case:mixed|...", ...}, of the metrics that have one."""
    return {name: each.signature() for name, each in metrics.items() if each.signature is not None}


def better(metric: Metric, first: float, second: float) -> bool:
    """Whether `first` is the better score; any number is better than not-a-number."""
    if np.isnan(second):
        return not np.isnan(first)
    if metric.aim is not None:
        return abs(first - metric.aim) < abs(second - metric.aim)
    return first > second if metric.higher_is_better else first < second


def _difference(
    metric: Metric, first: tuple[float, np.ndarray], other: tuple[float, np.ndarray]
) -> tuple[float, np.ndarray]:
    """(first - other, the same of every resample), of their distances where there is an aim."""
    if metric.aim is None:
        return first[0] - other[0], first[1] - other[1]
    return (
        abs(first[0] - metric.aim) - abs(other[0] - metric.aim),
        np.abs(first[1] - metric.aim) - np.abs(other[1] - metric.aim),
    )


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


def _resampled(table: np.ndarray, resamples: int, seed: int, block: int) -> np.ndarray:
    """Sums over `resamples` draws with replacement: [units, k] -> [resamples, k]."""
    random, units = np.random.default_rng(seed), len(table)
    step = max(1, AT_ONCE // units)
    parts = []
    for start in range(0, resamples, step):
        draws = np.stack(
            [
                np.bincount(_draw(random, units, block), minlength=units)
                for _ in range(min(step, resamples - start))
            ]
        )
        parts.append(draws.astype("float64") @ table)
    return np.concatenate(parts)


def _draw(random: np.random.Generator, units: int, block: int) -> np.ndarray:
    """As many units as there are, with replacement, by whole blocks: int [units]."""
    starts = random.integers(units, size=-(-units // block))
    within = (starts[:, None] + np.arange(block)) % units  # [blocks, block], round the circle
    return within.ravel()[:units]
