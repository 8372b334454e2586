"""Several devices of one host: each takes its share of a batch, the step is that of the batch.

`tf.distribute.MirroredStrategy` keeps a copy of all variables on every device. Keras divides each
device's mean loss by the number of devices and sums the gradients. Two things are ours:

- Shares have the same number of rows, so that the mean of their means is that of the batch. Where
  a batch does not divide, cases of it are taken once more, with a weight of 0.
- Gradients are summed before anything looks at them. Keras would clip the part of each device, and
  would ask one device alone whether its part is finite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.data.batching import Batch
from seqapps.data.paired import Source
from seqapps.devices import check_present, present
from seqapps.training.optimizer import unwrapped


def strategy_of(devices: int) -> Any:
    """What trains on that many devices; on one, TensorFlow's default.

    Raises UserError where they are not there.
    """
    if devices == 1:
        return tf.distribute.get_strategy()
    check_present(devices)
    return _mirrored(devices)


@cache
def _mirrored(devices: int) -> Any:
    # One for the whole process: two would number what their devices do together alike, and
    # TensorFlow would take the one's for the other's ("Shape mismatch in the collective instance").
    return tf.distribute.MirroredStrategy(present()[:devices])


def shares(strategy: Any, source: Source, batches: Callable[[], Sequence[Batch]]) -> Any:
    """What `fit` reads: of every batch one share for each device, with the weights of its rows."""
    count = strategy.num_replicas_in_sync

    def filled() -> list[Batch]:
        return [np.resize(batch, _even(len(batch), count)) for batch in batches()]

    def weights() -> Iterator[np.ndarray]:
        for batch in batches():
            yield row_weights(len(batch), _even(len(batch), count))

    def dataset(_: Any) -> tf.data.Dataset:
        signature = tf.TensorSpec([None, 1], "float32")
        whole = tf.data.Dataset.zip(
            source(filled),
            tf.data.Dataset.from_generator(weights, output_signature=signature),
        )
        # Cut behind `pair`, so that the shares of a batch have the same number of steps.
        return whole.map(lambda pair, weight: _cut((*pair, weight), count)).unbatch()

    return strategy.distribute_datasets_from_function(dataset)


def _even(rows: int, count: int) -> int:
    """The rows of a batch that so many devices can share: that many, or some more."""
    return -(-rows // count) * count


def _cut(values: Any, count: int) -> Any:
    """Each tensor [batch, ...] -> [count, batch / count, ...]."""
    return tf.nest.map_structure(
        lambda value: tf.reshape(value, tf.concat([[count, -1], tf.shape(value)[1:]], 0)), values
    )


def row_weights(real: int, rows: int) -> np.ndarray:
    """Float32 [rows, 1] whose sum is `rows`, all of it on the real ones.

    The 1 is for losses of tokens, [batch, time]; of cases', [batch], Keras takes it off.

    >>> row_weights(2, 3).tolist()
    [[1.5], [1.5], [0.0]]
    """
    weights = np.where(np.arange(rows) < real, np.float32(rows / real), np.float32(0))
    return weights[:, np.newaxis]


def sum_first(model: Any) -> None:
    """Let the model's optimizer be given the gradients of the whole batch, on every device."""
    optimizer = model.optimizer
    given = optimizer.apply

    def apply(grads: Sequence[Any], trainable_variables: Any = None) -> None:
        gradients = list(grads)
        known = [gradient for gradient in gradients if gradient is not None]
        summed = iter(tf.distribute.get_replica_context().all_reduce("SUM", known))
        given([None if each is None else next(summed) for each in gradients], trainable_variables)

    optimizer.apply = apply
    # Keras sums here, behind clipping; what comes is the sum already.
    unwrapped(optimizer)._all_reduce_sum_gradients = list
