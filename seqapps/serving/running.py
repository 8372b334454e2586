"""How requests are put to a model: each on its own in a pool of threads."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np

from seqapps.serving.errors import Refused
from seqapps.serving.loaded import Arrays, Loaded

Answer = dict[str, np.ndarray]


class Runner(Protocol):
    """Takes requests to one loaded version and answers them some time later."""

    def submit(self, signature: str, inputs: Arrays) -> Future[Answer]:
        """The answer to come. Raises Refused at once where the queue is full."""
        ...

    def close(self) -> None:
        """Called when nothing is waiting any more."""
        ...


class Pool:
    """Threads that compute, shared by all models, and how many requests may wait for them."""

    def __init__(self, threads: int, *, waiting: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="serve")
        self._most = threads + waiting
        self._free = threading.Semaphore(self._most)

    def direct(self, loaded: Loaded) -> Runner:
        """A runner that puts each request to `loaded` on its own."""
        return Direct(self, loaded)

    def submit(self, loaded: Loaded, signature: str, inputs: Arrays) -> Future[Answer]:
        """The answer to come. Raises Refused where too many wait."""
        if not self._free.acquire(blocking=False):
            raise Refused(
                "RESOURCE_EXHAUSTED", f"{self._most} requests are waiting already; try again later."
            )
        future = self._executor.submit(loaded.run, signature, inputs)
        future.add_done_callback(lambda _: self._free.release())
        return future

    def close(self) -> None:
        """Wait for what is running."""
        self._executor.shutdown()


class Direct:
    """Each request on its own."""

    def __init__(self, pool: Pool, loaded: Loaded) -> None:
        self._pool = pool
        self._loaded = loaded

    def submit(self, signature: str, inputs: Arrays) -> Future[Answer]:
        """See Runner."""
        return self._pool.submit(self._loaded, signature, inputs)

    def close(self) -> None:
        """The pool is everybody's."""
