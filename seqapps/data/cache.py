"""Rows that were read once, kept for every later run; keyed by all that decides them."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from seqapps import files, start
from seqapps.data import feature_store
from seqapps.data.records import Records, Writer, checksum, files_of
from seqapps.data.source import Reading, Source, digest_of_code
from seqapps.data.splits import hashed, key_of
from seqapps.data.tables import Located
from seqapps.data.usable import Checker
from seqapps.data.wheels import cache_folder
from seqapps.errors import UserError
from seqapps.progress import SILENT, Progress
from seqapps.task import Column, Task

FORMAT = 2  # raised when the same source would be kept otherwise
JOINED = 1  # raised when the same factors would be joined otherwise
UNCUT = "rows"  # the name of the split that is still to be cut, in TFDS's files
FIRST = 10  # rejected rows that are shown
PEEK = 1000  # rows read before TensorFlow is started, so that most mistakes are told at once
TOLD = 1000  # rows after which the bar moves; drawing it costs more than reading a row
MOST_LABELS = 100_000


@dataclass(frozen=True)
class Entry:
    """One folder of the cache."""

    folder: Path
    about: Mapping[str, Any]

    @property
    def key(self) -> str:
        return self.folder.name

    @property
    def columns(self) -> dict[str, Column]:
        """What is kept of every row: the task's columns, and the group."""
        # JSON knows no tuples.
        tuples = ("shape", "called", "channels")
        return {
            name: Column(**column | {key: tuple(column.get(key, ())) for key in tuples})
            for name, column in self.about["columns"].items()
        }

    @property
    def labels(self) -> dict[str, dict[str, tuple[int, str]]]:
        """Of each category that is a target: value -> (rows, place of the first one)."""
        return {
            target: {value: (count, where) for value, count, where in found}
            for target, found in self.about["labels"].items()
        }

    @property
    def rejected(self) -> Path:
        """The rows that could not be used, a line each: where, why."""
        return self.folder / "rejected.csv"

    def records(self) -> Records:
        """The rows themselves."""
        return Records(self.folder, self.about["shards"], self.columns, list(self.about["labels"]))

    def parts(self) -> dict[str | None, np.ndarray]:
        """Positions of rows by split as the source gave them."""
        found: dict[str | None, np.ndarray] = {}
        first = 0
        for split, count in self.about["rows"].items():
            name = None if split == UNCUT else split
            found[name] = np.arange(first, first + count)
            first += count
        return found

    def place_of(self, records: Records, position: int) -> str:
        """Where a row came from: "reviews.csv, row 312"."""
        names = files.read_json(self.folder / "parts.json")
        number = int(records.index["number"][position])
        part = names[int(records.index["part"][position])]
        return f"{part}, row {number}" if number else part


def entry_of(task: Task, source: Source, reading: Reading, *, progress: Progress = SILENT) -> Entry:
    """The rows of a source; read and kept where they are not in the cache yet.

    Raises UserError where the source cannot be read to its end or gives no usable row.
    """
    place = rows_folder()
    content = source.content()
    refusals = digest_of_code(refusal.when for refusal in task.refusals)
    if content is None or refusals is None:
        return _by_their_content(task, source, place, progress)
    how = [dict(reading.columns), reading.encoding, reading.header]
    if task.observed:
        how += [reading.time_format, [JOINED, reading.factors_lag] if reading.factors else None]
    key = _key(task, source.group, [content, refusals, *how])
    with locked(place / key, progress):
        found = whole(place / key, progress)
        if found is None:
            _sweep(place, key)
            with disk_trouble(place), files.whole_folder(place / key) as staging:
                prepare(staging, task, source, progress=progress)
            found = whole(place / key, progress)
    if found is None:
        raise UserError(f"{place / key}: what was written there just now does not read back.")
    return found


def entry_by_key(key: str) -> Entry:
    """An entry by its name. Raises UserError where it is gone or damaged."""
    found = whole(rows_folder() / key, SILENT)
    if found is None:
        raise UserError(
            f"The rows {key} were given from Python and are no longer in the cache; give the data "
            "again (--data, or data=...)."
        )
    return found


def rows_folder() -> Path:
    """Where entries lie."""
    return cache_folder() / "rows"


def entries() -> list[Entry]:
    """Every entry that says what it is, newest first; whether it is whole is not looked at."""
    found = []
    for file in rows_folder().glob("*/about.json"):
        with suppress(OSError, ValueError):
            found.append(Entry(file.parent, files.read_json(file)))
    return sorted(found, key=lambda entry: str(entry.about["created"]), reverse=True)


