"""Cases as tensors, made once: what `Features.pair` gives is kept and not made anew each epoch."""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import tensorflow as tf

from seqapps import start
from seqapps.data.batching import AHEAD, Batch, batch_of, pipeline, plan
from seqapps.data.graph import Make, draws, graph_of
from seqapps.data.once import Once, reading
from seqapps.data.records import Rows
from seqapps.progress import SILENT, Progress
from seqapps.task import Case, Column, Task

LOOKED_AT = 8  # batches that tell how large all will be, and which tensors are equally long
SHARE_OF_MEMORY = 0.25  # of what is free, where nobody says how much may be held
SHARE_OF_DISK = 0.5
NARROW = np.dtype("uint16")
AT_ONCE = 1 << 20  # bytes of a file that are widened together
Source = Callable[[Callable[[], Sequence[Batch]]], tf.data.Dataset]  # batches of positions -> pairs


def source_of(
    task: Task,
    settings: Any,
    features: Any,
    cases: Sequence[Case],
    *,
    folder: Path,
    lengths: np.ndarray | None = None,
    max_memory: int | None = None,
    progress: Progress = SILENT,
) -> Source:
    """A maker of pipelines of `features.pair(batch)`, which reads kept tensors where that is right.

    They are made anew for every batch where they would serve one epoch only, where cases are made
    while they are read, and where `kept_source` keeps none.
    """
    found = None
    if settings.epochs > 1 and isinstance(cases, Rows | list | tuple) and len(cases):
        with reading(features, task.inputs, progress=progress) as once:
            found = kept_source(
                features.pair,
                task.columns,
                cases,
                plan(cases, task.batching, settings, lengths=lengths),
                split="training",
                folder=folder,
                once=once,
                max_memory=max_memory,
                progress=progress,
            )
    return found or (lambda batches: pipeline(cases, batches, task.columns, features.pair))


def kept_source(
    make: Make,
    columns: Mapping[str, Column],
    cases: Sequence[Case],
    parts: Sequence[Batch],
    *,
    split: str,
    folder: Path,
    once: Once | None = None,
    max_memory: int | None = None,
    progress: Progress = SILENT,
) -> Source | None:
    """A maker of pipelines of `make(batch)`, whose tensors are made once, in batches of `parts`.

    `once` makes of raw inputs what `make` takes as well, see `Features.once_by`.
    They are held in memory up to `max_memory` bytes, otherwise in an unnamed file in `folder`,
    which is gone with the process. None where `make` draws by chance, where tensors are strings or
    have several free axes, and where they fit neither in memory nor on the disk.
    """
    graph = graph_of(make, columns, once.specs if once else {})
    if once:
        parts = once.parts(parts)
    specs = tf.nest.map_structure(tf.type_spec_from_value, graph.structured_outputs)
    if not all(map(keeps, tf.nest.flatten(specs))) or draws(graph):
        return None
    looked_at, others = _apart(parts)
    some = list(made(graph, columns, cases, looked_at, once))
    groups, size = _looked_at(some, len(cases))
    in_memory = size <= memory_for(max_memory)
    told = f"the tensors of {len(cases):,} {split} cases, {size / 1e6:,.0f} MB"
    if not in_memory and size > room_in(folder):
        progress.say(f"training: {told}, fit neither memory nor disk and are made for each batch")
        return None
    kept = [
        Kept(len(cases), spec, None if in_memory else folder) for spec in tf.nest.flatten(specs)
    ]
    with progress.track("making tensors of the cases", len(cases)) as advance:
        for positions, values in chain(some, made(graph, columns, cases, others, once)):
            keep(kept, groups, positions, values)
            advance(len(positions))
    for each in kept:
        each.close()
    if once and once.found:
        progress.say(
            f"training: {once.found:,} of {len(cases):,} {split} cases came from the cache, as "
            f"{once.of} read them before"
        )
    if not in_memory:
        progress.say(f"training: {told}, are kept on disk; memory is given by --max-memory")
    return lambda batches: _from(kept, specs, batches)


