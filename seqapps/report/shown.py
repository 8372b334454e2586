"""The sections of the report that a task fills, as the page's template takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from seqapps.report.cases import visible_newlines
from seqapps.report.svg import pictured
from seqapps.task import Figure, Passage, Passages, Section, Shaded, Table

NUMBER = re.compile(r"[-+−]?[\d,]*\.?\d+(e[-+]?\d+)? ?%?|[-–]?")
WIDE = 28  # characters of a cell that may be broken into lines


def sections(found: Iterable[Section], *, first: int) -> list[dict[str, Any]]:
    """[{"id", "title", "note", "parts": [{"kind", ...}]}]; `first` numbers the first figure.

    Figures that follow each other are one part, so that they stand side by side.
    """
    counted = first
    shown = []
    for number, section in enumerate(found, 1):
        parts: list[dict[str, Any]] = []
        for part in section.parts:
            if isinstance(part, Figure):
                if not parts or parts[-1]["kind"] != "figures":
                    parts.append({"kind": "figures", "figures": []})
                parts[-1]["figures"].append(pictured(part, number=counted))
                counted += 1
            else:
                parts.append(_table(part) if isinstance(part, Table) else _passages(part))
        shown.append(
            {"id": f"own-{number}", "title": section.title, "note": section.note, "parts": parts}
        )
    return shown


def _table(table: Table) -> dict[str, Any]:
    classes = [_class(column) for column in zip(*table.rows, strict=True)]
    if len(classes) != len(table.head):
        classes = [""] * len(table.head)  # a table without rows
    return {
        "kind": "table",
        "title": table.title,
        "note": table.note,
        "head": list(zip(table.head, classes, strict=True)),
        "rows": [list(zip(row, classes, strict=True)) for row in table.rows],
    }


def _class(column: Sequence[str]) -> str:
    if all(NUMBER.fullmatch(cell) for cell in column) and any(column):
        return "number"
    return "value" if any(len(cell) > WIDE for cell in column) else ""


def _passages(part: Passages) -> dict[str, Any]:
    return {
        "kind": "passages",
        "title": part.title,
        "note": part.note,
        "columns": part.columns,
        "passages": [_passage(passage) for passage in part.passages],
    }


def _passage(passage: Passage) -> dict[str, Any]:
    shaded = [] if isinstance(passage.text, str) else [_shaded(each) for each in passage.text]
    return {
        "caption": passage.caption,
        "lead": passage.lead,
        "text": passage.text if isinstance(passage.text, str) else "",
        "words": shaded,
    }


def _shaded(part: Shaded) -> dict[str, Any]:
    return {
        "text": visible_newlines(part.text),
        "alpha": round(100 * min(1.0, max(0.0, part.strength))),
        "against": False,
        "title": part.tooltip,
    }