def prepare(staging: Path, task: Task, source: Source, *, progress: Progress = SILENT) -> None:
    """Read a source once, from its first row to its last, into an empty folder."""
    columns = dict(task.row_columns)
    if source.group and source.group not in columns:
        columns[source.group] = Column("category", "rows that share it stay in one split")
    targets = [
        name for name, column in task.row_columns.items()
        if column.kind == "category" and name in task.targets
    ]  # fmt: skip
    checker = Checker(task, group=source.group)
    writer = Writer(staging, columns, targets)
    kept = _Kept(task, source.group, targets)
    with (staging / "rejected.csv").open("w", encoding="utf-8", newline="") as rejects:
        rejected = csv.writer(rejects, lineterminator="\n")
        rejected.writerow(["where", "why"])
        with progress.track("reading the rows") as advance:
            for split, rows in source.splits.items():
                located = _peeked(rows(), progress)
                writer.start(split or UNCUT)
                kept.start(split)
                for number, (where, row) in enumerate(located, 1):
                    found, problem = checker.checked(row)
                    if problem:
                        rejected.writerow([where, problem])
                        kept.reject(str(where), problem)
                    else:
                        writer.add(found, **kept.facts(where, found))
                    if number % TOLD == 0:
                        advance(TOLD)
    _check_any(source, kept)
    writer.finish()
    files.write_json(staging / "parts.json", list(kept.parts))
    about = {
        "format": FORMAT,
        "name": source.name,
        "spec": source.spec,
        "task": task.name,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "columns": {name: asdict(column) for name, column in columns.items()},
        "group": source.group,
        "content": kept.content,
        "rows": {split: sum(lengths) for split, lengths in writer.lengths.items()},
        "rejected": {"count": kept.rejected, "first": kept.first},
        "said": list(source.said),
        "labels": kept.labels(),
        "shards": writer.shards,
        "files": {
            file.relative_to(staging).as_posix(): checksum(file)
            for file in [*files_of(staging), staging / "parts.json"]
        },
    }
    files.write_json(staging / "about.json", about)


class _Kept:
    """What is counted while rows go by."""

    def __init__(self, task: Task, group: str | None, targets: Sequence[str]) -> None:
        self._group, self._keys = group, list(task.key_columns)
        self._declared = sorted(task.row_columns)
        self._digest = hashlib.sha256(f"{FORMAT} {self._declared}".encode())
        self._targets: dict[str, dict[str, list[Any]]] = {name: {} for name in targets}
        self.parts: dict[str, int] = {}
        self.rejected, self.first = 0, list[list[str]]()

    def start(self, split: str | None) -> None:
        self._digest.update(f"\0{split}\0".encode())

    def reject(self, where: str, why: str) -> None:
        self.rejected += 1
        if len(self.first) < FIRST:
            self.first.append([where, why])

    def facts(self, where: Any, row: dict[str, Any]) -> dict[str, Any]:
        """The values of one row in the index."""
        self._digest.update(key_of(row, columns=self._declared).encode())
        codes = {}
        for name, seen in self._targets.items():
            known = seen.get(row[name])
            if known is None:
                known = seen[row[name]] = [len(seen), 0, str(where)]
                if len(seen) > MOST_LABELS:
                    raise UserError(
                        f"{where}: column {name!r} has more than {MOST_LABELS:,} different values. "
                        "Is it the column of labels? See --column."
                    )
            known[1] += 1
            codes[name] = known[0]
        return {
            "codes": codes,
            "key": hashed(key_of(row, columns=self._keys)),
            "group": hashed(key_of(row, columns=[self._group])) if self._group else 0,
            "part": self.parts.setdefault(where.part, len(self.parts)),
            "number": where.number,
        }

    @property
    def content(self) -> str:
        return self._digest.hexdigest()

    def labels(self) -> dict[str, list[list[Any]]]:
        """Of each target [value, rows, first place], in the order of their codes."""
        return {
            name: [[value, count, where] for value, (_, count, where) in seen.items()]
            for name, seen in self._targets.items()
        }


def _peeked(rows: Iterator[Located], progress: Progress) -> Iterator[Located]:
    """The same rows; the first ones are read before TensorFlow is started, which takes seconds."""
    head = list(islice(rows, PEEK))
    start.tensorflow(progress)
    return chain(head, rows)


def _check_any(source: Source, kept: _Kept) -> None:
    if kept.parts:
        return
    if not kept.rejected:
        raise UserError(f"{source.name}: no rows; expected at least a header line and rows.")
    raise too_many_rejected(kept.rejected, kept.rejected, kept.first, allowed=0.0)


def too_many_rejected(
    count: int, total: int, first: Sequence[Sequence[str]], *, allowed: float
) -> UserError:
    """The error for rows that cannot be used, with the first of them."""
    where, why = first[0]
    shown = "\n".join(f"  {where}: {why}" for where, why in first)
    share = "" if count == total else f", more than {100 * allowed:g} % (--most-rejected)"
    return UserError(
        f"{where}: {why}\n{count:,} of {total:,} rows cannot be used{share}:\n{shown}\n"
        "Correct or remove them (`seqapps data TASK --data ... --fix OUT` writes a file without "
        "them), or check that the right columns are read (--column)."
    )


