"""All that a page is made of: what a bundle says of itself, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from seqapps import files
from seqapps.export import manifest
from seqapps.export.manifest import EXTRA, ODD_TEXTS
from seqapps.playground.questions import Question, questions_of
from seqapps.task import DEFAULT, GO_ON, Signature

EXAMPLES = 6  # of each form
Golden = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Described:
    """One model as its page shows it."""

    name: str
    version: str
    summary: str
    facts: Mapping[str, str]  # of the run that it comes from, for people
    questions: Sequence[Question]

    def as_json(self) -> str:
        """What the page's script reads; safe inside of a script element."""
        text = json.dumps(asdict(self), ensure_ascii=False)
        for letter in "<>&\u2028\u2029":
            text = text.replace(letter, f"\\u{ord(letter):04x}")
        return text


@lru_cache(maxsize=32)
def describe(name: str, folder: Path) -> Described:
    """The model in a version folder. Raises UserError where the folder is no bundle of ours.

    A version never changes once it is published, so it is read once.
    """
    record = manifest.read(folder)
    signatures = {key: manifest.signature_of(record, key) for key in record["signatures"]}
    seen: dict[str, list[Any]] = {}
    for request in _golden(folder):
        for key, values in request["inputs"].items():
            seen.setdefault(key, []).extend(values)
    return Described(
        name,
        folder.name,
        signatures[DEFAULT].meaning,
        _facts(record),
        questions_of(signatures, seen=seen),
    )


@lru_cache(maxsize=8)
def examples(name: str, folder: Path) -> str:
    """JSON: for each form of the page some golden inputs, by input; numbers as float32 prints."""
    record = manifest.read(folder)
    golden = {request["signature"]: request["inputs"] for request in _golden(folder)}
    found = []
    for question in describe(name, folder).questions:
        asked = question.asks[0].signature
        signature = manifest.signature_of(record, asked)
        found.append(_rows(golden.get(_told_with(asked), {}), signature, question))
    return json.dumps(found, ensure_ascii=False)  # NaN, a gap, is written as TF Serving has it


def _told_with(signature: str) -> str:
    """Where the examples of a signature are: options of golden parts are odd on purpose."""
    return DEFAULT if signature == GO_ON else signature


def _rows(
    columns: Mapping[str, Sequence[Any]], signature: Signature, question: Question
) -> list[dict[str, Any]]:
    """Up to EXAMPLES rows, evenly spread; what is odd or empty shows nothing."""
    names = [c.name for c in question.controls if c.name in columns and c.name in signature.inputs]
    rows = [
        {name: _short(value) for name, value in zip(names, row, strict=True)}
        for row in zip(*(columns[name] for name in names), strict=True)
        if any(_telling(value) for value in row)
    ]
    different = list({json.dumps(row, sort_keys=True): row for row in rows}.values())
    count = min(EXAMPLES, len(different))
    return [different[round(i * (len(different) - 1) / max(1, count - 1))] for i in range(count)]


def _telling(value: Any) -> bool:
    return value not in ODD_TEXTS and (not isinstance(value, str) or bool(value.strip()))


def _short(value: Any) -> Any:
    """A number as float32 has it: 358.29998779296875 -> 358.3."""
    if isinstance(value, list):
        return [_short(item) for item in value]
    return float(str(np.float32(value))) if isinstance(value, float) else value


def _golden(folder: Path) -> Golden:
    try:
        found: Golden = files.read_json(folder / EXTRA / "golden.json")
    except (OSError, ValueError):
        return []  # a page without examples
    return found


def _facts(record: Mapping[str, Any]) -> dict[str, str]:
    data = record.get("data", {}).get("source", "")
    facts = {"task": record.get("task", ""), "data": str(data).rpartition("/")[2],
             "run": record.get("run", "")}  # fmt: skip
    return {key: str(value) for key, value in facts.items() if value}
