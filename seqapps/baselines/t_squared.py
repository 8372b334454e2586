"""Hotelling's T-squared with Q: is a step unusual within the sensors' usual pattern, or off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.baselines.standard import Standard, StepScores, Values

LIMIT = 0.99  # of the normal steps have statistics below 1 after scaling


@dataclass(frozen=True)
class TSquared:
    """The larger of T-squared and Q, each in units of its 99 % quantile on normal steps.

    Standardised sensors are split by principal components of the normal steps. T-squared is the
    squared distance within the components that explain `explained` of the variance, each divided
    by its own (Hotelling 1947); Q, also squared prediction error, is what is left over (Jackson
    and Mudholkar 1979). T-squared sees unusual amounts, Q sees sensors that no longer agree.
    A sensor's contribution is its part of the statistic that is the larger one: of T-squared its
    term of x' P S^-1 P' x, where that is positive (Nomikos and MacGregor 1995), of Q its squared
    residual.
    """

    standard: Standard
    components: Values  # float64 [sensors, kept], columns of length 1
    variances: Values  # float64 [kept]
    limits: tuple[float, float]  # of T-squared and Q

    @classmethod
    def fit(cls, normal: Values, *, explained: float = 0.9) -> TSquared:
        """From normal values [time, sensors]."""
        standard = Standard.fit(normal)
        deviations = standard.deviations(normal)
        variances, vectors = np.linalg.eigh(deviations.T @ deviations / max(len(deviations), 1))
        variances, vectors = variances[::-1], vectors[:, ::-1]  # the largest first
        shares = np.cumsum(variances) / max(variances.sum(), 1e-12)
        kept = min(int(np.searchsorted(shares, explained - 1e-12)) + 1, len(variances))
        found = cls(
            standard, vectors[:, :kept], np.maximum(variances[:kept], 1e-9), limits=(1.0, 1.0)
        )
        within, off = found._statistics(deviations)
        limits = [max(float(np.quantile(each.sum(axis=1), LIMIT)), 1e-9) for each in (within, off)]
        return cls(standard, found.components, found.variances, (limits[0], limits[1]))

    def score(self, values: Values) -> StepScores:
        """Of values [time, sensors], each step by itself."""
        parts = [
            each / limit
            for each, limit in zip(
                self._statistics(self.standard.deviations(values)), self.limits, strict=True
            )
        ]
        totals = [each.sum(axis=1) for each in parts]  # two of [time]
        larger = (totals[1] > totals[0])[:, None]
        contributions = np.maximum(np.where(larger, parts[1], parts[0]), 0.0)
        return StepScores(np.maximum(*totals), contributions)

    def _statistics(self, deviations: Values) -> tuple[Values, Values]:
        """Each sensor's terms of T-squared and of Q, both [time, sensors]."""
        places = deviations @ self.components  # [time, kept]
        within = deviations * ((places / self.variances) @ self.components.T)
        return within, (deviations - places @ self.components.T) ** 2
