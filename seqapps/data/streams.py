"""Documents as streams: rows of a batch that go on from batch to batch.

All cases are made into tensors once and lie one after the other. A window is a stretch of that, of
at most `steps`, inside of one document, and a batch is a window for each of its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.data.batching import AHEAD, Batch, pipeline
from seqapps.data.paired import (
    NARROW,
    Kept,
    fits,
    is_free,
    keep,
    keeps,
    memory_for,
    narrows,
    room_in,
)
from seqapps.errors import UserError
from seqapps.progress import SILENT, Progress
from seqapps.task import Case, Streams, Task

AT_ONCE = 64  # cases made into tensors together
LOOKED_AT = 4  # batches of them that tell how large all will be
START, LENGTH, KEEP = 0, 1, 2  # of a window: its first step, its steps, 1 where its row goes on


class Documents:
    """Where each document begins among all steps, and how they lie in the rows of an epoch."""

    def __init__(
        self, lengths: np.ndarray, goes_on: np.ndarray, *, rows: int, steps: int, seed: int
    ) -> None:
        """`lengths` int [cases] are steps of the cases, `goes_on` bool [cases] as in `Streams`."""
        first = ~goes_on
        first[:1] = True
        starts = np.cumsum(lengths) - lengths  # of the cases
        self._starts = starts[first]
        self._lengths = np.add.reduceat(lengths, np.flatnonzero(first)) if len(lengths) else lengths
        self._windows = -(-self._lengths // steps)
        self._rows, self._steps, self._seed = rows, steps, seed
        self.windows = int(self._windows.sum())
        self.batches = -(-self.windows // rows)

    def epoch(self, epoch: int) -> Callable[[int], Batch]:
        """The number of a batch -> its windows, int [rows, 3]: a pure function of seed and epoch.

        The documents are shuffled and laid on a line, which is cut into equal parts, one for each
        row. A document that is cut goes on in the next row without its state.
        """
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._starts))
        ends = np.cumsum(self._windows[order])  # on the line, in windows
        borders = np.arange(self._rows + 1) * self.windows // self._rows

        def batch(number: int) -> Batch:
            places = borders[:-1] + number
            real = places < borders[1:]
            places = np.where(real, places, 0)
            which = np.searchsorted(ends, places, side="right")
            document = order[which]
            inside = places - (ends[which] - self._windows[document])
            left = self._lengths[document] - inside * self._steps
            windows = np.stack(
                [
                    self._starts[document] + inside * self._steps,
                    np.minimum(left, self._steps) * real,
                    (inside > 0) & real & (number > 0),
                ],
                axis=1,
            )
            return windows.astype("int64")

        return batch


class StreamSource:
    """Makes pipelines of (inputs, targets) for batches of windows."""

    def __init__(
        self, kept: Sequence[Kept], specs: Any, lengths: np.ndarray, *, steps: int
    ) -> None:
        self.lengths = lengths  # int [cases]
        self._kept, self._specs, self._steps = kept, specs, steps
        self._ends = np.cumsum(lengths)

    def __call__(self, batches: Callable[[], Sequence[Batch]]) -> tf.data.Dataset:
        def pairs() -> Iterator[Any]:
            for batch in batches():
                yield self._pair(batch)

        options = tf.data.Options()
        options.autotune.enabled = False  # see `pipeline`
        specs = tf.nest.map_structure(self._spec, self._specs)
        dataset = tf.data.Dataset.from_generator(pairs, output_signature=specs)
        return dataset.prefetch(AHEAD).with_options(options)

    def pair(self, batch: Batch) -> tuple[Any, Any]:
        """(inputs, targets) of one batch."""
        return tf.nest.map_structure(tf.constant, self._pair(batch))  # type: ignore[no-any-return]

    def _pair(self, batch: Batch) -> tuple[Any, Any]:
        inputs, targets = tf.nest.pack_sequence_as(
            self._specs, [self._cut(each, batch) for each in self._kept]
        )
        inputs["keep"] = batch[:, KEEP:].astype("float32")
        return inputs, targets

    def _cut(self, kept: Kept, batch: Batch) -> np.ndarray:
        if not kept.free:
            cases = np.searchsorted(self._ends, batch[:, START], side="right")
            return kept.batch(cases)
        shape = (len(batch), self._steps, *kept.rest)
        values = np.zeros(shape, kept.dtype)
        for row, (start, length, _) in enumerate(batch):
            values[row, :length] = kept.stretch(int(start), int(length))
        return values

    def _spec(self, spec: tf.TensorSpec) -> tf.TensorSpec:
        shape = [None, self._steps, *spec.shape[2:]] if is_free(spec) else spec.shape
        return tf.TensorSpec(shape, spec.dtype)


def stream_source(
    task: Task,
    settings: Any,
    features: Any,
    cases: Sequence[Case],
    *,
    folder: Path,
    max_memory: int | None = None,
    progress: Progress = SILENT,
) -> StreamSource:
    """All cases as tensors, in memory up to `max_memory` bytes, else in a file in `folder`.

    Raises UserError where they fit neither.
    """
    parts = [
        np.arange(first, min(first + AT_ONCE, len(cases)))
        for first in range(0, len(cases), AT_ONCE)
    ]

    def anew(batches: Callable[[], Sequence[Batch]]) -> tf.data.Dataset:
        return pipeline(cases, batches, task.columns, features.pair)

    specs = anew(lambda: parts).element_spec
    flat = tf.nest.flatten(specs)
    if not all(map(keeps, flat)):
        raise TypeError(f"`pair` of a task with Streams gives {specs}: numbers, batch first")
    size = _size(anew, parts, len(cases))
    in_memory = size <= memory_for(max_memory)
    told = f"the tensors of {len(cases):,} training cases, {size / 1e6:,.0f} MB"
    if not in_memory and size > room_in(folder):
        raise UserError(
            f"{told}, fit neither memory nor the disk of {folder}. Give more memory with "
            "--max-memory, another disk with --runs, or fewer texts."
        )
    kept = [
        Kept(len(cases), spec, None if in_memory else folder, narrow=is_free(spec)) for spec in flat
    ]
    groups = [next(n for n, other in enumerate(kept) if other.free == each.free) for each in kept]
    with progress.track("making tensors of the cases", len(cases)) as advance:
        for positions, pair in zip(parts, anew(lambda: parts), strict=True):
            keep(kept, groups, positions, [each.numpy() for each in tf.nest.flatten(pair)])
            advance(len(positions))
    for each in kept:
        each.close()
    if not in_memory:
        progress.say(f"training: {told}, are kept on disk; memory is given by --max-memory")
    lengths = next(each.lengths for each in kept if each.free)
    return StreamSource(kept, specs, lengths, steps=settings.steps)


def goes_on_of(cases: Sequence[Case], batching: Streams) -> np.ndarray:
    """Which cases go on in the document of the case before: bool [cases]."""
    return np.fromiter((batching.goes_on(case) for case in cases), bool, count=len(cases))


def _size(anew: Callable[..., Any], parts: Sequence[Batch], cases: int) -> float:
    """Bytes of the tensors of all cases, told from a few of them."""
    places = np.linspace(0, len(parts) - 1, min(LOOKED_AT, len(parts))).astype(int)
    some = [parts[place] for place in places]
    found = [
        each for pair in islice(anew(lambda: some), len(some)) for each in tf.nest.flatten(pair)
    ]
    sizes = [_bytes(each.numpy()) for each in found]
    return float(sum(sizes)) / sum(map(len, some)) * cases


def _bytes(values: np.ndarray) -> int:
    """As they are kept: see `Kept`."""
    narrow = values.ndim > 1 and narrows(values.dtype) and fits(values)
    return values.size * NARROW.itemsize if narrow else values.nbytes
