"""Bands by the errors on validation data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.data.batching import batch_of
from seqapps.layers.bands import LEVELS
from seqapps.metrics.conformal import offsets_of
from seqapps.series.windows import Windows
from seqapps.task import Case

from .task import inputs_of, targets_of

AT_ONCE = 256  # windows
MOST = 5000  # windows; more tell the same


def calibrate(settings: Any, model: Any, features: Any, cases: Sequence[Case]) -> None:
    """Set the bands of a trained model by all validation windows, not only those that judge."""
    if isinstance(cases, Windows):
        cases = cases.every()
    places = np.unique(np.linspace(0, len(cases) - 1, min(MOST, len(cases))).astype(int))
    bands = model.get_layer("bands")
    bands.offsets.assign(tf.zeros_like(bands.offsets))
    columns = {**inputs_of(settings), "truth": targets_of(settings)["truth"]}
    truths, found = [], []
    for first in range(0, len(places), AT_ONCE):
        batch = batch_of([cases[place] for place in places[first : first + AT_ONCE]], columns)
        inputs, truth = features.pair(batch)
        truths.append(np.where(truth[..., 1] > 0, truth[..., 0], np.nan))
        found.append(np.asarray(model(inputs)))
    offsets = offsets_of(np.concatenate(truths), np.concatenate(found), levels=LEVELS)
    bands.offsets.assign(offsets.astype("float32"))