def made(
    graph: Any,
    columns: Mapping[str, Column],
    cases: Sequence[Case],
    parts: Iterable[Batch],
    once: Once | None = None,
) -> Iterator[tuple[Batch, list[np.ndarray]]]:
    """(positions, tensors) of each batch, in order; as many are made at once as there are cores."""

    def arrays(raw: dict[str, tf.Tensor]) -> list[np.ndarray]:
        if once:
            raw = {**raw, **once({name: raw[name] for name in once.specs})}
        return [each.numpy() for each in tf.nest.flatten(graph(raw))]

    with ThreadPoolExecutor(start.cores()) as threads:
        waiting: deque[tuple[Batch, Future[list[np.ndarray]]]] = deque()
        for positions in parts:
            raw = batch_of([cases[place] for place in positions], columns)
            waiting.append((positions, threads.submit(arrays, raw)))
            if len(waiting) > start.cores():
                first, values = waiting.popleft()
                yield first, values.result()
        for first, values in waiting:
            yield first, values.result()


def memory_for(max_memory: int | None) -> int:
    """The bytes that tensors may take: as many as are given, else a share of what is free."""
    if max_memory is not None:
        return max_memory
    return int(SHARE_OF_MEMORY * psutil.virtual_memory().available)


def room_in(folder: Path) -> float:
    """Bytes that tensors may take in a folder, which is made: it may be that of a new run."""
    folder.mkdir(parents=True, exist_ok=True)
    return SHARE_OF_DISK * shutil.disk_usage(folder).free


class Kept:
    """One tensor of every case; of those with a free axis, as many steps as the case has.

    `narrow` holds whole numbers in two bytes for as long as they fit, as token ids mostly do;
    `stretch` gives them so.
    """

    def __init__(
        self, cases: int, spec: tf.TensorSpec, folder: Path | None, *, narrow: bool = False
    ) -> None:
        self.free = is_free(spec)
        self.rest = tuple(spec.shape[2:] if self.free else spec.shape[1:])
        self.dtype = np.dtype(spec.dtype.as_numpy_dtype)
        self._held = NARROW if narrow and narrows(self.dtype) else self.dtype
        self._folder = folder
        self._file = self._new_file()
        self._parts: list[np.ndarray] = []
        self._all = np.empty(0)
        self._starts = np.zeros(cases, "int64")
        self.lengths = np.ones(cases, "int64")
        self._size = 0

    def add(self, positions: Batch, values: np.ndarray, lengths: np.ndarray | None) -> None:
        """Keep [batch, ...], or of [batch, time, ...] each case's first steps."""
        if lengths is not None:
            values = values[np.arange(values.shape[1]) < lengths[:, None]]
            self.lengths[positions] = lengths
        counts = self.lengths[positions]
        self._starts[positions] = self._size + np.cumsum(counts) - counts
        self._size += len(values)
        if self._held != self.dtype and not fits(values):
            self._widen()
        values = values.astype(self._held, copy=False)
        if self._file is None:
            self._parts.append(values)
        else:
            self._file.write(np.ascontiguousarray(values).data)

    def close(self) -> None:
        """All cases are there."""
        shape = (self._size, *self.rest)
        if self._file is None:
            self._all, self._parts = np.concatenate(self._parts), []
        elif 0 in shape:
            self._all = np.empty(shape, self._held)
        else:
            self._file.flush()
            self._all = np.memmap(self._file, self._held, mode="r", shape=shape)
        if self._file is not None:
            self._file.close()  # what is mapped stays

    def _new_file(self) -> Any:
        return None if self._folder is None else tempfile.TemporaryFile(dir=self._folder)

    def _widen(self) -> None:
        """Hold what is there already as the tensor has it."""
        narrow, self._held = self._held, self.dtype
        self._parts = [part.astype(self.dtype) for part in self._parts]
        if self._file is None:
            return
        before, self._file = self._file, self._new_file()
        before.seek(0)
        while content := before.read(AT_ONCE):
            self._file.write(np.frombuffer(content, narrow).astype(self.dtype).data)
        before.close()

    def batch(self, positions: Batch) -> np.ndarray:
        """[batch, ...], or [batch, time, ...] with zeros on the right."""
        if not self.free:
            return np.asarray(self._all[self._starts[positions]])
        lengths = self.lengths[positions]
        ends = np.cumsum(lengths)
        places = np.repeat(self._starts[positions] - ends + lengths, lengths) + np.arange(ends[-1])
        values = np.zeros([len(positions), lengths.max(), *self.rest], self.dtype)
        values[np.arange(values.shape[1]) < lengths[:, None]] = self._all[places]
        return values

    def stretch(self, start: int, length: int) -> np.ndarray:
        """Steps of cases that were added in order, across their borders: [length, ...]."""
        return np.asarray(self._all[start : start + length])


