"""What the parts of an examination share: the rows, where each of them is, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from seqapps.data.load import Data
from seqapps.data.records import Records
from seqapps.data.splits import SPLITS
from seqapps.task import Row, Task

LEFT_OUT = -1  # of every split: the same inputs are in a held-out split
SHOWN = 3  # examples of a finding
WIDTH = 60  # characters of a text that are shown

Example = list[dict[str, str]]  # rows that are looked at together: {"where", "shown"} of each


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about the data that their owner should know."""

    kind: str
    count: int
    what: str  # what is counted: "rows with control characters"
    run: str  # what `seqapps run` does about it
    fix: str = "kept"  # what --fix does about it
    stops: bool = False  # whether a run stops because of it
    examples: Sequence[Example] = field(default_factory=list)


@dataclass(frozen=True)
class View:
    """The rows of `Data` with the split of each."""

    task: Task
    data: Data

    @cached_property
    def records(self) -> Records:
        return self.data.entry.records()

    @cached_property
    def in_time(self) -> bool:
        """Whether every row is a series of which each split has a stretch."""
        every = len(self.records)
        return every > 0 and all(len(self.data.splits[name]) == every for name in SPLITS)

    @cached_property
    def split_of(self) -> np.ndarray:
        """Of every row its place in SPLITS, or LEFT_OUT; 0 for all where each split has a part."""
        found = np.full(len(self.records), 0 if self.in_time else LEFT_OUT, "int8")
        if not self.in_time:
            for number, name in enumerate(SPLITS):
                found[self.data.cut.positions[name]] = number
        return found

    @cached_property
    def pair(self) -> tuple[str, str] | None:
        """The text input and the text target, where every row has one of each."""
        inputs, targets = (
            [name for name in names if name in self.columns("text")]
            for names in (self.task.inputs, self.task.targets)
        )
        return (inputs[0], targets[0]) if len(inputs) == len(targets) == 1 else None

    def columns(self, *kinds: str) -> list[str]:
        """The task's columns of these kinds; names of series and tags are no text of their own."""
        if self.task.observed:
            kinds = tuple(kind for kind in kinds if kind != "text")
        return [
            name
            for name, column in self.task.row_columns.items()
            if column.kind in kinds and not column.along
        ]

    def example(self, *positions: int, seen: Mapping[int, str] | None = None) -> Example:
        """Some rows with their places; `seen` holds what is shown instead of the row."""
        return [
            {
                "where": self.data.entry.place_of(self.records, int(position)),
                "shown": (seen or {}).get(position) or self.shown(self.records[int(position)]),
            }
            for position in positions
        ]

    def shown(self, row: Row) -> str:
        """{"text": "A lovely film", "label": "fresh"} -> 'A lovely film [fresh]'."""
        task = self.task
        inputs = [
            shortened(row[name], column.kind)
            for name, column in task.row_columns.items()
            if name not in self.data.labels
        ]
        labels = [row[name] for name in self.data.labels]
        return " | ".join(inputs) + (f" [{', '.join(labels)}]" if labels else "")


def shortened(value: Any, kind: str, width: int = WIDTH) -> str:
    """One line of at most about `width` characters."""
    if kind == "image":
        return f"{len(value):,} bytes"
    if kind == "time" and np.ndim(value):
        return f"{len(value):,} times from {np.datetime64(int(value[0]), 's')} UTC"
    if kind == "time":
        return f"{np.datetime64(int(value), 's')} UTC"
    if kind == "series":
        flat = np.ravel(value)
        first = ", ".join(f"{number:.4g}" for number in flat[:5])
        rest = ", ..." if len(flat) > 5 else ""
        return f"{' x '.join(map(str, np.shape(value)))} values: {first}{rest}"
    line = " ".join(printable(str(value)).split())
    return line if len(line) <= width else f"{line[: width - 3]}..."


def printable(text: str) -> str:
    r"""Characters that a terminal would obey are written out: chr(7) -> "\x07"."""
    return "".join(
        letter if letter.isprintable() or letter.isspace() else repr(letter)[1:-1]
        for letter in text
    )


def first_equal(*columns: np.ndarray) -> np.ndarray:
    """Of every entry the index of the first entry that is equal in all columns.

    >>> first_equal(np.array([7, 5, 7, 7]), np.array([1, 1, 1, 2])).tolist()
    [0, 1, 0, 3]
    """
    code = np.zeros(len(columns[0]), "int64")
    for column in columns:
        values, inverse = np.unique(column, return_inverse=True)
        pairs = code * len(values) + inverse
        # Renumbered every time, so that the product never overflows.
        code = np.unique(pairs, return_inverse=True)[1]
    _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
    return np.asarray(first[inverse])
