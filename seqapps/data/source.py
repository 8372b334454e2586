"""Rows with the place they come from: `--data` to an iterator of (where, row)."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from seqapps.errors import UserError, nearest
from seqapps.task import Row, Rows, Sample, Task

Located = tuple[str, Row]  # ("reviews.csv, row 312", {"text": ..., "label": ...})

FILES = (".csv", ".tsv")


@dataclass(frozen=True)
class Source:
    """Where rows come from. The split None holds rows that are still to be cut into splits."""

    name: str
    spec: str  # what opens it again from any folder
    splits: Mapping[str | None, Callable[[], Iterator[Located]]]
    group: str | None = None
    sample: Sample | None = None


def open_source(
    task: Task, spec: str | None, *, columns: Mapping[str, str], group: str | None
) -> Source:
    """The source that `--data` names; without it the task's first sample.

    `columns` maps the task's names to the file's (`--column text=review`).
    """
    wrong = [name for name in columns if name not in task.row_columns]
    if wrong:
        raise UserError(
            f"--column {wrong[0]}={columns[wrong[0]]}: the task {task.name} has no column "
            f"{wrong[0]!r}. {nearest(wrong[0], task.row_columns)}"
        )
    if spec is None:
        if not task.samples:
            raise UserError(f"The task {task.name} has no sample data; give a file with --data.")
        spec = f"sample:{next(iter(task.samples))}"
    if spec.startswith("sample:"):
        return _sample(task, spec, columns=columns, group=group)
    return _file(task, Path(spec), columns=columns, group=group)


def _sample(task: Task, spec: str, *, columns: Mapping[str, str], group: str | None) -> Source:
    name = spec.removeprefix("sample:")
    if name not in task.samples:
        raise UserError(
            f"--data {spec}: the task {task.name} has no such sample. {nearest(name, task.samples)}"
        )
    sample = task.samples[name]
    parts: dict[str | None, Rows] = {}
    if isinstance(sample.rows, Mapping):
        parts.update(sample.rows)
    else:
        parts[None] = sample.rows

    def located(split: str | None) -> Iterator[Located]:
        place = f"{spec} {split}" if split else spec
        for number, row in enumerate(parts[split](), 1):
            for theirs in columns.values():
                if theirs not in row:
                    raise UserError(f"{place}: no column {theirs!r}. {nearest(theirs, row)}")
            renamed = {ours: row[theirs] for ours, theirs in columns.items()}
            yield f"{place}, row {number}", {**row, **renamed}

    splits = {split: (lambda split=split: located(split)) for split in parts}
    return Source(spec, spec, splits, group=group or sample.group, sample=sample)


def _file(task: Task, path: Path, *, columns: Mapping[str, str], group: str | None) -> Source:
    if not path.exists():
        near = [other.name for other in path.parent.glob("*") if other.suffix in FILES]
        raise UserError(f"--data {path}: no such file. {nearest(path.name, near)}")
    if not path.is_file():
        raise UserError(f"--data {path}: not a file. Give one file of kind {' or '.join(FILES)}.")
    if path.suffix.lower() not in FILES:
        raise UserError(
            f"--data {path}: files of kind {path.suffix or '(no suffix)'} are not read; expected "
            f"{' or '.join(FILES)} with a header line that names {', '.join(task.row_columns)}."
        )
    wanted = {name: columns.get(name, name) for name in task.row_columns}
    if group:
        wanted[group] = group

    def advice(ours: str) -> str:
        if ours == group:
            return "Name one of these with --group."
        return f"If another column holds it: --column {ours}=NAME."

    rows: dict[str | None, Callable[[], Iterator[Located]]] = {
        None: lambda: table(path, wanted, advice=advice)
    }
    return Source(path.name, str(path.absolute()), rows, group=group)


def table(
    path: Path, wanted: Mapping[str, str], *, advice: Callable[[str], str]
) -> Iterator[Located]:
    """Rows of a csv or tsv file with a header; only the wanted columns, under the task's names.

    `advice` tells what to do where a column of ours is missing.
    A tsv file is never quoted: a `"` in it is an ordinary character.
    """
    dialect = (
        {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if path.suffix.lower() == ".tsv" else {}
    )
    csv.field_size_limit(2**31 - 1)  # the default refuses texts of more than 131,072 characters
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True, **dialect)  # type: ignore[arg-type]
            header = _header(path, next(filter(None, reader), None), wanted, advice)
            for number, values in enumerate(reader, 1):
                where = f"{path.name}, row {number}"
                if not values:
                    continue  # a blank line
                if len(values) != len(header):
                    raise UserError(
                        f"{where} (line {reader.line_num}): {len(values)} values, but the header "
                        f"names {len(header)} columns. Is a separator or a quote missing?"
                    )
                named = dict(zip(header, values, strict=True))
                yield where, {ours: named[theirs] for ours, theirs in wanted.items()}
    except csv.Error as error:
        raise UserError(
            f"{path.name}, line {reader.line_num}: not valid {path.suffix[1:]}: {error}."
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path.name}: not UTF-8 text (byte {error.object[error.start]:#04x}). Save it as "
            "UTF-8, e.g. `iconv -f WINDOWS-1252 -t UTF-8`."
        ) from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {os.strerror(error.errno or 0)}.") from None


def _header(
    path: Path, header: list[str] | None, wanted: Mapping[str, str], advice: Callable[[str], str]
) -> list[str]:
    if not header:
        raise UserError(f"{path.name}: the file is empty; expected a header line and rows.")
    twice = {name for name in wanted.values() if header.count(name) > 1}
    if twice:
        raise UserError(f"{path.name}: the header names {min(twice)!r} twice.")
    for ours, theirs in wanted.items():
        if theirs not in header:
            raise UserError(
                f"{path.name}: no column {theirs!r}; found {', '.join(header)}. {advice(ours)}"
            )
    return header
