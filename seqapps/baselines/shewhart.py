"""Shewhart's control chart of several sensors: how far is the worst one from its mean, now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.standard import Standard, StepScores, Values


@dataclass(frozen=True)
class Shewhart:
    """The score is the largest standardised deviation of the sensors (Shewhart 1931).

    It sees large changes at once and small ones hardly ever; each step is judged by itself.
    """

    standard: Standard

    @classmethod
    def fit(cls, normal: Values) -> Shewhart:
        """From normal values [time, sensors]."""
        return cls(Standard.fit(normal))

    def score(self, values: Values) -> StepScores:
        """Of values [time, sensors]."""
        contributions = np.abs(self.standard.deviations(values))  # [time, sensors]
        return StepScores(contributions.max(axis=1, initial=0.0), contributions)
