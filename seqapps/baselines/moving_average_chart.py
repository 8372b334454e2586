"""A moving-average chart: how far the mean of the last steps is from the usual one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.standard import MOST, Standard, StepScores, Values


@dataclass(frozen=True)
class MovingAverage:
    """The score is the largest mean deviation of a sensor over the last `steps`, in its own spread.

    Roberts 1959, with the spread of the means measured on normal values and not reckoned from that
    of single steps, because steps remember their past: a sensor that wanders by itself has to
    wander further.
    """

    standard: Standard
    usual: Values  # float64 [sensors], mean of the moving averages of normal values
    spread: Values  # float64 [sensors], their standard deviation, above 0
    steps: int

    @classmethod
    def fit(cls, normal: Values, *, steps: int = 20) -> MovingAverage:
        """From normal values [time, sensors]."""
        standard = Standard.fit(normal)
        moving = averaged(standard.deviations(normal), steps)
        return cls(standard, moving.mean(axis=0), np.maximum(moving.std(axis=0), 1 / MOST), steps)

    def score(self, values: Values) -> StepScores:
        """Of values [time, sensors]; of the first steps over those there are."""
        moving = averaged(self.standard.deviations(values), self.steps)
        contributions = np.abs(moving - self.usual) / self.spread  # [time, sensors]
        return StepScores(contributions.max(axis=1, initial=0.0), contributions)


def averaged(values: Values, steps: int) -> Values:
    """The mean over the last `steps` of each step: [time, ...] -> float64 [time, ...]."""
    total = np.cumsum(np.concatenate([np.zeros_like(values[:1]), values]), axis=0)
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - steps, 0)
    count = (ends - starts).reshape([-1, *[1] * (values.ndim - 1)])
    return np.asarray((total[ends] - total[starts]) / count)
