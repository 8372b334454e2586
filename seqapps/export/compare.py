"""When are two answers the same? The rule of the proof, of the checks and of golden requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seqapps.task import Output, Response

TOLERANCE = 1e-4  # |a - b| <= TOLERANCE * max(1, |b|)
SHARE_REDRAWN = 0.1  # of the rows of a request, at most


@dataclass
class Comparison:
    """What differs between answers and what was expected of them."""

    rows: int = 0
    largest: float = 0.0  # difference of numbers, as a share of max(1, |expected|)
    near_ties: int = 0  # other texts by rounding alone: counted, not held against the model
    differences: list[str] = field(default_factory=list)


def compare(
    actual: Sequence[Response],
    expected: Sequence[Response],
    answer: Mapping[str, Output],
    *,
    into: Comparison | None = None,
    what: str = "row",
) -> Comparison:
    """Row by row: equal texts and whole numbers, other numbers within 1e-4.

    Padding at the end of a list does not count.
    """
    found = into or Comparison()
    redrawn = 0
    if len(actual) != len(expected):
        found.differences.append(f"{len(actual)} answers to {len(expected)} {what}s")
    for number, (mine, wanted) in enumerate(zip(actual, expected, strict=False), 1):
        found.rows += 1
        if mine.keys() != wanted.keys():
            found.differences.append(
                f"{what} {number}: {sorted(mine)} in place of {sorted(wanted)}"
            )
            continue
        if _is_redrawn(mine, wanted, answer) and redrawn < SHARE_REDRAWN * len(expected):
            redrawn += 1
            found.near_ties += 1
            continue
        for name, value in wanted.items():
            problem = _problem(mine[name], value, found)
            if problem and _near_tie(mine, wanted, name, answer):
                found.near_ties += 1
            elif problem:
                found.differences.append(f"{what} {number}, {name}: {problem}")
    return found


def _problem(actual: Any, expected: Any, found: Comparison) -> str | None:
    if not _alike(actual, expected):
        return f"{actual!r} in place of {expected!r}"
    if isinstance(expected, str):
        return None if actual == expected else f"{actual!r} in place of {expected!r}"
    if isinstance(expected, list):
        actual, expected = _same_length(actual, expected)
        return next(
            (
                f"at {position}: {problem}"
                for position, (a, e) in enumerate(zip(actual, expected, strict=True))
                if (problem := _problem(a, e, found))
            ),
            None,
        )
    if not (np.isfinite(actual) and np.isfinite(expected)):
        return f"{actual} in place of {expected}"
    if isinstance(actual, int) and isinstance(expected, int):  # ids: near is another one
        return None if actual == expected else f"{actual} in place of {expected}"
    difference = abs(actual - expected) / max(1.0, abs(expected))
    found.largest = max(found.largest, float(difference))
    return None if difference <= TOLERANCE else f"{actual} in place of {expected}"


def _alike(first: Any, second: Any) -> bool:
    """Both texts, both lists or both numbers."""
    return all(isinstance(first, kind) == isinstance(second, kind) for kind in (str, list))


def _same_length(first: list[Any], second: list[Any]) -> tuple[list[Any], list[Any]]:
    """Lists of one length: the shorter is padded as a batch pads it ("" or 0)."""
    longest = max(len(first), len(second))
    value = next(iter([*first, *second]), "")
    padding: Any = "" if isinstance(value, str) else [] if isinstance(value, list) else 0.0
    return (
        [*first, *[padding] * (longest - len(first))],
        [*second, *[padding] * (longest - len(second))],
    )


def _is_redrawn(actual: Response, expected: Response, answer: Mapping[str, Output]) -> bool:
    """Whether another text was drawn: a random number fell on the border of two tokens.

    Such a border is met about once in a million tokens.
    """
    drawn = [name for name, output in answer.items() if output.kind == "sample"]
    texts = [name for name in drawn if isinstance(expected[name], str)]
    return any(actual[name] != expected[name] for name in texts)


def _near_tie(
    actual: Response, expected: Response, name: str, answer: Mapping[str, Output]
) -> bool:
    """Whether something else stands there because two scores are the same but for rounding.

    Another label, of which the scores are told; another text, with the same numbers beside it; the
    same labels in another order; another tag of a token with the same score.
    """
    if name not in answer:
        return False
    kinds = {output.kind: key for key, output in answer.items()}
    kind = answer[name].kind
    if kind == "text":
        numbers = [key for key, output in answer.items() if output.kind == "number"]
        return bool(numbers) and all(_close(actual[key], expected[key]) for key in numbers)
    if kind == "tags":
        return "scores" in kinds and _tied(actual, expected, name, kinds["scores"])
    if kind not in ("label", "labels") or not {"scores", "labels"} <= kinds.keys():
        return False
    scores = dict(zip(expected[kinds["labels"]], expected[kinds["scores"]], strict=True))
    if kind == "labels":
        # An export that is wrong may tell another number of them.
        mine = dict(zip(actual[name], actual[kinds["scores"]], strict=False))
        return mine.keys() == scores.keys() and all(_close(mine[key], scores[key]) for key in mine)
    chosen = scores.get(actual[name])
    return chosen is not None and abs(chosen - scores[expected[name]]) <= TOLERANCE


def _tied(actual: Response, expected: Response, tags: str, scores: str) -> bool:
    """Whether tags differ only where their scores are the same and leave room for two."""
    told, wanted = _same_length(actual[tags], expected[tags])
    mine, theirs = _same_length(actual[scores], expected[scores])
    return all(
        tag == other or (_close(score, same) and same <= 0.5 + TOLERANCE)
        for tag, other, score, same in zip(told, wanted, mine, theirs, strict=True)
    )


def _close(first: float, second: float) -> bool:
    return abs(first - second) <= TOLERANCE * max(1.0, abs(second))
