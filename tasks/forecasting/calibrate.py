"""Bands by the errors on validation data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.data.batching import batch_of
from seqapps.layers.bands import LEVELS, spread_of
from seqapps.metrics.conformal import widths_of
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
    for weight in (bands.offsets, bands.width):
        weight.assign(tf.zeros_like(weight))
    columns = {**inputs_of(settings), "truth": targets_of(settings)["truth"]}
    truths, found, spreads = [], [], []
    for first in range(0, len(places), AT_ONCE):
        batch = batch_of([cases[place] for place in places[first : first + AT_ONCE]], columns)
        inputs, truth = features.pair(batch)
        truths.append(np.where(truth[..., 1] > 0, truth[..., 0], np.nan))
        found.append(np.asarray(model(inputs)))
        spreads.append(np.asarray(spread_of(inputs["values"][:, :, : features.targets])))
    offsets, width = widths_of(*map(np.concatenate, (truths, found, spreads)), levels=LEVELS)
    bands.offsets.assign(offsets.astype("float32"))
    bands.width.assign(width.astype("float32"))
