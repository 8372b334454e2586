"""All models of a folder, each with its versions; what is new there is taken up as it comes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from seqapps.export.serving_files import published_names
from seqapps.serving.errors import Refused, invalid
from seqapps.serving.loaded import Loaded
from seqapps.serving.policy import Policy
from seqapps.serving.proving import load_proved
from seqapps.serving.running import Pool, Runner
from seqapps.serving.versions import Load, Status, Version, stamp_of

log = logging.getLogger(__name__)
POLL = 1.0  # seconds between two looks at the folder, as TF Serving's


class Models:
    """The models of a folder of published ones; safe to use from many threads."""

    def __init__(
        self,
        folder: Path,
        *,
        names: Sequence[str] = (),
        policies: Callable[[], Mapping[str, Policy]] = dict,
        load: Load = load_proved,
        runner_of: Callable[[Loaded], Runner] | None = None,
        tidy: Callable[[], object] = lambda: None,
    ) -> None:
        """`names` limits what is served; `policies` says which versions of a model, and labels.

        `tidy` is called when a version was given up.
        """
        self._folder = folder
        self._names = tuple(names)
        self._policies = policies
        self._policy: Mapping[str, Policy] = {}
        self._load = load
        self._tidy = tidy
        self._pool = None if runner_of else Pool(4, waiting=1000)
        self._runner_of = runner_of or self._pool.direct  # type: ignore[union-attr]
        self._versions: dict[str, dict[int, Version]] = {}
        self._lock = threading.Lock()  # of _versions; never held while a model loads
        self._refreshing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def names(self) -> list[str]:
        """Every model that is known, served or not."""
        with self._lock:
            return sorted(self._versions)

    def knows(self, name: str) -> bool:
        """Whether there is a model of this name, served or not."""
        return name in self._versions

    def available(self) -> list[tuple[str, int]]:
        """Name and version of all that is served at the moment."""
        with self._lock:
            return [
                (name, number)
                for name, versions in sorted(self._versions.items())
                for number, version in sorted(versions.items())
                if version.available
            ]

    @contextmanager
    def lease(
        self, name: str, *, version: int | None = None, label: str | None = None
    ) -> Iterator[Version]:
        """The version that is meant, which stays loaded inside the block; without any: the newest.

        Raises Refused where there is none.
        """
        found = self._find(name, version, label)
        try:
            yield found
        finally:
            found.give_back()

    def status(
        self, name: str, *, version: int | None = None, label: str | None = None
    ) -> list[Status]:
        """What is told of the versions of a model, newest first. Raises Refused."""
        number = self._number(name, version, label)
        with self._lock:
            versions = self._versions.get(name, {})
            told = [versions[key].status for key in sorted(versions, reverse=True)]
        if number is not None:
            told = [status for status in told if status.version == number]
        if not told:
            what = "any versions" if number is None else f"version {number}"
            raise Refused("NOT_FOUND", f"Could not find {what} of model {name}")
        return told

    def refresh(self) -> None:
        """Take up what is new in the folder, and give up what is gone or replaced; waits for it."""
        with self._refreshing:
            self._policy = self._policies()
            there = self._names or self._policy or published_names(self._folder)
            with self._lock:
                known = {*there, *self._versions}
            for name in sorted(known):
                self._refresh_one(name, served=name in there)

    def start(self, every: float = POLL) -> None:
        """Refresh now, and from then on in a thread of its own."""
        self.refresh()
        self._thread = threading.Thread(target=self._poll, args=(every,), name="versions")
        self._thread.daemon = True
        self._thread.start()

    def close(self) -> None:
        """Stop looking, and give up every model once its requests are answered."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        with self._lock:
            versions = [version for known in self._versions.values() for version in known.values()]
        for version in versions:
            version.retire()
        if self._pool:
            self._pool.close()
        for version in versions:
            version.close_if_idle()

    def _poll(self, every: float) -> None:
        while not self._stop.wait(every):
            try:
                self.refresh()
            except Exception:  # the folder may come back; what is loaded goes on being served
                log.exception("looking for new versions")

    def _find(self, name: str, version: int | None, label: str | None) -> Version:
        number = self._number(name, version, label)
        with self._lock:
            versions = self._versions.get(name, {})
            if number is None:
                number = max((n for n in versions if versions[n].available), default=None)
            found = versions.get(number) if number is not None else None
            if found is not None and found.available and found.take():
                return found
        asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
        raise Refused("NOT_FOUND", f"Servable not found for request: {asked}")

    def _number(self, name: str, version: int | None, label: str | None) -> int | None:
        if label is None:
            return version
        if version is not None:
            raise invalid("A version and a label are given; give one of them.")
        labels = self._policy[name].labels if name in self._policy else {}
        if label not in labels:
            raise invalid(f"Unrecognized servable version label: {label}")
        return labels[label]

    def _refresh_one(self, name: str, *, served: bool) -> None:
        policy = self._policy.get(name, Policy())
        base = policy.base or self._folder / name
        on_disk = _folders(base) if served else {}
        wanted: list[int] = []
        for number in policy.candidates(sorted(on_disk, reverse=True)):
            if len(wanted) < policy.most and self._has(name, number, on_disk[number]):
                wanted.append(number)
        with self._lock:
            versions = self._versions.setdefault(name, {})
            given_up = [version for number, version in versions.items() if number not in wanted]
            for version in given_up:  # while no request is looking for a version
                version.retire()
        closed = [version.close_if_idle() for version in given_up]
        if any(closed):
            self._tidy()
        with self._lock:
            for version in given_up:
                if version.number not in on_disk and version.status.state == "END":
                    del versions[version.number]
            if not versions:
                del self._versions[name]

    def _has(self, name: str, number: int, folder: Path) -> bool:
        """Whether this version is available, loading it where it is new."""
        with self._lock:
            version = self._versions.setdefault(name, {}).get(number)
        if version is not None and version.available:
            return True
        broken = version is not None and version.status.code != "OK"
        if version is not None and broken and version.stamp == stamp_of(version.folder):
            return False
        version = Version(name, number, folder)
        with self._lock:
            before = self._versions[name].get(number)
            if before is not None and before.status.state == "UNLOADING":
                return False  # its last requests are still being answered
            self._versions[name][number] = version
        done = version.load(self._load, self._runner_of)
        status = version.status
        log.info("%s version %d: %s %s", name, number, status.state, status.message)
        return done


def _folders(base: Path) -> dict[int, Path]:
    """The versions in a model's folder; TF Serving takes 00000123 for 123."""
    if not base.is_dir():
        return {}
    return {
        int(folder.name): folder
        for folder in sorted(base.iterdir())
        if folder.name.isascii() and folder.name.isdecimal() and folder.is_dir()
    }
