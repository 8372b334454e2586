"""One version of a model on its way: loading, available, unloading, gone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from seqapps.serving.errors import Refused, refusal_of
from seqapps.serving.loaded import Arrays, Loaded, Signature
from seqapps.serving.running import Answer, Runner
from seqapps.serving.texts import declared_texts

log = logging.getLogger(__name__)
Load = Callable[[Path], Loaded]  # proved and warmed; raises Refused
Stamp = tuple[tuple[str, int, int], ...]  # what the files of a version look like


@dataclass(frozen=True)
class Status:
    """What is told of a version; `code` and `message` say why it is not available."""

    version: int
    state: str  # START, LOADING, AVAILABLE, UNLOADING, END
    code: str = "OK"
    message: str = ""


class Version:
    """A version folder, and the model while it is loaded.

    A lease keeps it loaded: whoever is asking it, or waits for its answer, is not cut off by a
    newer version.
    """

    def __init__(self, name: str, number: int, folder: Path) -> None:
        self.name = name
        self.number = number
        self.folder = folder
        self.stamp: Stamp = ()
        self._loaded: Loaded | None = None
        self._runner: Runner | None = None
        self._status = Status(number, "START")
        self._leases = 0
        self._lock = threading.Lock()

    @property
    def status(self) -> Status:
        """What is told of it now."""
        return self._status

    @property
    def available(self) -> bool:
        """Whether it takes requests."""
        return self._status.state == "AVAILABLE"

    @property
    def loaded(self) -> Loaded:
        """The model; only while a lease is held."""
        if self._loaded is None:
            raise Refused("UNAVAILABLE", f"Version {self.number} of {self.name} is not loaded.")
        return self._loaded

    def texts(self, signature: str) -> frozenset[str]:
        """The inputs of a signature that are declared as text; none where nothing is declared."""
        return self._texts.get(signature, frozenset())

    def signature(self, name: str) -> Signature:
        """A signature of the model. Raises Refused where it has none of that name."""
        return self.loaded.signature(name)

    def submit(self, signature: str, inputs: Arrays) -> Future[Answer]:
        """The answer to come; the version stays loaded until it is there."""
        if self._runner is None or not self.take():
            raise Refused("UNAVAILABLE", f"Version {self.number} of {self.name} is not loaded.")
        try:
            future = self._runner.submit(signature, inputs)
        except BaseException:
            self.give_back()
            raise
        future.add_done_callback(lambda _: self.give_back())
        return future

    def take(self) -> bool:
        """One more lease; False where the model is not there any more."""
        with self._lock:
            if self._loaded is None:
                return False
            self._leases += 1
            return True

    def give_back(self) -> None:
        """One lease less."""
        with self._lock:
            self._leases -= 1

    @cached_property
    def _texts(self) -> dict[str, frozenset[str]]:
        return declared_texts(self.folder)

    def load(self, load: Load, runner_of: Callable[[Loaded], Runner]) -> bool:
        """Load, prove and warm it; whether it became available."""
        self.stamp = stamp_of(self.folder)
        self._status = Status(self.number, "LOADING")
        loaded = None
        try:
            loaded = load(self.folder)
            self._runner = runner_of(loaded)
        except Exception as error:  # whatever a damaged folder leads to, others are served
            log.debug("%s version %d", self.name, self.number, exc_info=True)
            if loaded:
                loaded.close()
            refused = refusal_of(error)
            self._status = Status(self.number, "END", refused.code, refused.message)
            return False
        self._loaded = loaded
        self._status = Status(self.number, "AVAILABLE")
        return True

    def retire(self) -> None:
        """Take no new requests; those under way are answered."""
        if self.available:
            self._status = Status(self.number, "UNLOADING")

    def close_if_idle(self) -> bool:
        """Give the memory back where it is retired and nobody asks any more; whether it did."""
        with self._lock:
            if self._status.state != "UNLOADING" or self._leases:
                return False
            loaded, runner = self._loaded, self._runner
            self._loaded = self._runner = None
            self._status = Status(self.number, "END")
        if runner:
            runner.close()
        if loaded:
            loaded.close()
        return True


def stamp_of(folder: Path) -> Stamp:
    """Changes where a file of the folder does, so that what was broken is tried again."""
    found = []
    for file in sorted(folder.rglob("*")):
        try:
            stat = file.stat()
        except OSError:
            continue
        found.append((str(file), stat.st_mtime_ns, stat.st_size))
    return tuple(found)
