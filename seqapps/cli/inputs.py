"""Raw inputs for `predict`: arguments, lines, tables, objects."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from seqapps.data.source import table
from seqapps.errors import UserError
from seqapps.task import Column, Row


def rows_from(
    inputs: Mapping[str, Column], texts: tuple[str, ...], file: str | None
) -> Iterator[Row]:
    """Rows with exactly the model's inputs, read as they are asked for.

    Raises UserError where nothing is given, or more than one thing.
    """
    if texts == ("-",):
        texts, file = (), "-"
    if bool(texts) == (file is not None):
        raise UserError("Give either texts or --file FILE (- is standard input).")
    if texts:
        name = _only_text(inputs, "texts as arguments")
        return ({name: text} for text in texts)
    assert file is not None
    path = Path(file)
    if file != "-" and not path.is_file():
        raise UserError(f"--file {file}: no such file.")
    if path.suffix in (".csv", ".tsv"):
        return (row for _, row in table(path, {name: name for name in inputs}))
    lines = _lines(path if file != "-" else None)
    if path.suffix == ".jsonl" or len(inputs) > 1:
        return _objects(lines, inputs, file)
    name = _only_text(inputs, f"the lines of {file}")
    return ({name: line} for line in lines if line.strip())


def chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Lists of `size` rows; the last one may be shorter."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _only_text(inputs: Mapping[str, Column], given: str) -> str:
    names = list(inputs)
    if len(names) != 1 or inputs[names[0]].kind != "text":
        raise UserError(
            f"This model takes {', '.join(names)}, so {given} will not do: give a .csv, .tsv or "
            ".jsonl file with these columns."
        )
    return names[0]


def _lines(path: Path | None) -> Iterator[str]:
    source = sys.stdin.buffer if path is None else path.open("rb")
    with source:
        for number, line in enumerate(source, 1):
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
        yield {name: value[name] for name in inputs}
