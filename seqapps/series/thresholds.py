"""The threshold of an alarm for a wanted rate of false ones, from scores of normal steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqapps.errors import UserError

Scores = np.ndarray[Any, Any]  # float [time]
PEAKS = 0.02  # share of the highest scores that the tail is fitted to, as Siffer et al.
LEAST_PEAKS = 20  # a tail of fewer would be a guess
SHAPES = (-0.5, 0.5)  # outside, moments of the tail's estimate do not exist


@dataclass(frozen=True)
class Threshold:
    """A score above `value` is alarming."""

    value: float
    wanted: float  # share of normal steps that may be above
    steps: int  # normal steps that it was set on
    tail: bool  # whether an extreme-value tail was fitted

    @property
    def resolution(self) -> float:
        """The smallest share that so many steps can tell: one of them."""
        return 1 / self.steps

    @property
    def note(self) -> str:
        """What the reader of a report has to know of it."""
        told = f"set on {self.steps:,} normal steps for {self.wanted:.3%} of them above it"
        if self.tail:
            return f"{told}, by a generalised Pareto tail of the highest {PEAKS:.0%}"
        if self.wanted < self.resolution:
            return (
                f"{told}, which they cannot tell: the rate is somewhere under "
                f"{self.resolution:.3%}, and the threshold is their highest score"
            )
        return told


def threshold(scores: Scores, *, false_alarms: float, tail: bool = False) -> Threshold:
    """The score that a share of `false_alarms` of normal steps exceeds.

    A quantile of the scores, the next higher of them, so that no more than that share is above;
    with a share below one in `len(scores)` their highest. Steps of a series are not independent:
    where scores remember their past, the rate elsewhere scatters as if there were fewer steps.

    With `tail`, a generalised Pareto distribution is fitted to the excesses over the highest 2 %
    (peaks over threshold, Siffer et al. 2017, eq. 1), which goes on where the scores end:
    level + scale / shape * ((false_alarms * steps / peaks)^-shape - 1). Its parameters come from
    probability-weighted moments (Hosking and Wallis 1987). The share must be below that of the
    peaks, and there must be 20 of them; otherwise the quantile is taken. It pays where the wanted
    share is below one step in all: with 2,000 independent normal steps and 1 in 10,000 wanted, the
    quantile gave 3.4 to 4.0 times as many false alarms in the median of 200 draws, the tail 1.2 to
    1.4 times; with 1 in 100 wanted they do not differ. Against steps that remember their past
    (AR(1) of 0.95: 8 times and 5 times) it does not help; more validation data do.

    Raises UserError for a share that is none, and where no score is a number.
    """
    if not 0 <= false_alarms < 1:
        raise UserError(
            f"false_alarms: the share of normal steps above the threshold, from 0 to below 1; "
            f"received {false_alarms}. 0.001 allows one step in 1,000."
        )
    scores = np.sort(np.asarray(scores, "float64").ravel())
    scores = scores[np.isfinite(scores)]
    if not len(scores):
        raise UserError(
            "A threshold is set on scores of normal steps; received none that is a number. Give "
            "validation data that hold at least one window of normal operation."
        )
    if tail and 0 < false_alarms < PEAKS and PEAKS * len(scores) >= LEAST_PEAKS:
        value = _beyond(scores, false_alarms)
    else:
        tail = False
        value = float(scores[len(scores) - 1 - math.floor(false_alarms * len(scores) + 1e-9)])
    return Threshold(value, false_alarms, len(scores), tail)


def _beyond(scores: Scores, false_alarms: float) -> float:
    """Of ascending scores; never below their quantile's next lower score by the fit's whim."""
    peaks = math.floor(PEAKS * len(scores))
    level = scores[-peaks - 1]
    excess = scores[-peaks:] - level
    mean = float(excess.mean())
    if mean <= 0:  # all of the highest scores are one
        return float(level)
    # Hosking and Wallis 1987: E[x (1 - F(x))], F from the plotting positions (i - 0.35) / n.
    weighted = float((excess * (1 - (np.arange(1, peaks + 1) - 0.35) / peaks)).mean())
    shape = float(np.clip(2 - mean / (mean - 2 * weighted), *SHAPES))
    scale = mean * (1 - shape)
    ratio = false_alarms * len(scores) / peaks
    if abs(shape) < 1e-6:
        return float(level - scale * math.log(ratio))
    return float(level + scale / shape * (ratio**-shape - 1))
