"""Sensors on one scale by their normal values, which all control charts begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from seqapps.errors import UserError

Values = np.ndarray[Any, Any]
STILL = 1e-3  # of its own value: the scale of a sensor that never moved in the normal values
MOST = 1e6  # deviations are no larger, so that their squares stay numbers


class StepScores(NamedTuple):
    """How unusual each step is, and what each sensor adds to that."""

    scores: Values  # float64 [time]
    contributions: Values  # float64 [time, sensors], at least 0


@dataclass(frozen=True)
class Standard:
    """Mean and standard deviation of each sensor; gaps (NaN, infinity) are left out."""

    mean: Values  # float64 [sensors]
    deviation: Values  # float64 [sensors], above 0

    @classmethod
    def fit(cls, normal: Values) -> Standard:
        """From normal values [time, sensors].

        A sensor that never moved gets a thousandth of its value as its scale (1 where the value
        is 0): should it move, it is seen, and the score stays a number. One that was never
        observed deviates by 0 from then on.
        """
        values = checked(normal)
        there = np.isfinite(values)
        counts = np.maximum(there.sum(axis=0), 1)  # [sensors]
        values = np.where(there, values, 0.0)
        mean = values.sum(axis=0) / counts
        deviation = np.sqrt((np.where(there, values - mean, 0.0) ** 2).sum(axis=0) / counts)
        least = np.where(mean == 0, 1.0, STILL * np.abs(mean))
        # Rounding alone gives a constant sensor a deviation that is not quite 0.
        still = deviation <= 1e-9 * np.abs(mean)
        deviation = np.where(still, least, deviation)
        return cls(mean, np.where(there.any(axis=0), deviation, np.inf))

    def deviations(self, values: Values) -> Values:
        """In standard deviations [time, sensors]; 0 where a value is missing."""
        values = checked(values, sensors=len(self.mean))
        found = (np.where(np.isfinite(values), values, self.mean) - self.mean) / self.deviation
        return np.clip(found, -MOST, MOST)


def checked(values: Values, *, sensors: int | None = None) -> Values:
    """The values as float64 [time, sensors]; UserError where they are not that."""
    values = np.asarray(values, "float64")
    if values.ndim != 2 or (sensors is not None and values.shape[1] != sensors):
        wanted = "any number of" if sensors is None else str(sensors)
        raise UserError(
            f"A chart wants values [time, sensors] of {wanted} sensors; received values of shape "
            f"{list(values.shape)}. Give the columns that the chart was fitted to, in their order."
        )
    if sensors is None and not np.isfinite(values).any():
        raise UserError(
            f"A chart is fitted to normal values; received {len(values)} steps without a single "
            "number. Give a part of the series in which the sensors were read."
        )
    return values
