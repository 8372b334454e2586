"""Files of rows: csv, tsv, jsonl, parquet and plain text, each read as a stream.

csv is read by the standard library and not by pandas: pandas fills a short row up with empty
values and guesses types, while here a ragged row is an error with its place and text stays text.
"""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from seqapps.errors import UserError
from seqapps.task import Row

UTF8 = "utf-8-sig"  # with or without a byte order mark
BLOCK = 64 * 1024  # most characters of one row of a plain text file
SMALLEST_BLOCK = 1024
ROWS_OF_A_TEXT = 64  # at least, so that a small file can be cut into splits
PEEK = 100  # objects of a jsonl file that are asked for their keys
AT_ONCE = 1024  # rows of a parquet file that are decoded together
SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet", ".txt")
# What a file is by its first bytes, where it is no text.
SIGNATURES = {
    b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image",
    b"%PDF": "a PDF document", b"PK\x03\x04": "a zip archive (an .xlsx file is one)",
    b"\x1f\x8b": "compressed by gzip; its name must end in .gz", b"BZh": "compressed by bzip2",
    b"PAR1": "a parquet file; its name must end in .parquet", b"SQLite format 3": "an SQLite file",
    b"\x28\xb5\x2f\xfd": "compressed by zstd", b"\xfd7zXZ": "compressed by xz",
}  # fmt: skip


class Where(NamedTuple):
    """The place of a row, for people: "reviews.csv, row 312"."""

    part: str
    number: int  # from 1; 0 where the part is one row

    def __str__(self) -> str:
        return f"{self.part}, row {self.number}" if self.number else self.part


Located = tuple[Where, Row]


@dataclass(frozen=True)
class Table:
    """One file of rows; `name` is how messages call it."""

    path: Path
    name: str
    encoding: str = UTF8

    @property
    def kind(self) -> str:
        """The suffix that says how it is read: ".csv" of "reviews.csv.gz"."""
        return kind_of(self.path)


def kind_of(path: Path) -> str:
    """The suffix that says how a file is read, in lower case; ".gz" does not count."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def is_table(path: Path) -> bool:
    """Whether the name is that of a file of rows."""
    return kind_of(path) in SUFFIXES


def columns_of(table: Table) -> list[str]:
    """The names of a file's columns. Raises UserError where it cannot be read or is empty."""
    with _troubles(table):
        found = COLUMNS[table.kind](table)
    if not found:
        expected = "a header line and rows" if table.kind in (".csv", ".tsv") else "rows"
        raise UserError(f"{table.name}: the file is empty; expected {expected}.")
    return found


def located(
    table: Table, wanted: Mapping[str, str], *, advice: Callable[[str], str]
) -> Iterator[Located]:
    """Rows with only the wanted columns, under our names ({ours: theirs}), with their place.

    `advice` tells what to do where a column of ours is missing. Raises UserError with file and
    row where the file cannot be read to its end.
    """
    check_columns(table, wanted, advice=advice)
    ours, theirs = list(wanted), list(wanted.values())
    with _troubles(table):
        for number, values in ROWS[table.kind](table, theirs):
            yield Where(table.name, number), dict(zip(ours, values, strict=True))


def check_columns(
    table: Table, wanted: Mapping[str, str], *, advice: Callable[[str], str]
) -> list[str]:
    """The file's columns. Raises UserError where a wanted one is missing or named twice."""
    header = columns_of(table)
    if table.kind == ".txt":
        if len(wanted) != 1:
            raise UserError(
                f"{table.name}: a text file holds text only, but {' and '.join(wanted)} are "
                "needed. Give a table, or a folder that holds one folder of text files per label."
            )
        return header
    for ours, theirs in wanted.items():
        if header.count(theirs) > 1:
            raise UserError(f"{table.name}: the header names {theirs!r} twice.")
        if theirs not in header:
            raise UserError(
                f"{table.name}: no column {theirs!r}; found {_listed(header)}. {advice(ours)}"
            )
    return header


