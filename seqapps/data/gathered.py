"""Rows that name the same image as one row: its captions, one a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seqapps.data.tables import Located
from seqapps.data.usable import Unusable, text_problem
from seqapps.task import Task


def gathered(rows: Iterable[Located], task: Task, wanted: Mapping[str, str]) -> Iterator[Located]:
    r"""One row for each image, in the order of their first ones and at the places of these.

    `wanted` are the columns that are read ({ours: theirs}). Of rows that name their image all names
    and texts are held in memory; rows that hold its bytes are gathered where they follow one
    another. A caption that cannot be used is a row of its own, which says why.

    ("1.jpg", "a dog"), ("2.jpg", "a cat"), ("1.jpg", "one  dog")
    -> ("1.jpg", "a dog\none dog"), ("2.jpg", "a cat")
    """
    several = several_of(task, wanted)
    image = next((name for name, c in task.row_columns.items() if c.kind == "image"), None)
    if not several or image is None or image not in wanted:
        yield from rows
        return
    named: dict[str, Located] = {}
    last: Located | None = None  # the row of an image that is there itself
    for where, row in rows:
        if isinstance(row[image], Unusable):
            yield where, row
            continue
        lines, problems = _lines(row, several)
        for name, problem in problems:
            yield where, {**row, name: Unusable(problem)}
        if problems and not any(lines.values()):
            continue
        key, own = row[image], {**row, **{name: list[str]() for name in several}}
        if isinstance(key, str):
            held = named.setdefault(key.strip(), (where, own))
        else:
            if last and not (isinstance(key, bytes | Mapping) and last[1][image] == key):
                yield _joined(last, several)
                last = None
            held = last = last or (where, own)
        for name in several:
            held[1][name] += lines[name]
    for held in (*named.values(), *((last,) if last else ())):
        yield _joined(held, several)


def several_of(task: Task, wanted: Mapping[str, str]) -> dict[str, str]:
    """{ours: theirs} of the columns of several values that are read."""
    columns = task.row_columns
    return {
        ours: theirs for ours, theirs in wanted.items() if ours in columns and columns[ours].several
    }


def _lines(
    row: Mapping[str, Any], several: Mapping[str, str]
) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    """({column: the lines that this row gives it}, [(column, why a value is none)])."""
    lines: dict[str, list[str]] = {}
    problems = []
    for ours, theirs in several.items():
        lines[ours] = []
        called = f"line of {ours}" if ours == theirs else theirs
        for value in _values(row[ours], whole=ours != theirs):
            problem = text_problem(called, value)
            if problem:
                problems.append((ours, problem))
            else:
                lines[ours].append(" ".join(value.split()))
    return lines, problems


def _values(value: Any, *, whole: bool) -> list[Any]:
    """A list's values, one text, or its lines: a column of the task's own name holds lines."""
    if isinstance(value, str):
        return [value] if whole else list(filter(str.strip, value.split("\n")))
    return list(value) if isinstance(value, list | tuple) else [value]


def _joined(held: Located, several: Iterable[str]) -> Located:
    where, row = held
    return where, {**row, **{name: "\n".join(row[name]) for name in several}}
