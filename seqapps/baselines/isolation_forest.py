"""Isolation forest: steps that few random cuts set apart from the rest are unusual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqapps.baselines.standard import Standard, StepScores, Values


@dataclass(frozen=True)
class IsolationForest:
    """scikit-learn's forest over the sensors of one step (Liu et al. 2008).

    The score is that of the paper's equation 2, in (0, 1]: about 0.5 is usual. A forest names no
    sensors; a sensor's contribution is how much the score falls when its value is put back to its
    mean, 0 where it does not fall.
    """

    standard: Standard
    forest: Any

    @classmethod
    def fit(cls, normal: Values, *, trees: int = 100, seed: int = 0) -> IsolationForest:
        """From normal values [time, sensors]."""
        from sklearn import ensemble

        standard = Standard.fit(normal)
        forest = ensemble.IsolationForest(n_estimators=trees, random_state=seed)
        return cls(standard, forest.fit(standard.deviations(normal)))

    def score(self, values: Values, *, blame: bool = True) -> StepScores:
        """Of values [time, sensors], each step by itself; without `blame` contributions are 0.

        Contributions ask the forest once more for each sensor.
        """
        deviations = self.standard.deviations(values)
        contributions = np.zeros_like(deviations)
        if not len(deviations):
            return StepScores(np.zeros(0), contributions)
        scores = self._scores(deviations)
        for sensor in range(deviations.shape[1] if blame else 0):
            usual = deviations.copy()
            usual[:, sensor] = 0.0
            contributions[:, sensor] = np.maximum(scores - self._scores(usual), 0.0)
        return StepScores(scores, contributions)

    def _scores(self, deviations: Values) -> Values:
        return -np.asarray(self.forest.score_samples(deviations), "float64")
