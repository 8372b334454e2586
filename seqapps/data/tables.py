"""Files of rows: csv, tsv, jsonl, parquet, sentences and plain text, each read as a stream.

csv is read by the standard library and not by pandas: pandas fills a short row up with empty
values and guesses types, while here a ragged row is an error with its place and text stays text.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from seqapps.data import sentences
from seqapps.data.opening import Table, kind_of, opened_text, troubles
from seqapps.errors import UserError
from seqapps.task import Row

BLOCK = 64 * 1024  # most characters of one row of a plain text file
SMALLEST_BLOCK = 1024
ROWS_OF_A_TEXT = 64  # at least, so that a small file can be cut into splits
PEEK = 100  # objects of a jsonl file that are asked for their keys
AT_ONCE = 1024  # rows of a parquet file that are decoded together
SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet", ".txt", sentences.KIND, sentences.UNIVERSAL)
SEPARATED = (".csv", ".tsv")


class Where(NamedTuple):
    """The place of a row, for people: "reviews.csv, row 312"."""

    part: str
    number: int  # from 1; 0 where the part is one row

    def __str__(self) -> str:
        return f"{self.part}, row {self.number}" if self.number else self.part


Located = tuple[Where, Row]
Advice = Callable[[str, Sequence[str]], str]  # our missing column, the columns that are there


def is_table(path: Path) -> bool:
    """Whether the name is that of a file of rows."""
    return kind_of(path) in SUFFIXES


def columns_of(table: Table) -> list[str]:
    """The names of a file's columns. Raises UserError where it cannot be read or is empty."""
    with troubles(table):
        found = COLUMNS[table.kind](table)
    if not found:
        titled = table.header and table.kind in SEPARATED
        raise empty(table, expected="a header line and rows" if titled else "rows")
    return found


def empty(table: Table, *, expected: str) -> UserError:
    """The error for a file without content."""
    return UserError(f"{table.name}: the file is empty; expected {expected}.")


def located(table: Table, wanted: Mapping[str, str], *, advice: Advice) -> Iterator[Located]:
    """Rows with only the wanted columns, under our names ({ours: theirs}), with their place.

    `advice` tells what to do where a column of ours is missing. Raises UserError with file and
    row where the file cannot be read to its end.
    """
    check_columns(table, wanted, advice=advice)
    ours, theirs = list(wanted), list(wanted.values())
    with troubles(table):
        for number, values in ROWS[table.kind](table, theirs):
            yield Where(table.name, number), dict(zip(ours, values, strict=True))


def check_columns(table: Table, wanted: Mapping[str, str], *, advice: Advice) -> list[str]:
    """The file's columns. Raises UserError where a wanted one is missing or named twice."""
    header = columns_of(table)
    if table.kind == ".txt":
        if len(wanted) != 1:
            raise _text_only(table, list(wanted))
        return header
    for theirs in wanted.values():
        if header.count(theirs) > 1:
            raise UserError(f"{table.name}: the header names {theirs!r} twice.")
    shown = header if table.header else _with_values(table, header)
    check_names(table.name, wanted, header, shown=shown, advice=advice)
    return header


def check_names(
    place: str,
    wanted: Mapping[str, str],
    names: Sequence[str],
    *,
    shown: Sequence[str] = (),
    advice: Advice,
) -> None:
    """Raise UserError where a wanted column ({ours: theirs}) is none of `names`.

    `shown` is how the message lists them, where that differs.
    """
    for ours, theirs in wanted.items():
        if theirs not in names:
            found = _listed(shown or names)
            raise UserError(f"{place}: no column {theirs!r}; found {found}. {advice(ours, names)}")


def _text_only(table: Table, needed: Sequence[str]) -> UserError:
    """What to do with running text where a row has several columns."""
    with opened_text(table) as file:
        tabs = "\t" in file.readline(BLOCK)
    advice = (
        "Its lines hold tabs: where these separate columns, let its name end in .tsv (and see "
        "--no-header)." if tabs
        else "Give a table, two files whose lines belong together (--data a.txt+b.txt), or a "
        "folder that holds one folder of text files per label."
    )  # fmt: skip
    return UserError(
        f"{table.name}: a text file holds text only, but {' and '.join(needed)} are needed. "
        f"{advice}"
    )


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
    with opened_text(table) as file:
        yield csv.reader(file, strict=True, **dialect)


def _csv_columns(table: Table) -> list[str]:
    first = _first_values(table)
    return first if table.header else _numbered(first)


def _first_values(table: Table) -> list[str]:
    with _csv_reader(table) as reader, _csv_troubles(table, reader):
        return next(filter(None, reader), [])


def _numbered(values: Sequence[str]) -> list[str]:
    """What columns are called that no header names: 1, 2, 3."""
    return [str(number) for number, _ in enumerate(values, 1)]


def _with_values(table: Table, header: Sequence[str]) -> list[str]:
    """Numbers of columns for a message: "2 ('Nice day')"."""
    values = (value if len(value) <= 30 else f"{value[:27]}..." for value in _first_values(table))
    return [f"{number} ({value!r})" for number, value in zip(header, values, strict=True)]


def _csv_rows(table: Table, names: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
    with _csv_reader(table) as reader, _csv_troubles(table, reader):
        rows = filter(None, reader)  # a blank line is no row
        first = next(rows)
        header = first if table.header else _numbered(first)
        places = [header.index(name) for name in names]
        for number, values in enumerate(rows if table.header else chain([first], rows), 1):
            if len(values) != len(header):
                by = "header names" if table.header else "first row has"
                raise UserError(
                    f"{table.name}, row {number} (line {reader.line_num}): {len(values)} values, "
                    f"but the {by} {len(header)} columns. Is a separator or a quote missing?"
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
    with opened_text(table) as file:
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
    first = islice(_objects(table), PEEK)
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
    with opened_text(table) as file:
        return ["text"] if file.read(1) else []


def _txt_rows(table: Table, names: Sequence[str]) -> Iterator[tuple[int, list[Any]]]:
    """The text in blocks of at most 64 K characters that end at a line end where there is one."""
    size = table.path.stat().st_size // ROWS_OF_A_TEXT
    most = min(max(size, SMALLEST_BLOCK), BLOCK)
    with opened_text(table) as file:
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
    with opened_text(table) as file:
        return file.read()


COLUMNS: Mapping[str, Callable[[Table], list[str]]] = {
    ".csv": _csv_columns, ".tsv": _csv_columns, ".jsonl": _jsonl_columns,
    ".parquet": _parquet_columns, ".txt": _txt_columns,
    sentences.KIND: sentences.columns, sentences.UNIVERSAL: sentences.columns,
}  # fmt: skip
ROWS: Mapping[str, Callable[[Table, Sequence[str]], Iterator[tuple[int, list[Any]]]]] = {
    ".csv": _csv_rows, ".tsv": _csv_rows, ".jsonl": _jsonl_rows,
    ".parquet": _parquet_rows, ".txt": _txt_rows,
    sentences.KIND: sentences.rows, sentences.UNIVERSAL: sentences.rows,
}  # fmt: skip
