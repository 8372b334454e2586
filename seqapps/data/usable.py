"""Which rows can be used, in which form, and why the others cannot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqapps.data import images
from seqapps.data.images import ImageFile
from seqapps.data.sentences import NO_BREAK_SPACE, SPACE
from seqapps.task import Column, Row, Task
from seqapps.text.tokens import spaced

# What programs write for a missing value. "NA" is not among them: it is a country and a region.
MISSING = ("nan", "NaN", "NAN", "None", "<NA>", "NaT", "null", "NULL")


class Unusable(NamedTuple):
    """Stands in a row for a value that there is none of, for a reason known to who read it."""

    why: str


class Checker:
    """Takes the rows of one source, one after the other."""

    def __init__(self, task: Task, *, group: str | None) -> None:
        self._task, self._group = task, group
        self._columns = list(task.row_columns.items())
        self._worded = {c.along for c in task.row_columns.values()} | {
            name for name, column in self._columns if column.along
        }
        self._kinds: dict[str, str] = {}  # of each category: what its first value was

    def checked(self, row: Row) -> tuple[Row, str | None]:
        """(the row's columns in their types, why it cannot be used or None)."""
        found: Row = {}
        problem = None
        for name, column in self._columns:
            value = row.get(name)
            if value is None:
                value = _default(column, row)
            if type(value) is not str or column.kind == "image":
                value, problem = self._typed(name, column, value)
                if problem:
                    break
            found[name] = value
        problem = problem or problem_of(self._task, found) or self._mixed(row)
        if problem:
            problem += _of_image(row, problem)
        if problem is None and self._group:
            group = row.get(self._group)
            if group is None or group == "" or _is_missing(group):
                problem = f"the group column {self._group!r} is empty"
            found[self._group] = found.get(self._group, str(group))
        if problem is None:
            for name, column in self._columns:
                if column.kind == "number":
                    found[name] = float(found[name])
        return found, problem

    def _typed(self, name: str, column: Column, value: Any) -> tuple[Any, str | None]:
        """What is no text: a missing value, a number as a label's name, an image's bytes."""
        if isinstance(value, Unusable):
            return None, value.why
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            value = value.item()  # a NumPy scalar
        if _is_missing(value):
            return None, f"{name} is missing"
        if name in self._worded and isinstance(value, list | tuple | np.ndarray):
            # Words in a list, as data sets of tags often have them; a space within is none between.
            return " ".join(SPACE.sub(NO_BREAK_SPACE, str(word)) for word in value), None
        if column.kind == "category" and isinstance(value, bool | int | float):
            return (str(value).lower() if isinstance(value, bool) else repr(value)), None
        if column.kind == "image":
            return self._image(name, value)
        return value, None

    def _image(self, name: str, value: Any) -> tuple[Any, str | None]:
        """The bytes of an image that a table names by its path or parquet holds in a struct."""
        if isinstance(value, ImageFile):
            content, problem = value.read()
            return content, problem and f"{name} {problem}"
        if isinstance(value, Mapping) and value.get("bytes"):
            return value["bytes"], None
        if not isinstance(value, str):
            return value, None
        # A program names files wherever they are.
        try:
            return Path(value).read_bytes(), None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", error)
            return value, f"{name} names {value[:60]!r}, which cannot be read ({reason})"

    def _mixed(self, row: Row) -> str | None:
        """Numbers among texts in a column of labels: one of both is a mistake."""
        for name, column in self._columns:
            if column.kind == "category":
                kind = _kind(row.get(name))
                first = self._kinds.setdefault(name, kind)
                if kind != first:
                    return f"{name} is the {kind} {row[name]!r}, but a {first} in the rows before"
        return None


def _default(column: Column, row: Row) -> Any:
    """The column's default; of a series for each step of the row."""
    if column.free and column.default is not None and "times" in row:
        return np.full(len(row["times"]), column.default, column.dtype)
    return column.default


def problem_of(task: Task, row: Row) -> str | None:
    """Why this row cannot be used, or None: first its columns, then the task's own refusals."""
    for name, column in task.row_columns.items():
        problem = _column_problem(name, column, row.get(name))
        if problem:
            return problem
    problem = _series_problem(task, row) or _along_problem(task, row)
    if problem:
        return problem
    for refusal in task.refusals:
        if refusal.when(row):
            return refusal.why
    return None


def _column_problem(name: str, column: Column, value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return f"{name} is missing"
    if column.kind in ("text", "category"):
        return _text_problem(name, column, value)
    if column.kind == "image":
        if not isinstance(value, bytes) or not value:
            return f"{name} holds no image bytes"
        problem = images.problem_of(value)
        return problem and f"{name} {problem}"
    try:
        array = np.asarray(value)
        array = array if array.dtype.kind in "fi" else array.astype("float64")
    except (TypeError, ValueError):
        return f"{name} is {value!r}, expected {'numbers' if column.shape else 'a number'}"
    if column.gaps and np.isinf(array).any():
        return f"{name} holds infinity"
    if not column.gaps and not np.isfinite(array).all():
        return f"{name} holds NaN or infinity"
    if len(array.shape) != len(column.shape) or any(
        wanted not in (None, size) for size, wanted in zip(array.shape, column.shape, strict=True)
    ):
        return f"{name} has the shape {array.shape}, expected {column.shape}"
    return f"{name} is empty" if column.free and array.size == 0 else None


def _series_problem(task: Task, row: Row) -> str | None:
    """Why times and series of a row do not belong together, or None."""
    if not task.observed:
        return None
    free = {name: column for name, column in task.row_columns.items() if column.free}
    steps = {name: len(row[name]) for name in free}
    if len({*steps.values()}) > 1:
        return "series of one row have as many steps as its times; received " + ", ".join(
            f"{name} {count:,}" for name, count in steps.items()
        )
    times = next(name for name, column in free.items() if column.kind == "time")
    order = np.diff(np.asarray(row[times], "int64"))
    if len(order) and order.min() <= 0:
        place = int(np.argmax(order <= 0))
        return f"{times} do not ascend at step {place + 2} ({row[times][place + 1]})"
    return None


def _along_problem(task: Task, row: Row) -> str | None:
    """Why words of a row do not belong to those of another column, or None."""
    for name, column in task.row_columns.items():
        if column.along:
            words, along = len(spaced(row[column.along])), len(spaced(row[name]))
            if words != along:
                return (
                    f"{column.along} has {words:,} words and {name} {along:,}; expected one for "
                    "each, separated by spaces"
                )
    return None


def text_problem(name: str, value: Any) -> str | None:
    """Why a value is no text that can be used, or None."""
    if _is_missing(value):
        return f"the {name} is missing"
    if not isinstance(value, str):
        return f"{name} is {type(value).__name__} {value!r}, expected text"
    if not value.strip():
        return f"the {name} is empty"
    try:
        value.encode()
    except UnicodeEncodeError:
        return f"the {name} holds half a character (a lone surrogate), which UTF-8 cannot write"
    return None


def _text_problem(name: str, column: Column, value: Any) -> str | None:
    if value == "" and column.default == "":
        return None
    if value == "" and column.several:
        return f"there are no {name}"
    if column.kind == "category" and value in MISSING:
        return f"the {name} is {value!r}, which stands for a missing value"
    return text_problem(name, value)


def _of_image(row: Row, problem: str) -> str:
    """Which image a row is of, where that is known and not yet said."""
    names = [repr(value.name) for value in row.values() if isinstance(value, ImageFile)]
    return "".join(f" ({name})" for name in names if name not in problem)


def _is_missing(value: Any) -> bool:
    """None, NaN, and pandas' NA and NaT, which are not even equal to themselves."""
    return (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ in ("NAType", "NaTType")
    )


def _kind(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "truth value"
    return "text" if isinstance(value, str) else "number"
