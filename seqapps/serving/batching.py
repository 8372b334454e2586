"""Requests that arrive together are computed together, as `batching_params.pbtxt` says.

The file is TF Serving's, and so are its rules: requests are put one after the other into a batch
until `max_batch_size` rows are reached or the first of them has waited `batch_timeout_micros`; the
batch is padded with copies of a row to the next of `allowed_batch_sizes`. A request is never cut.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seqapps.errors import UserError
from seqapps.serving.errors import Refused, invalid, refusal_of
from seqapps.serving.loaded import Arrays, Loaded
from seqapps.serving.running import Answer

PARAMETERS = "batching_params.pbtxt"


@dataclass(frozen=True)
class Parameters:
    """What TF Serving's BatchingParameters hold, with its defaults."""

    max_batch_size: int = 1000
    timeout: float = 0.0  # seconds
    threads: int = 2
    max_batches: int = 10  # that wait or are being filled
    allowed: tuple[int, ...] = ()  # sizes, growing; the last is max_batch_size
    pad_inputs: bool = False  # rows of different length are padded to the longest

    def padded(self, rows: int) -> int:
        """The size that a batch of so many rows is computed with."""
        return next((size for size in self.allowed if size >= rows), rows)


def parameters_of(folder: Path) -> Parameters | None:
    """Those of a version folder; None where it has none. Raises UserError where they are wrong."""
    from google.protobuf import text_format
    from tensorflow_serving.config import session_bundle_config_pb2

    file = folder / PARAMETERS
    if not file.exists():
        return None
    given = session_bundle_config_pb2.BatchingParameters()
    try:
        text_format.Parse(file.read_text("utf-8"), given)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise UserError(f"{file}: these are no batching parameters: {error}") from None
    found = Parameters(
        given.max_batch_size.value or Parameters.max_batch_size,
        given.batch_timeout_micros.value / 1e6,
        given.num_batch_threads.value or Parameters.threads,
        given.max_enqueued_batches.value or Parameters.max_batches,
        tuple(given.allowed_batch_sizes),
        given.pad_variable_length_inputs,
    )
    sizes = found.allowed
    if sizes and (list(sizes) != sorted(set(sizes)) or sizes[-1] != found.max_batch_size):
        raise UserError(
            f"{file}: allowed_batch_sizes are {list(sizes)}; expected growing numbers that end with "
            f"max_batch_size, {found.max_batch_size}."
        )
    return found


@dataclass
class Waiting:
    """One request in a batch."""

    inputs: Arrays
    rows: int
    future: Future[Answer]


@dataclass
class Batch:
    """Requests of one signature whose rows can stand in one array."""

    signature: str
    shapes: tuple[object, ...]
    opened: float
    rows: int = 0
    requests: list[Waiting] = field(default_factory=list)


