"""Raw inputs for `predict`: arguments, lines, tables, objects."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import Any

from seqapps.data import images, tables
from seqapps.data.opening import Table, kind_of, opened
from seqapps.errors import UserError, nearest
from seqapps.series.latest import series_input
from seqapps.task import Column, Row

ALONE = (["text"], ["image"])  # kinds of inputs that one argument, or one line, can give


class Picture(bytes):
    """An encoded picture that is shown as the name of its file."""

    name = "a picture"

    def __str__(self) -> str:
        return self.name


def rows_from(
    inputs: Mapping[str, Column], texts: tuple[str, ...], file: str | None, *, read: bytes = b""
) -> Iterator[Row]:
    """Rows with exactly the model's inputs, read as they are asked for.

    `read` is what was read of standard input already: its first line, or nothing.
    Raises UserError where nothing is given, or more than one thing.
    """
    if texts == ("-",):
        texts, file = (), "-"
    if texts and file is None:
        name = _only_one(inputs, "arguments")
        return ({name: _value(inputs[name], text)} for text in texts)
    if texts or file is None:
        raise UserError("Give either arguments or --file FILE (- is standard input).")
    path = Path(file)
    if file != "-" and not path.is_file():
        raise UserError(f"--file {file}: no such file.")
    if file != "-" and kind_of(path) in (".csv", ".tsv", ".parquet"):
        return _table(path, inputs)
    lines = _lines(path if file != "-" else None, read)
    if kind_of(path) == ".jsonl" or (file == "-" and _kinds(inputs) not in ALONE):
        return _objects(lines, inputs, file)
    name = _only_one(inputs, f"the lines of {file}")
    return ({name: _value(inputs[name], line, beside=path)} for line in lines if line.strip())


def same_for_all(inputs: Mapping[str, Column], given: Iterable[str]) -> Row:
    """Inputs of --with KEY=VALUE, and those that have a default.

    Raises UserError where the model takes no such input, or the value is of another kind.
    """
    found = {name: column.default for name, column in inputs.items() if column.default is not None}
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals or name not in inputs:
            raise UserError(
                f"--with {pair}: expected KEY=VALUE, where KEY is an input. {nearest(name, inputs)}"
            )
        column = inputs[name]
        kinds: dict[str, Any] = {"number": float, "integer": int}
        try:
            found[name] = kinds.get(column.kind, str)(text)
        except ValueError:
            wanted = "a whole number" if column.kind == "integer" else "a number"
            raise UserError(f"--with {pair}: {name} is {wanted}: {column.meaning}.") from None
    return found


def chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Lists of `size` rows; the last one may be shorter."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _only_one(inputs: Mapping[str, Column], given: str) -> str:
    if _kinds(inputs) not in ALONE:
        table = "a table of observations with --file, or " if series_input(inputs) else ""
        raise UserError(
            f"This model takes {', '.join(inputs)}, so {given} will not do: give {table}a .jsonl "
            f"file, or - for standard input, with an object of {', '.join(inputs)} on every line."
        )
    return next(iter(inputs))


def _value(column: Column, given: Any, *, beside: Path = Path()) -> Any:
    """A text as it is; a picture of a path, beside a file that names it, or of {"b64": ...}."""
    if column.kind != "image":
        return given
    if isinstance(given, Mapping) and given.keys() == {"b64"}:
        try:
            return Picture(base64.b64decode(given["b64"], validate=True))
        except (TypeError, ValueError):
            raise UserError(f"{str(given)[:60]}: not base64.") from None
    file = next((path for path in (beside.parent / given, Path(given)) if path.is_file()), None)
    if file is None:
        raise UserError(f"{given}: no such file; expected the path of a picture.")
    picture = Picture(file.read_bytes())
    picture.name = str(given)
    problem = images.problem_of(picture)
    if problem:
        raise UserError(f"{given} {problem}.")
    return picture


def _kinds(inputs: Mapping[str, Column]) -> list[str]:
    return [column.kind for column in inputs.values()]


def _table(path: Path, inputs: Mapping[str, Column]) -> Iterator[Row]:
    """Rows of a csv, tsv or parquet file; its columns are named as the model's inputs are."""
    fits = set(_kinds(inputs)) <= {"text", "category", "number", "image"}
    if not fits and kind_of(path) != ".parquet":
        raise UserError(f"{path}: {', '.join(inputs)} do not fit in a table; give a .jsonl file.")
    wanted = {name: name for name in inputs}
    file = Table(path, path.name)
    advice = "Name it so in the file's header."
    for where, row in tables.located(file, wanted, advice=lambda *_: advice):
        try:
            numbers = {name: float(row[name]) for name, c in inputs.items() if c.kind == "number"}
        except (TypeError, ValueError) as error:
            raise UserError(f"{where}: {error}.") from None
        yield {
            **{name: _value(inputs[name], value, beside=path) for name, value in row.items()},
            **numbers,
        }


def _lines(path: Path | None, read: bytes = b"") -> Iterator[str]:
    with nullcontext(sys.stdin.buffer) if path is None else opened(path) as source:
        for number, line in enumerate(chain([read] if read else [], source), 1):
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                raise UserError(f"{path or '-'}, line {number}: not UTF-8 text.") from None


def _objects(lines: Iterable[str], inputs: Mapping[str, Column], file: str) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value: Any = json.loads(line)
        except ValueError:
            raise UserError(f"{file}, line {number}: not a JSON object.") from None
        if not isinstance(value, dict) or not inputs.keys() <= value.keys():
            raise UserError(f"{file}, line {number}: expected an object with {', '.join(inputs)}.")
        yield {name: _value(c, value[name], beside=Path(file)) for name, c in inputs.items()}
