"""The chart of exponentially weighted moving averages: small changes that stay add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.standard import Standard, StepScores, Values


@dataclass(frozen=True)
class Ewma:
    """The score is the largest standardised moving average of the sensors (Roberts 1959).

    z[t] = weight * deviation[t] + (1 - weight) * z[t - 1], z before the first step is 0. It is
    divided by its standard deviation. That is measured on the normal values, as sensors that
    remember their past wander further than independent values; of those it would be
    sqrt(weight / (2 - weight)). At the beginning it is smaller by sqrt(1 - (1 - weight)^(2 t)), t
    counted from 1, so that a chart that has just begun is as sure as one that runs for long
    (Montgomery 2009, eq. 9.25). Where a value is missing, the average falls back towards 0.
    """

    standard: Standard
    weight: float
    spread: Values  # float64 [sensors]: of the averages

    @classmethod
    def fit(cls, normal: Values, *, weight: float = 0.1, independent: bool = False) -> Ewma:
        """From normal values [time, sensors]; a smaller weight looks further back.

        With `independent` the spread is that of independent values, as textbooks have it.
        """
        standard = Standard.fit(normal)
        textbook = np.full(len(standard.mean), np.sqrt(weight / (2 - weight)))
        if independent:
            return cls(standard, weight, textbook)
        averages = _averages(standard.deviations(normal), weight)
        measured = np.sqrt((averages**2).mean(axis=0))
        # The averages of a sensor that never moved are what rounding leaves.
        return cls(standard, weight, np.where(measured > 1e-6, measured, textbook))

    def score(self, values: Values) -> StepScores:
        """Of values [time, sensors], each step from those up to it."""
        averages = _averages(self.standard.deviations(values), self.weight)  # [time, sensors]
        steps = np.arange(1, len(averages) + 1)[:, None]
        begun = np.sqrt(1 - (1 - self.weight) ** (2 * steps))  # [time, 1]
        contributions = np.abs(averages) / (begun * self.spread)
        return StepScores(contributions.max(axis=1, initial=0.0), contributions)


def _averages(deviations: Values, weight: float) -> Values:
    """[time, sensors], from 0 before the first step."""
    from scipy.signal import lfilter

    return np.asarray(lfilter([weight], [1, weight - 1], deviations, axis=0))