class Batching:
    """Puts requests to one loaded version together; threads of its own compute the batches."""

    def __init__(self, loaded: Loaded, parameters: Parameters) -> None:
        self._loaded = loaded
        self._parameters = parameters
        self._batches: deque[Batch] = deque()  # in the order in which they were opened
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"batch-{number}", daemon=True)
            for number in range(parameters.threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, signature: str, inputs: Arrays) -> Future[Answer]:
        """The answer to come. Raises Refused where the queue is full or the inputs do not fit."""
        self._loaded.checked(signature, inputs)
        rows = _rows_of(inputs)
        if rows > self._parameters.max_batch_size:
            raise invalid(
                f"Task size {rows} is larger than maximum input batch size "
                f"{self._parameters.max_batch_size}"
            )
        waiting = Waiting(inputs, rows, Future())
        with self._changed:
            self._batch_for(signature, inputs, rows).requests.append(waiting)
            self._changed.notify()
        return waiting.future

    def close(self) -> None:
        """Let the threads go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _batch_for(self, signature: str, inputs: Arrays, rows: int) -> Batch:
        shapes = self._shapes(inputs)
        for batch in reversed(self._batches):
            if (batch.signature, batch.shapes) == (signature, shapes):
                if batch.rows + rows <= self._parameters.max_batch_size:
                    batch.rows += rows
                    return batch
                break
        if len(self._batches) >= self._parameters.max_batches:
            raise Refused(
                "RESOURCE_EXHAUSTED",
                "The batch scheduling queue to which this task was submitted is full",
            )
        batch = Batch(signature, shapes, time.monotonic(), rows)
        self._batches.append(batch)
        return batch

    def _shapes(self, inputs: Arrays) -> tuple[object, ...]:
        """What must be equal for rows to stand in one array."""
        pad = self._parameters.pad_inputs
        return tuple(
            (name, array.ndim if pad else array.shape[1:]) for name, array in sorted(inputs.items())
        )

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            # A request whose client gave up is not computed.
            batch.requests = [
                one for one in batch.requests if one.future.set_running_or_notify_cancel()
            ]
            if not batch.requests:
                continue
            try:
                answers = self._answers(batch)
            except BaseException as error:
                refused = refusal_of(error)
                for waiting in batch.requests:
                    waiting.future.set_exception(refused)
            else:
                for waiting, answer in zip(batch.requests, answers, strict=True):
                    waiting.future.set_result(answer)

    def _next(self) -> Batch | None:
        """The next batch that is full or has waited long enough; None at the end."""
        with self._changed:
            while True:
                now = time.monotonic()
                for batch in self._batches:
                    full = batch.rows >= self._parameters.max_batch_size
                    if full or self._closed or batch.opened + self._parameters.timeout <= now:
                        self._batches.remove(batch)
                        return batch
                if self._closed:
                    return None
                wait = None
                if self._batches:
                    wait = self._batches[0].opened + self._parameters.timeout - now
                self._changed.wait(wait)

    def _answers(self, batch: Batch) -> list[Answer]:
        parts = [waiting.inputs for waiting in batch.requests]
        rows = sum(waiting.rows for waiting in batch.requests)
        size = self._parameters.padded(rows)
        inputs = {name: _together([part[name] for part in parts], size) for name in parts[0]}
        outputs = self._loaded.run(batch.signature, inputs)
        for name, array in outputs.items():
            if not array.ndim or len(array) != size:
                raise Refused(
                    "FAILED_PRECONDITION",
                    f"Output {name!r} does not have a row for each row of the batch.",
                )
        return list(_apart(outputs, [waiting.rows for waiting in batch.requests]))


def _rows_of(inputs: Arrays) -> int:
    sizes = {len(array) if array.ndim else None for array in inputs.values()}
    if len(sizes) != 1 or None in sizes:
        raise invalid("Batching needs inputs that all have the same number of rows.")
    rows = sizes.pop()
    assert rows is not None
    return rows


def _together(arrays: list[np.ndarray], size: int) -> np.ndarray:
    """The rows of all, padded to `size` rows with copies of the first, to the longest if need be."""
    shape = tuple(max(sizes) for sizes in zip(*(array.shape[1:] for array in arrays), strict=True))
    arrays = [array if array.shape[1:] == shape else _padded(array, shape) for array in arrays]
    rows = sum(map(len, arrays))
    if rows < size:
        first = next(array for array in arrays if len(array))
        arrays.append(np.repeat(first[:1], size - rows, axis=0))
    return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]


def _padded(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """With the first value of the first row behind it: TF Serving's padding."""
    found = np.full((len(array), *shape), array.reshape(-1)[0] if array.size else 0, array.dtype)
    found[tuple(slice(0, size) for size in array.shape)] = array
    return found


def _apart(outputs: Mapping[str, np.ndarray], rows: list[int]) -> list[Answer]:
    ends = np.cumsum(rows)
    return [
        {name: array[end - count : end] for name, array in outputs.items()}
        for end, count in zip(ends, rows, strict=True)
    ]
