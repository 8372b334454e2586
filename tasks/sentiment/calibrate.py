"""The pool of the members, or the temperature of one model, fitted on validation."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqapps.data.batching import Batch, batch_of
from seqapps.task import Case, Column
from seqapps.training.calibrate import fit_pool


def calibrate(
    settings: Any,
    model: Any,
    features: Any,
    cases: Sequence[Case],
    batches: Sequence[Batch],
    columns: dict[str, Column],
) -> None:
    """Set the weights of the layer `scores` to those with the smallest log loss."""
    pool = model.get_layer("scores")
    network = keras.Model(model.input, keras.tree.flatten(pool.input)[0])
    # As a graph: op by op, Python would take a long text's steps one after the other.
    logits_of = tf.function(lambda inputs: network(inputs, training=False), reduce_retracing=True)
    logits, truth = [], []
    for batch in batches:
        inputs, labels = features.pair(batch_of([cases[place] for place in batch], columns))
        logits.append(np.asarray(logits_of(inputs)))  # [batch, members, labels]
        truth.append(np.asarray(keras.tree.flatten(labels)[0]))  # [batch]
    weights = fit_pool(
        np.concatenate(logits), np.concatenate(truth), temperature=settings.calibrate
    )
    pool.set_weights([weights])
