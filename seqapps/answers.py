"""The judged cases of a run with their answers on disk: `answers.jsonl.gz`, one line a case.

Reports and comparisons are made of this file, without the model and without TensorFlow.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqapps import files
from seqapps.task import PAST, Case, Response, Task


@dataclass(frozen=True)
class Answers:
    """Cases of a split, the model's answers, and those of the best baseline if there is one."""

    cases: Sequence[Case]
    model: Sequence[Response]
    baseline: Sequence[Response] | None
    groups: Sequence[str] | None


def write(path: Path, answers: Answers) -> None:
    """{"case": {"text": ...}, "model": {"label": ...}, "baseline": {...}, "group": ...} a line.

    Of an image only {"sha256": ...} is kept, as files are large, and of a window of a series not
    all that came before it; numbers keep every digit.
    """
    content = io.BytesIO()
    # No time in the head of the file: the same answers make the same file.
    with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=6, mtime=0, filename="") as file:
        for line in _lines(answers):
            file.write(f"{line}\n".encode())
    files.write_bytes(path, content.getvalue())


def read(path: Path, task: Task) -> Answers:
    """What was written; the columns of the task have their types again."""
    cases: list[Case] = []
    model: list[Response] = []
    baseline: list[Response] = []
    groups: list[str] = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            found = json.loads(line)
            cases.append(_typed(found["case"], task))
            model.append(found["model"])
            if "baseline" in found:
                baseline.append(found["baseline"])
            if "group" in found:
                groups.append(found["group"])
    return Answers(cases, model, baseline or None, groups or None)


def _lines(answers: Answers) -> Iterator[str]:
    for number, case in enumerate(answers.cases):
        kept = {name: value for name, value in case.items() if name != PAST}
        found: dict[str, Any] = {"case": kept, "model": answers.model[number]}
        if answers.baseline:
            found["baseline"] = answers.baseline[number]
        if answers.groups:
            found["group"] = answers.groups[number]
        # Sorted, because a SavedModel tells its outputs in another order every time.
        yield json.dumps(found, ensure_ascii=False, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} {str(value)[:60]} in a case or an answer: not plain")


def _typed(case: Case, task: Task) -> Case:
    for name, column in task.columns.items():
        if column.shape:
            case[name] = np.asarray(case[name], column.dtype)
    return case