def _by_their_content(task: Task, source: Source, place: Path, progress: Progress) -> Entry:
    """Rows that only say what they are by being read: from Python, or made by a closure."""
    token = place / f"given-{time.time_ns():x}"
    with locked(token, progress), disk_trouble(place):
        staging = Path(tempfile.mkdtemp(dir=place, prefix=f".{token.name}{files.PARTIAL}"))
        try:
            staging.chmod(0o755)  # mkdtemp's 0700 would lock other users of the cache out
            prepare(staging, task, source, progress=progress)
            about = files.read_json(staging / "about.json")
            groups = checksum(staging / "index" / "group")
            facts = [about["content"], about["rows"], about["rejected"], groups]
            target = place / _key(task, source.group, facts)
            with locked(target, progress):
                if whole(target, progress) is None:
                    shutil.rmtree(target, ignore_errors=True)
                    staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            _lock_file(token).unlink(missing_ok=True)
    return entry_by_key(target.name)


def _key(task: Task, group: str | None, facts: Sequence[Any]) -> str:
    columns = {name: _how_read(column) for name, column in task.row_columns.items()}
    text = json.dumps([FORMAT, columns, list(task.key_columns), group, facts], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _how_read(column: Column) -> list[Any]:
    """What of a column decides how its values are read."""
    gathering = [column.several, column.called] if column.several or column.called else []
    gaps = ["gaps"] if column.gaps else []
    return [column.kind, column.shape, *gathering, *gaps]


def whole(folder: Path, progress: Progress) -> Entry | None:
    """The entry in this folder if every file of it is what was written, else None."""
    if not folder.is_dir():
        return None
    try:
        about = files.read_json(folder / "about.json")
        damaged = [
            name for name, expected in about["files"].items()
            if not (folder / name).is_file() or checksum(folder / name) != expected
        ]  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        damaged = ["about.json"]
    if damaged:
        progress.say(f"cache: {folder / damaged[0]} is damaged; it is made anew")
        return None
    return Entry(folder, about)


@contextmanager
def locked(target: Path, progress: Progress) -> Iterator[None]:
    """One process at a time reads a source; others wait for it and then use what it made."""
    from filelock import FileLock, Timeout

    with disk_trouble(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(_lock_file(target))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress.say("cache: another seqapps process is at work on these data; waiting for it")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def disk_trouble(place: Path) -> Iterator[None]:
    """A cache that cannot be written, as one message; from Python's files and TensorFlow's."""
    try:
        yield
    except OSError as error:
        raise _not_written(place, error.strerror or str(error)) from None
    except Exception as error:
        if not _is_tensorflows(error):
            raise
        raise _not_written(place, str(error).partition(";")[0]) from None


def _is_tensorflows(error: Exception) -> bool:
    return type(error).__module__.startswith("tensorflow.python.framework")


def _not_written(place: Path, reason: str) -> UserError:
    return UserError(
        f"The cache in {place} could not be written: {reason}. Make room (`seqapps cache --clear` "
        "empties it), or choose another place with --cache FOLDER or SEQAPPS_CACHE."
    )


def _lock_file(target: Path) -> Path:
    return target.with_name(f".{target.name}.lock")


def _sweep(place: Path, key: str) -> None:
    """Remove what a killed process left of this entry; its lock is ours."""
    for left in place.glob(f".{key}{files.PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)


def clear(keys: Sequence[str] | None, *, downloads: bool = False) -> int:
    """Remove entries (None: all, and what killed processes left); the bytes that became free.

    Of rows and of features, see `feature_store`.

    A process that reads an entry keeps its files open, so it is not disturbed. What another
    process is writing just now is left alone.
    """
    place, before = rows_folder(), size_of(cache_folder())
    names = [path.name for path in place.glob("*") if path.is_dir()] if keys is None else keys
    for name in names:
        if not name.startswith(".") and (place / name).is_dir():
            _remove(place / name)
    feature_store.clear(keys)
    if keys is None:
        for left in place.glob(f".*{files.PARTIAL}*"):
            _remove(left)
    if downloads:
        shutil.rmtree(cache_folder() / "wheels", ignore_errors=True)
    return before - size_of(cache_folder())


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder, at any depth."""
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())


def _remove(folder: Path) -> None:
    from filelock import FileLock, Timeout

    key = folder.name.removeprefix(".").partition(files.PARTIAL)[0]
    try:
        with FileLock(_lock_file(folder.with_name(key)), timeout=0), disk_trouble(folder.parent):
            shutil.rmtree(folder)
    except Timeout:
        return
