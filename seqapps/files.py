"""Writing so that a reader, or a kill at any moment, never meets half a file."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PARTIAL = ".seqapps-partial-"  # in the names of what is being written


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Replace `path` in one step: written beside it, flushed to disk, renamed."""
    _make(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}{PARTIAL}")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())  # mkstemp's 0600 would lock a server's user out
        Path(name).replace(path)
        flush(path.parent)  # a rename is safe from a power cut once its folder is on the disk
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk is told by number only
        raise


def write_text(path: Path, content: str) -> None:
    """Like `write_bytes`, in UTF-8."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Like `write_text`; one space of indent keeps diffs readable and files small."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def read_json(path: Path) -> Any:
    """The value of a file written by `write_json`."""
    return json.loads(path.read_text(encoding="utf-8"))


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A fresh folder that becomes `path` in one rename if the block ends well, else vanishes."""
    _make(path.parent)
    staging = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}{PARTIAL}"))
    staging.chmod(0o777 & ~_umask())
    try:
        yield staging
        flush_tree(staging)
        if path.exists():
            shutil.rmtree(path)
        staging.rename(path)
        flush(path.parent)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    """Make of a full disk, as TensorFlow's writers tell it, the OSError that Python's raise."""
    try:
        yield
    except Exception as error:
        reason = os.strerror(errno.ENOSPC)
        if isinstance(error, OSError) or reason not in str(error):
            raise
        raise OSError(errno.ENOSPC, reason, str(path)) from None


def flush(path: Path) -> None:
    """Wait until a file's content, or the names in a folder, are on the disk."""
    if os.name == "nt":  # Windows opens no folder, and flushes no file that is open for reading
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree(folder: Path) -> None:
    """`flush` for all that lies in a folder, and for itself."""
    for path in folder.rglob("*"):
        if path.is_dir() or path.is_file():
            flush(path)
    flush(folder)


def sweep(folder: Path) -> None:
    """Remove what a killed `whole_folder` or `write_bytes` left in `folder`."""
    for left in folder.glob(f".*{PARTIAL}*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def digest_of_tree(folder: Path, pattern: str, *, leave_out: str | None = None) -> str:
    """SHA-256 over names and contents of the files that match, independent of where they lie.

    `leave_out` names a folder directly below `folder` whose files do not count.
    """
    digest = hashlib.sha256()
    for file in sorted(folder.rglob(pattern)):
        name = file.relative_to(folder)
        if file.is_file() and name.parts[0] != leave_out:
            digest.update(f"{name.as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _make(folder: Path) -> None:
    """Make a folder where there is none; the names of new ones are flushed as well."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in new:
        flush(path.parent)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
