"""What costs much to read, such as pictures, as what it is read to; made once over all runs."""

from __future__ import annotations

import hashlib
import platform
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf

from seqapps.data.batching import Batch
from seqapps.data.feature_store import Store
from seqapps.data.graph import draws, graph_of
from seqapps.features import Features
from seqapps.progress import SILENT, Progress
from seqapps.task import Column

AT_ONCE = 32  # rows; always as many, so that what is made of a row does not depend on others


@contextmanager
def reading(
    features: Features, inputs: Mapping[str, Column], *, progress: Progress = SILENT
) -> Iterator[Once | None]:
    """What reads raw inputs as `features.once` does, None where nothing is kept for later runs."""
    by = features.once_by()
    if by is None:
        yield None
        return
    with Once(graph_of(features.once, inputs), *by, progress=progress) as once:
        yield once


class Once:
    """Raw inputs -> what a graph makes of them, from the store or made; safe for threads.

    These are numbers, of a shape that does not depend on the row, which take the place of the
    inputs of the same names. `decided_by` is all that decides them, and `of` how people call that.
    It is left by `with`, and may be entered again.
    """

    def __init__(
        self,
        graph: Any,
        of: str,
        decided_by: Sequence[Any],
        *,
        progress: Progress = SILENT,
    ) -> None:
        self._graph, self.of = graph, of
        if draws(graph) or not _is_of_fixed_shape(graph):
            raise TypeError(f"{of}: expected numbers of fixed shape that are not drawn by chance")
        self.specs: dict[str, tf.TensorSpec] = {
            name: tf.type_spec_from_value(each)
            for name, each in self._graph.structured_outputs.items()
        }
        self._store = Store(of, [*decided_by, _shapes(self.specs), *_made_by()], progress=progress)
        self._lock = threading.Lock()
        self.found, self.made = 0, 0

    def __call__(self, raw: Mapping[str, tf.Tensor]) -> dict[str, np.ndarray]:
        """Each [batch, ...]."""
        keys = _keys(raw)
        contents = dict(zip(keys, self._store.get(keys), strict=True))
        missing = [key for key, content in contents.items() if content is None]
        for start in range(0, len(missing), AT_ONCE):
            some = missing[start : start + AT_ONCE]
            new = self._contents(raw, [keys.index(key) for key in some])
            self._store.put(dict(zip(some, new, strict=True)))
            contents.update(zip(some, new, strict=True))
        with self._lock:
            self.made += len(missing)
            self.found += len(keys) - len(missing)
        return self._arrays([contents[key] for key in keys])

    def parts(self, parts: Sequence[Batch]) -> list[Batch]:
        """The same cases in batches as they are made."""
        cases = np.concatenate([*parts])
        return [cases[start : start + AT_ONCE] for start in range(0, len(cases), AT_ONCE)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def _contents(self, raw: Mapping[str, tf.Tensor], places: list[int]) -> list[bytes]:
        """What is made of some rows, as bytes; the first one fills up what lacks of `AT_ONCE`."""
        filled = places + places[:1] * (AT_ONCE - len(places))
        made = self._graph({name: tf.gather(value, filled) for name, value in raw.items()})
        arrays = [made[name].numpy() for name in self.specs]
        return [b"".join(each[row].tobytes() for each in arrays) for row in range(len(places))]

    def _arrays(self, contents: Sequence[bytes | None]) -> dict[str, np.ndarray]:
        joined = np.frombuffer(b"".join(filter(None, contents)), "uint8")
        joined = joined.reshape(len(contents), -1)
        arrays, start = {}, 0
        for name, spec in self.specs.items():
            dtype, shape = np.dtype(spec.dtype.as_numpy_dtype), spec.shape[1:].as_list()
            size = dtype.itemsize * int(np.prod(shape))
            part = np.ascontiguousarray(joined[:, start : start + size])
            arrays[name] = part.view(dtype).reshape(len(contents), *shape)
            start += size
        return arrays


def _is_of_fixed_shape(graph: Any) -> bool:
    """Whether all that a graph makes are numbers, batch first, each of a shape that is known."""
    made = graph.structured_outputs
    return isinstance(made, dict) and all(
        each.dtype.is_numpy_compatible
        and each.dtype != tf.string
        and each.shape.rank is not None
        and None not in each.shape[1:]
        for each in made.values()
    )


def _keys(raw: Mapping[str, tf.Tensor]) -> list[bytes]:
    """Of each row SHA-256 of its values."""
    columns = [raw[name].numpy() for name in sorted(raw)]
    keys = []
    for values in zip(*columns, strict=True):
        digest = hashlib.sha256()
        for value in values:
            content = value if isinstance(value, bytes) else np.asarray(value).tobytes()
            digest.update(f"{len(content)} ".encode())
            digest.update(content)
        keys.append(digest.digest())
    return keys


def _shapes(specs: Mapping[str, tf.TensorSpec]) -> list[list[Any]]:
    return [[name, spec.dtype.name, spec.shape[1:].as_list()] for name, spec in specs.items()]


def _made_by() -> list[str]:
    """What else decides the last bits."""
    device = "GPU" if tf.config.list_logical_devices("GPU") else platform.machine()
    return [tf.__version__, keras.__version__, device]
