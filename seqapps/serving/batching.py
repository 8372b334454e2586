"""Requests that arrive together are computed together, as `batching_params.pbtxt` says.

The file is TF Serving's, and so are its rules: requests are put one after the other into a batch
until `max_batch_size` rows are reached or the first of them has waited `batch_timeout_micros`; the
batch is padded with copies of a row to the next of `allowed_batch_sizes`. A request is never cut.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from seqapps.serving.batching_parameters import Parameters
from seqapps.serving.errors import Refused, invalid, refusal_of
from seqapps.serving.loaded import Arrays, Loaded
from seqapps.serving.running import Answer


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

    def __init__(
        self,
        loaded: Loaded,
        parameters: Parameters,
        *,
        observe: Callable[[int], None] = lambda rows: None,
    ) -> None:
        """`observe` is told the rows of each batch."""
        self._loaded = loaded
        self._parameters = parameters
        self._observe = observe
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
            batch = self._batch_for(signature, inputs, rows)
            batch.requests.append(waiting)
            # Waking a thread costs more than a request; those that wait know when a batch is due.
            if len(batch.requests) == 1 or batch.rows >= self._parameters.max_batch_size:
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
            requests = [one for one in batch.requests if one.future.set_running_or_notify_cancel()]
            if requests:
                self._compute(batch.signature, requests)

    def _compute(self, signature: str, requests: list[Waiting]) -> None:
        try:
            answers = self._answers(signature, requests)
        except Exception as error:
            if len(requests) == 1:
                requests[0].future.set_exception(refusal_of(error))
                return
            for waiting in requests:  # what one of them brought must not fail the others
                self._compute(signature, [waiting])
        else:
            for waiting, answer in zip(requests, answers, strict=True):
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
                        if self._batches:
                            self._changed.notify()  # another thread minds the rest
                        return batch
                if self._closed:
                    return None
                wait = None
                if self._batches:
                    wait = self._batches[0].opened + self._parameters.timeout - now
                self._changed.wait(wait)

    def _answers(self, signature: str, requests: list[Waiting]) -> list[Answer]:
        parts = [waiting.inputs for waiting in requests]
        rows = [waiting.rows for waiting in requests]
        size = self._parameters.padded(sum(rows))
        self._observe(sum(rows))
        inputs = {name: _together([part[name] for part in parts], size) for name in parts[0]}
        outputs = self._loaded.run(signature, inputs)
        for name, array in outputs.items():
            if not array.ndim or len(array) != size:
                raise Refused(
                    "FAILED_PRECONDITION",
                    f"Output {name!r} does not have a row for each row of the batch.",
                )
        return _apart(outputs, rows)


def _rows_of(inputs: Arrays) -> int:
    sizes = {len(array) if array.ndim else 0 for array in inputs.values()}
    rows = sizes.pop() if len(sizes) == 1 else 0
    if not rows:
        raise invalid("Batching needs inputs that all have the same number of rows, at least one.")
    return rows


def _together(arrays: list[np.ndarray], size: int) -> np.ndarray:
    """The rows of all, as long as the longest, and copies of the first up to `size` rows."""
    shape = tuple(max(sizes) for sizes in zip(*(array.shape[1:] for array in arrays), strict=True))
    arrays = [array if array.shape[1:] == shape else _padded(array, shape) for array in arrays]
    rows = sum(map(len, arrays))
    if rows < size:
        arrays.append(np.repeat(arrays[0][:1], size - rows, axis=0))
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
