"""Which cases share a batch, in which order: a pure function of lengths, seed and epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps import start
from seqapps.task import Buckets, Case, Column, Fixed, Streams

BUCKETS = 12  # quantiles of the lengths; more of them pad less but leave more broken last batches
AHEAD = 8  # batches made while others are trained on
ANSWERED = 200_000  # steps in a batch of whole cases of streams, which are only answered
LARGEST_BATCH = 256  # cases; very short ones would otherwise fill batches of thousands
Batch = np.ndarray  # positions of the cases of one batch
Bucket = tuple[np.ndarray, int]  # positions of cases of like length, cases in a batch


def plan(
    cases: Sequence[Case],
    batching: Buckets | Fixed | Streams,
    settings: Any,
    *,
    lengths: np.ndarray | None = None,
) -> list[Batch]:
    """All cases in batches, in a fixed order: for judging, and as the material of `shuffled`.

    The positions are sorted by length, so that padding is small.
    """
    return [
        batch
        for positions, size in buckets(cases, batching, settings, lengths=lengths)
        for batch in _chunks(positions, size)
    ]


def buckets(
    cases: Sequence[Case],
    batching: Buckets | Fixed | Streams,
    settings: Any,
    *,
    lengths: np.ndarray | None = None,
) -> list[Bucket]:
    """The cases by quantile of length; a bucket's longest case sets the size of its batches.

    Where the `lengths` are not given, every case is looked at.
    """
    steps = steps_of(cases, batching, settings, lengths=lengths)
    if steps is None:
        return [(np.arange(len(cases)), settings.batch_size)]
    most = ANSWERED if isinstance(batching, Streams) else settings.batch_tokens
    order = np.argsort(steps, kind="stable")
    parts = [part for part in np.array_split(order, BUCKETS) if part.size]
    return [(part, _size(part, most // steps[part].max())) for part in parts]


def _size(part: np.ndarray, most: int) -> int:
    """Cases in a batch of a bucket: as even as can be, since a few cases alone are a noisy step."""
    batches = -(-len(part) // np.clip(most, 1, LARGEST_BATCH))
    return int(-(-len(part) // batches))


def steps_of(
    cases: Sequence[Case],
    batching: Buckets | Fixed | Streams,
    settings: Any,
    *,
    lengths: np.ndarray | None = None,
) -> np.ndarray | None:
    """The steps that every case takes of a batch, int [cases]; None where all take the same.

    A case counts as at most `settings.max_tokens` steps, where there is such a setting.
    """
    if isinstance(batching, Fixed):
        return None
    if lengths is None:
        lengths = lengths_of(cases, batching, settings)
    # What a model cuts takes no steps: counted, it would leave batches of one long text alone.
    return np.asarray(np.minimum(lengths, getattr(settings, "max_tokens", np.inf)), "int64")


def lengths_of(cases: Sequence[Case], batching: Buckets | Streams, settings: Any) -> np.ndarray:
    """The steps of every case, int [cases], at least 1."""
    return np.fromiter(
        (max(1, batching.length(case, settings)) for case in cases), dtype="int64", count=len(cases)
    )


def shuffled(parts: Sequence[Bucket], *, seed: int, epoch: int) -> list[Batch]:
    """The batches of one training epoch; their number is the same in every epoch."""
    random = np.random.default_rng([seed, epoch])
    batches = [
        batch for positions, size in parts for batch in _chunks(random.permutation(positions), size)
    ]
    if len(parts) == 1:
        return batches
    return [batches[position] for position in random.permutation(len(batches))]


def batch_of(cases: Sequence[Case], columns: Mapping[str, Column]) -> dict[str, tf.Tensor]:
    """Stack cases into one dict of tensors, each [batch, ...].

    Raises ValueError where a value has not the shape of its column.
    """
    return {
        name: tf.constant(_stacked([case[name] for case in cases], column), column.dtype)
        for name, column in columns.items()
    }


def pipeline(
    cases: Sequence[Case],
    batches: Callable[[], Sequence[Batch]],
    columns: Mapping[str, Column],
    pair: Any,
) -> tf.data.Dataset:
    """A tf.data pipeline of `pair(batch)`, in the order of the batches whatever the parallelism.

    `batches` is asked each time the pipeline is iterated, so that one pipeline serves a whole
    training: TensorFlow never lets go of a generator's graph, 0.5 MB, nor of what it refers to.
    """

    def raw() -> Any:
        for batch in batches():
            chosen = [cases[i] for i in batch]
            yield {
                name: _stacked([case[name] for case in chosen], column)
                for name, column in columns.items()
            }

    signature = {
        name: tf.TensorSpec([None, *column.shape], column.dtype) for name, column in columns.items()
    }
    dataset = tf.data.Dataset.from_generator(raw, output_signature=signature)
    dataset = dataset.map(pair, num_parallel_calls=start.cores(), deterministic=True)
    # Autotuning looks again after 10, 20, 40, ... ms, and an iterator that ends waits for the next
    # look: a round of 5.2 seconds took 10.2.
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.prefetch(AHEAD).with_options(options)


def _chunks(positions: np.ndarray, size: int) -> list[Batch]:
    return [positions[start : start + size] for start in range(0, len(positions), size)]


def _stacked(values: list[Any], column: Column) -> np.ndarray:
    """[batch, ...]; a shape that does not fit is never stretched, turned or flattened to fit."""
    array = np.asarray(values, object if column.dtype == "string" else column.dtype)
    shape = (len(values), *(size or 0 for size in column.shape))
    if not values:
        return array.reshape(shape)
    if array.shape != shape:
        raise ValueError(f"a batch of {column.kind} has the shape {array.shape}, expected {shape}")
    return array
