"""What errors are usual, and the threshold, by the normal windows of the validation data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.data.batching import batch_of
from seqapps.errors import UserError
from seqapps.series.thresholds import threshold
from seqapps.task import PAST, Case

from .features import SMALLEST
from .task import inputs_of
from .windows import ANOMALY

AT_ONCE = 256  # windows
MOST = 20_000  # windows, evenly spread; more tell the same


def calibrate(settings: Any, model: Any, features: Any, cases: Sequence[Case]) -> None:
    """Set `usual`, `spread` and `threshold` of a trained model.

    Raises UserError where no validation window is normal.
    """
    places = [place for place, case in enumerate(cases) if _is_normal(case, settings.lookback)]
    normal = [cases[place] for place in evenly(places, most=MOST)]
    if not normal:
        raise UserError(
            "The validation part has no window of normal operation, which the threshold is set "
            "on. Give more of it, or other --shares."
        )
    judge, new = model.get_layer("judge"), features.new
    columns = inputs_of(settings)
    parts = [normal[first : first + AT_ONCE] for first in range(0, len(normal), AT_ONCE)]
    inputs = [features.inputs(batch_of(part, columns)) for part in parts]
    # Of each window the steps that no other window speaks for.
    errors = np.concatenate([features.smoothed(model(each))[:, -new:] for each in inputs])
    judge.usual.assign(errors.mean(axis=(0, 1)))
    judge.spread.assign(np.maximum(errors.std(axis=(0, 1)), SMALLEST))
    scores = np.concatenate(
        [tf.reduce_max(features.deviations(model, each), axis=2)[:, -new:] for each in inputs]
    )
    found = threshold(scores, false_alarms=settings.false_alarms, tail=True)
    judge.threshold.assign(max(found.value * settings.margin, SMALLEST))


def evenly(places: Sequence[int], *, most: int) -> list[int]:
    """At most so many places, of the whole of them.

    >>> evenly([2, 3, 5, 7, 11], most=3)
    [2, 5, 11]
    """
    chosen = np.linspace(0, len(places) - 1, min(most, len(places))).astype(int)
    return [places[place] for place in chosen]


def _is_normal(case: Case, lookback: int) -> bool:
    """Whether no step of the window is anomalous: smoothed errors remember those before."""
    return not np.max(case[PAST][-lookback:, ANOMALY]) > 0