def _listed(names: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(name if len(name) <= 60 else f"{name[:60]}..." for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


# csv and tsv


@contextmanager
def _csv_reader(table: Table) -> Iterator[Any]:
    # A tsv file is never quoted: a `"` in it is an ordinary character.
    dialect: dict[str, Any] = (
        {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if table.kind == ".tsv" else {}
    )
    csv.field_size_limit(2**31 - 1)  # the default refuses texts of more than 131,072 characters
    with _text(table) as file:
        yield csv.reader(file, strict=True, **dialect)


def _csv_columns(table: Table) -> list[str]:
    with _csv_reader(table) as reader, _csv_troubles(table, reader):
        return next(filter(None, reader), [])


def _csv_rows(table: Table, names: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
    with _csv_reader(table) as reader, _csv_troubles(table, reader):
        header = next(filter(None, reader))
        places = [header.index(name) for name in names]
        for number, values in enumerate(filter(None, reader), 1):  # a blank line is no row
            if len(values) != len(header):
                raise UserError(
                    f"{table.name}, row {number} (line {reader.line_num}): {len(values)} values, "
                    f"but the header names {len(header)} columns. Is a separator or a quote "
                    "missing?"
                )
            yield number, [values[place] for place in places]


@contextmanager
def _csv_troubles(table: Table, reader: Any) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        kind = table.kind[1:]
        hint = ""
        if "unexpected end of data" in str(error):
            hint = ' A quote (") is opened and never closed, perhaps many rows before.'
        raise UserError(
            f"{table.name}, line {reader.line_num}: not valid {kind}: {error}.{hint}"
        ) from None


# jsonl


def _objects(table: Table) -> Iterator[tuple[int, Row]]:
    """(line, object): blank lines are no rows, so a row's number is its line."""
    with _text(table) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                reason = getattr(error, "msg", "it is nested too deeply")
                raise UserError(
                    f"{table.name}, row {number}: not JSON ({reason}): {line.strip()[:60]!r}. "
                    "Expected one object a line."
                ) from None
            if not isinstance(value, dict):
                raise UserError(
                    f"{table.name}, row {number}: a JSON {type(value).__name__}, expected an "
                    'object such as {"text": "..."} on every line.'
                )
            yield number, value


def _jsonl_columns(table: Table) -> list[str]:
    first = itertools.islice(_objects(table), PEEK)
    return list(dict.fromkeys(name for _, row in first for name in row))


def _jsonl_rows(table: Table, names: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
    for number, row in _objects(table):
        yield number, [row.get(name) for name in names]


# parquet


def _parquet(table: Table) -> Any:
    from pyarrow import parquet

    if table.path.suffix.lower() == ".gz":
        raise UserError(f"{table.name}: parquet is compressed inside; give the file without .gz.")
    return parquet.ParquetFile(table.path)


def _parquet_columns(table: Table) -> list[str]:
    with _parquet(table) as file:
        return [str(name) for name in file.schema_arrow.names]


def _parquet_rows(table: Table, names: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
    with _parquet(table) as file:
        number = 0
        for batch in file.iter_batches(batch_size=AT_ONCE, columns=list(dict.fromkeys(names))):
            columns = [batch.column(name).to_pylist() for name in names]
            for values in zip(*columns, strict=True):
                number += 1
                yield number, list(values)


# plain text


def _txt_columns(table: Table) -> list[str]:
    with _text(table) as file:
        return ["text"] if file.read(1) else []


def _txt_rows(table: Table, names: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
    """The text in blocks of at most 64 K characters that end at a line end where there is one."""
    size = table.path.stat().st_size // ROWS_OF_A_TEXT
    most = min(max(size, SMALLEST_BLOCK), BLOCK)
    with _text(table) as file:
        number, rest = 0, ""
        while True:
            more = file.read(most - len(rest))
            block = rest + more
            end = block.rfind("\n") + 1 if more else len(block)
            cut = end or len(block)
            if cut:
                number += 1
                yield number, [block[:cut]]
            rest = block[cut:]
            if not more:
                return


def whole_text(table: Table) -> str:
    """All of a text file. Raises UserError where it cannot be read as text."""
    with _troubles(table), _text(table) as file:
        return file.read()


COLUMNS: Mapping[str, Callable[[Table], list[str]]] = {
    ".csv": _csv_columns, ".tsv": _csv_columns, ".jsonl": _jsonl_columns,
    ".parquet": _parquet_columns, ".txt": _txt_columns,
}  # fmt: skip
ROWS: Mapping[str, Callable[[Table, Sequence[str]], Iterator[tuple[int, list[Any]]]]] = {
    ".csv": _csv_rows, ".tsv": _csv_rows, ".jsonl": _jsonl_rows,
    ".parquet": _parquet_rows, ".txt": _txt_rows,
}  # fmt: skip


# opening


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
def _text(table: Table) -> Iterator[IO[str]]:
    with opened(table.path) as raw:
        head = raw.read(4096)
        _check_is_text(table, head)
        raw.seek(0)
        yield io.TextIOWrapper(raw, encoding=table.encoding, newline="")


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
def _troubles(table: Table) -> Iterator[None]:
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