def narrows(dtype: np.dtype) -> bool:
    """Whether whole numbers may take less than they do."""
    return np.issubdtype(dtype, np.integer) and dtype.itemsize > NARROW.itemsize


def fits(values: np.ndarray) -> bool:
    """Whether numbers can be held as `NARROW`."""
    return not values.size or bool(values.min() >= 0 and values.max() <= np.iinfo(NARROW).max)


def _apart(parts: Sequence[Batch]) -> tuple[list[Batch], list[Batch]]:
    """(some batches of even distances, the others)."""
    places = np.linspace(0, len(parts) - 1, min(LOOKED_AT, len(parts))).astype(int)
    some = set(places.tolist())
    others = [part for place, part in enumerate(parts) if place not in some]
    return [parts[place] for place in sorted(some)], others


def _looked_at(
    some: Sequence[tuple[Batch, list[np.ndarray]]], cases: int
) -> tuple[list[int], float]:
    """(for every tensor the first one that is as long in all batches, bytes of all cases)."""
    shapes = [[value.shape[:2] for value in values] for _, values in some]
    widths = list(zip(*shapes, strict=True))
    groups = [widths.index(width) for width in widths]
    bytes_ = sum(value.nbytes for _, values in some for value in values)
    return groups, bytes_ / sum(len(positions) for positions, _ in some) * cases


def keep(
    kept: Sequence[Kept], groups: Sequence[int], positions: Batch, values: Sequence[np.ndarray]
) -> None:
    """Without the zeros on the right, where all tensors that are as long have them."""
    lengths: dict[int, np.ndarray] = {}
    # A case without steps counts as one of padding.
    values = [_at_least_one_step(value) if each.free else value
              for each, value in zip(kept, values, strict=True)]  # fmt: skip
    for each, group, value in zip(kept, groups, values, strict=True):
        if each.free:
            lengths[group] = np.maximum(lengths.get(group, 1), _real_steps(value))
    for each, group, value in zip(kept, groups, values, strict=True):
        each.add(positions, value, lengths[group] if each.free else None)


def _at_least_one_step(values: np.ndarray) -> np.ndarray:
    if values.shape[1]:
        return values
    return np.zeros([len(values), 1, *values.shape[2:]], values.dtype)


def _real_steps(values: np.ndarray) -> np.ndarray:
    """Steps up to the last that is not zero: [batch, time, ...] -> int [batch]."""
    real = (values != 0).reshape([*values.shape[:2], -1]).any(axis=2)  # [batch, time]
    steps = np.where(real, np.arange(1, real.shape[1] + 1), 0)
    return np.asarray(steps.max(axis=1, initial=0))


def keeps(spec: Any) -> bool:
    """Whether a tensor is of numbers, batch first, with no free axis but time."""
    return (
        isinstance(spec, tf.TensorSpec)
        and spec.dtype != tf.string
        and spec.shape.rank is not None
        and spec.shape.rank > 0
        and None not in spec.shape[2:]
    )


def is_free(spec: tf.TensorSpec) -> bool:
    """Whether a tensor has a free time axis."""
    return len(spec.shape) > 1 and spec.shape[1] is None


def _from(
    kept: Sequence[Kept], specs: Any, batches: Callable[[], Sequence[Batch]]
) -> tf.data.Dataset:
    def pairs() -> Any:
        for positions in batches():
            yield tf.nest.pack_sequence_as(specs, [each.batch(positions) for each in kept])

    options = tf.data.Options()
    options.autotune.enabled = False  # see `pipeline`
    dataset = tf.data.Dataset.from_generator(pairs, output_signature=specs)
    return dataset.prefetch(AHEAD).with_options(options)
