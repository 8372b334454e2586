"""Files as they lie on disk: how they are named, opened and decoded, and what can go wrong."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from seqapps.errors import UserError

UTF8 = "utf-8-sig"  # with or without a byte order mark
# What a file is by its first bytes, where it is no text.
SIGNATURES = {
    b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image",
    b"%PDF": "a PDF document", b"PK\x03\x04": "a zip archive (an .xlsx file is one)",
    b"\x1f\x8b": "compressed by gzip; its name must end in .gz", b"BZh": "compressed by bzip2",
    b"PAR1": "a parquet file; its name must end in .parquet", b"SQLite format 3": "an SQLite file",
    b"\x28\xb5\x2f\xfd": "compressed by zstd", b"\xfd7zXZ": "compressed by xz",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """One file of rows; `name` is how messages call it."""

    path: Path
    name: str
    encoding: str = UTF8
    header: bool = True  # of csv and tsv: the first line names the columns
    read_as: str = ""  # ".csv" where the name does not tell

    @property
    def kind(self) -> str:
        """The suffix that says how it is read: ".csv" of "reviews.csv.gz"."""
        return self.read_as or kind_of(self.path)


def kind_of(path: Path) -> str:
    """The suffix that says how a file is read, in lower case; ".gz" does not count."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, decompressed where its name ends in .gz."""
    if path.suffix.lower() == ".gz":
        with gzip.open(path, "rb") as unpacked:
            yield unpacked  # type: ignore[misc]
    else:
        with path.open("rb") as file:
            yield file


@contextmanager
def opened_text(table: Table, *, newline: str = "") -> Iterator[IO[str]]:
    """A file as text; what goes wrong while it is read is one message that names it.

    `newline` is what `io.TextIOWrapper` takes: with LF nothing else ends a line.
    """
    with troubles(table), _text(table, newline=newline) as file:
        yield file


@contextmanager
def _text(table: Table, *, newline: str = "") -> Iterator[IO[str]]:
    with opened(table.path) as raw:
        head = raw.read(4096)
        _check_is_text(table, head)
        raw.seek(0)
        yield io.TextIOWrapper(raw, encoding=table.encoding, newline=newline)


def _check_is_text(table: Table, head: bytes) -> None:
    wide = _is_wide(table.encoding)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") and not wide:
        raise UserError(
            f"{table.name}: UTF-16 text, but read as {_plain(table.encoding)}. "
            "Read it with --encoding utf-16."
        )
    what = next((name for start, name in SIGNATURES.items() if head.startswith(start)), None)
    if what is None and b"\0" in head and not wide:
        what = "binary (it holds zero bytes)"
    if what:
        raise UserError(f"{table.name}: not a text file, but {what}.")


def _is_wide(encoding: str) -> bool:
    return encoding.lower().replace("-", "").replace("_", "").startswith(("utf16", "utf32"))


def digest_of_files(base: Path, read: Iterable[Path], *, looked_at: Iterable[Path] = ()) -> str:
    """SHA-256 over names and contents; of images names, sizes and times, as they are many."""
    digest = hashlib.sha256()
    for file in read:
        digest.update(f"{file.relative_to(base).as_posix()}\0".encode())
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    for file in looked_at:
        facts = file.stat()
        name = file.relative_to(base).as_posix()
        digest.update(f"{name} {facts.st_size} {facts.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def check_regular(path: Path, *, given: str) -> None:
    """Raise UserError where a path exists and is neither a file nor a folder."""
    mode = path.stat().st_mode
    kinds = {
        stat.S_ISSOCK: "a socket", stat.S_ISFIFO: "a pipe",
        stat.S_ISCHR: "a device", stat.S_ISBLK: "a device",
    }  # fmt: skip
    for test, name in kinds.items():
        if test(mode):
            raise UserError(
                f"{given}: {name}, which can be read only once. Write the rows to a file first."
            )


@contextmanager
def troubles(table: Table) -> Iterator[None]:
    """What goes wrong while a file is read, as one message that names it."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise _not_text(table, error) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(
            f"{table.name}: not whole gzip data, although its name ends in .gz ({error})."
        ) from None
    except EOFError:
        raise UserError(
            f"{table.name}: the compressed data end too early; the file is cut off. Copy it anew."
        ) from None
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno:
            reason = os.strerror(error.errno)
            raise UserError(f"{table.path}: cannot be read: {reason}.") from None
        if table.kind != ".parquet":
            raise
        reason = str(error).splitlines()[0].partition(".")[0]  # pyarrow's own errors
        raise UserError(
            f"{table.name}: not a whole parquet file: {reason}. Was it copied to its end?"
        ) from None


def _line_of_trouble(table: Table) -> str:
    """The line that is no text; text is decoded in blocks, so the error itself does not know it."""
    with opened(table.path) as raw:
        for number, line in enumerate(raw, 1):
            try:
                line.decode("utf-8" if table.encoding == UTF8 else table.encoding)
            except UnicodeDecodeError:
                return f", line {number}"
    return ""


def _not_text(table: Table, error: UnicodeDecodeError) -> UserError:
    wide = _is_wide(table.encoding)  # whose line ends are no single bytes
    place = "" if wide else _line_of_trouble(table)
    byte = "its end"
    if error.start < len(error.object):
        byte = f"byte {error.object[error.start]:#04x}"
    return UserError(
        f"{table.name}{place}: not {_plain(table.encoding)} text ({byte}). Give the encoding that "
        "it has, e.g. --encoding windows-1252, or save it as UTF-8."
    )


def _plain(encoding: str) -> str:
    return "UTF-8" if encoding == UTF8 else encoding
