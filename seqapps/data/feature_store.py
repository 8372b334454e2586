"""What costs much to make of rows, such as features of pictures, on disk for later runs.

A file of SQLite for everything that decides what is made, such as an encoder: a kill leaves nothing
half written, and several processes may read and write it at once.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqapps.data.wheels import cache_folder
from seqapps.progress import SILENT, Progress

FORMAT = 1  # raised when the same features would be kept otherwise
SUFFIX = ".sqlite"
PAGE = 1 << 14  # bytes; a map of features has a few of them, and of the last one half is empty
PENDING = 1 << 25  # bytes that are held until they are written together: each time waits for a disk
SECONDS = 5.0  # after which they are written, however few: a kill loses no more
PATIENCE = 60.0  # seconds that another process may write
LEFT_FREE = 2 * 10**9  # bytes of the disk that are not filled
TABLES = """
CREATE TABLE IF NOT EXISTS about (facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS made (row BLOB PRIMARY KEY, checksum INTEGER NOT NULL,
                                 content BLOB NOT NULL);
"""


@dataclass(frozen=True)
class Entry:
    """One file: what it is of, how many rows, how large."""

    file: Path
    of: str
    created: str
    rows: int
    bytes: int

    @property
    def key(self) -> str:
        return self.file.stem


def store_folder() -> Path:
    """Where the files lie."""
    return cache_folder() / "features"


class Store:
    """Bytes by the key of a row, of one way to make them; safe for threads.

    `decided_by` is all that decides what is made of a row, `of` how people call it. A store that
    cannot be read or written says so once and is empty from then on: nothing fails for it.
    """

    def __init__(self, of: str, decided_by: Sequence[Any], *, progress: Progress = SILENT) -> None:
        text = json.dumps([FORMAT, *decided_by])
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.file = store_folder() / f"{key}{SUFFIX}"
        self._of, self._progress = of, progress
        self._lock = threading.Lock()
        self._pending: dict[bytes, bytes] = {}
        self._held, self._written = 0, time.monotonic()
        self._base: sqlite3.Connection | None = None
        self._given_up = False

    def get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """What is kept of each row; None where that is nothing, or not what was written."""
        with self._lock:
            return [self._pending.get(key) or self._read(key) for key in keys]

    def put(self, rows: Mapping[bytes, bytes]) -> None:
        """Keep these; they are on the disk after some seconds, or after `close`."""
        with self._lock:
            if self._given_up:
                return
            self._pending.update(rows)
            self._held += sum(map(len, rows.values()))
            if self._held >= PENDING or time.monotonic() - self._written >= SECONDS:
                self._write()

    def close(self) -> None:
        """Everything is on the disk; the file is let go of until it is needed again."""
        with self._lock:
            self._write()
            self._let_go()

    def _let_go(self) -> None:
        base, self._base = self._base, None
        if base is not None:
            base.close()

    def _opened(self) -> sqlite3.Connection | None:
        if not self._given_up and self._base is None:
            self._base = self._open()
        return self._base

    def _open(self) -> sqlite3.Connection | None:
        for last in (False, True):
            try:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                return _connected(self.file, self._of)
            except (OSError, sqlite3.Error) as error:
                if last or not _is_damage(error):
                    self._give_up(error)
                    return None
                self._progress.say(f"cache: {self.file} is damaged; it is made anew")
                _remove(self.file)
        return None

    def _read(self, key: bytes) -> bytes | None:
        base = self._opened()
        if base is None:
            return None
        try:
            found = base.execute(
                "SELECT checksum, content FROM made WHERE row = ?", [key]
            ).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return None
        whole = found is not None and zlib.crc32(found[1]) == found[0]
        return found[1] if whole else None

    def _write(self) -> None:
        rows, self._pending = self._pending, {}
        held, self._held, self._written = self._held, 0, time.monotonic()
        base = self._opened() if rows else None
        if base is None:
            return
        if shutil.disk_usage(self.file.parent).free < held + LEFT_FREE:
            self._give_up(f"less than {LEFT_FREE / 1e9:.0f} GB of the disk would be left")
            return
        try:
            with base:  # all of them or none
                base.executemany(
                    "INSERT OR REPLACE INTO made VALUES (?, ?, ?)",
                    [(key, zlib.crc32(content), content) for key, content in rows.items()],
                )
        except sqlite3.Error as error:
            self._give_up(error)

    def _give_up(self, reason: object) -> None:
        self._progress.say(
            f"cache: features are not kept for later runs: {self.file}: {reason}. `seqapps cache "
            "--clear` makes room; --cache FOLDER or SEQAPPS_CACHE choose another place."
        )
        self._given_up = True
        self._let_go()
        if _is_damage(reason):
            _remove(self.file)  # the next run makes it anew


def entries() -> list[Entry]:
    """Every file that can be read and holds something, newest first."""
    found = []
    for file in store_folder().glob(f"*{SUFFIX}"):
        with suppress(OSError, sqlite3.Error, ValueError, TypeError):
            with closing(sqlite3.connect(file, timeout=PATIENCE)) as base:
                facts = json.loads(base.execute("SELECT facts FROM about").fetchone()[0])
                (rows,) = base.execute("SELECT count(*) FROM made").fetchone()
            if rows:
                size = file.stat().st_size
                found.append(Entry(file, facts["of"], facts["created"], rows, size))
    return sorted(found, key=lambda entry: entry.created, reverse=True)


def clear(keys: Sequence[str] | None) -> None:
    """Empty these files, or all (None). What is not read as such a file is removed.

    A file that a process may have open keeps its name: its journal has that, too.
    """
    for file in store_folder().glob(f"*{SUFFIX}"):
        if keys is not None and file.stem not in keys:
            continue
        try:
            with closing(sqlite3.connect(file, timeout=PATIENCE)) as base:
                with base:
                    base.execute("DELETE FROM made")
                base.execute("VACUUM")
        except sqlite3.Error as error:
            if _is_damage(error):
                _remove(file)


def _connected(file: Path, of: str) -> sqlite3.Connection:
    base = sqlite3.connect(file, timeout=PATIENCE, check_same_thread=False)
    try:
        base.execute(f"PRAGMA page_size = {PAGE}")
        base.executescript(TABLES)
        with base:
            base.execute("BEGIN IMMEDIATE")  # of two processes one writes it
            if base.execute("SELECT count(*) FROM about").fetchone() == (0,):
                facts = {"of": of, "created": time.strftime("%Y-%m-%dT%H:%M:%S")}
                base.execute("INSERT INTO about VALUES (?)", [json.dumps(facts)])
    except BaseException:
        base.close()
        raise
    return base


def _is_damage(error: object) -> bool:
    """Whether a file is none of SQLite's or broken; its subclasses tell of all else."""
    return type(error) is sqlite3.DatabaseError


def _remove(file: Path) -> None:
    for path in (file, file.with_name(f"{file.name}-journal")):
        path.unlink(missing_ok=True)
