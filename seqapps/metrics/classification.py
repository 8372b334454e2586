"""Accuracy, macro F1, log loss and calibration error of named labels.

NumPy is imported where it is used: tasks import this module, and listing tasks must be instant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seqapps.metrics.mean import mean_of
from seqapps.task import Case, Example, Metric, Response

if TYPE_CHECKING:
    import numpy as np

LEAST_PROBABILITY = 1e-7  # float32's zero must not make one case cost infinity

BINS = 10  # of confidence, in the calibration error

_CASES = [{"label": "good"}, {"label": "good"}, {"label": "bad"}, {"label": "bad"}]
_LABELS = ["bad", "good"]
_RESPONSES = [
    {"label": "good", "labels": _LABELS, "scores": [0.2, 0.8]},
    {"label": "bad", "labels": _LABELS, "scores": [0.5, 0.5]},
    {"label": "bad", "labels": _LABELS, "scores": [0.9, 0.1]},
    {"label": "bad", "labels": _LABELS, "scores": [0.6, 0.4]},
]


def accuracy() -> Metric:
    """Share of cases whose `label` is right."""
    return mean_of(
        lambda case, response: float(case["label"] == response["label"]),
        example=Example(_CASES, _RESPONSES, 3 / 4),
    )


def log_loss() -> Metric:
    """Mean negative log probability of the true label, in nats; 0 is certain and right."""

    def surprise(case: Case, response: Response) -> float:
        by_label = dict(zip(response["labels"], response["scores"], strict=True))
        return -math.log(max(by_label.get(case["label"], 0.0), LEAST_PROBABILITY))

    expected = -sum(map(math.log, (0.8, 0.5, 0.9, 0.6))) / 4
    return mean_of(
        surprise,
        example=Example(_CASES, _RESPONSES, expected),
        higher_is_better=False,
        unit="nats",
    )


def macro_f1() -> Metric:
    """Mean over the labels of 2 tp / (2 tp + fp + fn); a rare label counts as much as any."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        names = sorted({name for response in responses for name in response["labels"]})
        names += sorted({case["label"] for case in cases} - set(names))
        true = _one_hot([case["label"] for case in cases], names)  # [cases, labels]
        told = _one_hot([response["label"] for response in responses], names)
        return np.concatenate([true * told, true, told], axis=1)  # [cases, 3 * labels]

    def reduce(sums: np.ndarray) -> float:
        import numpy as np

        hits, true, told = np.split(sums, 3)  # each [labels]
        there = (true + told) > 0  # a label that this resample lacks says nothing
        return float(np.mean(2 * hits[there] / (true + told)[there]))

    # good: 2*1 / (2+1), bad: 2*2 / (2+3)
    return Metric(
        statistics=statistics,
        reduce=reduce,
        example=Example(_CASES, _RESPONSES, (2 / 3 + 4 / 5) / 2),
    )


def calibration_error() -> Metric:
    """Expected calibration error of the told label (Guo et al. 2017, eq. 3), in 10 equal bins.

    The mean over cases of |accuracy - confidence| of their bin: 0.05 says that a score is about
    5 points off from how often the label is right.
    """

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        confidence = np.array([max(response["scores"]) for response in responses], "float64")
        right = np.array(
            [case["label"] == told["label"] for case, told in zip(cases, responses, strict=True)]
        )
        bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
        member = np.eye(BINS)[bins]  # [cases, bins]
        gap = (right - confidence)[:, None] * member
        return np.concatenate([gap, np.ones([len(bins), 1])], axis=1)  # [cases, bins + 1]

    # bins of 0.8 (right), 0.5 (wrong), 0.9 and 0.6 (right)
    expected = (0.2 + 0.5 + 0.1 + 0.4) / 4
    return Metric(
        statistics=statistics,
        reduce=lambda sums: float(abs(sums[:-1]).sum() / sums[-1]),
        example=Example(_CASES, _RESPONSES, expected),
        higher_is_better=False,
    )


def _one_hot(values: Sequence[str], names: Sequence[str]) -> np.ndarray:
    import numpy as np

    same = np.asarray(values)[:, None] == np.asarray(names)[None, :]
    return np.asarray(same, "float64")
