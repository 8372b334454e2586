"""The chart of exponentially weighted moving averages: small changes that stay add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.standard import Standard, StepScores, Values


@dataclass(frozen=True)
class Ewma:
    """The score is the largest standardised moving average of the sensors (Roberts 1959).

    z[t] = weight * deviation[t] + (1 - weight) * z[t - 1], z before the first step is 0. It is
    divided by its standard deviation at that step for independent values, so that a chart that
    has just begun is as sure as one that runs for long:
    sqrt(weight / (2 - weight) * (1 - (1 - weight)^(2 t))), t counted from 1 (Montgomery 2009,
    eq. 9.25). Where a value is missing, the average falls back towards 0 and raises no alarm.
    """

    standard: Standard
    weight: float

    @classmethod
    def fit(cls, normal: Values, *, weight: float = 0.2) -> Ewma:
        """From normal values [time, sensors]; a smaller weight looks further back."""
        return cls(Standard.fit(normal), weight)

    def score(self, values: Values) -> StepScores:
        """Of values [time, sensors], each step from those up to it."""
        from scipy.signal import lfilter

        kept = 1 - self.weight
        deviations = self.standard.deviations(values)
        averages = lfilter([self.weight], [1, -kept], deviations, axis=0)  # [time, sensors]
        steps = np.arange(1, len(deviations) + 1)
        spread = np.sqrt(self.weight / (2 - self.weight) * (1 - kept ** (2 * steps)))  # [time]
        contributions = np.abs(averages) / spread[:, None]
        return StepScores(contributions.max(axis=1, initial=0.0), contributions)
