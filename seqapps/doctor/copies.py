"""Rows with the same inputs: repeated, in two splits, with different labels."""

from __future__ import annotations

import numpy as np

from seqapps.data.splits import SPLITS, hashed, key_of
from seqapps.doctor.view import LEFT_OUT, SHOWN, Example, Finding, View, first_equal

LISTED = 10  # contradictions, which only a person can put right


def findings(view: View) -> list[Finding]:
    """What is known from the index of the cache, without reading the rows."""
    if not len(view.records):
        return []
    keys = np.asarray(view.records.index["key"])
    firsts = first_equal(keys)
    answers = _answers(view, firsts)
    return [*_repeated(view, keys, answers), *_left_out(view, keys), *_spanning(view),
            *_contradictory(view, firsts, answers)]  # fmt: skip


def _answers(view: View, firsts: np.ndarray) -> np.ndarray:
    """Of every row a number for its targets; read from the rows where they are no labels."""
    task, index = view.task, view.records.index
    targets = [name for name in task.targets if name in task.row_columns]
    columns = [np.asarray(index[f"label_{name}"]) for name in targets if name in view.data.labels]
    others = [name for name in targets if name not in view.data.labels]
    found = first_equal(*columns) if columns else np.zeros(len(firsts), "int64")
    if not others:
        return found
    read = np.zeros(len(firsts), "uint64")
    for position in np.flatnonzero(np.bincount(firsts, minlength=len(firsts))[firsts] > 1):
        read[position] = hashed(key_of(view.records[int(position)], columns=others))
    return first_equal(found, read)


def _repeated(view: View, keys: np.ndarray, answers: np.ndarray) -> list[Finding]:
    split_of = view.split_of
    used = np.flatnonzero(split_of != LEFT_OUT)
    firsts = used[first_equal(keys[used], answers[used], split_of[used])]
    again = np.flatnonzero(firsts != used)
    if not len(again):
        return []
    counts = np.bincount(split_of[used[again]], minlength=len(SPLITS))
    by_split = ", ".join(
        f"{count:,} {name}" for name, count in zip(SPLITS, counts, strict=True) if count
    )
    targets = any(name in view.task.row_columns for name in view.task.targets)
    same = " and labels" if view.data.labels else " and targets" if targets else ""
    return [
        Finding(
            kind="repeated",
            count=len(again),
            what=f"rows with the same inputs{same} as an earlier row of their split"
            + ("" if view.in_time else f" ({by_split})"),
            run="keeps them: they count as often as they occur",
            fix="left out; the first one is kept",
            examples=[view.example(firsts[one], used[one]) for one in again[:SHOWN]],
        )
    ]


def _left_out(view: View, keys: np.ndarray) -> list[Finding]:
    left = np.flatnonzero(view.split_of == LEFT_OUT)
    if not len(left):
        return []
    held = np.flatnonzero(view.split_of > 0)
    names = {name: count for name, count in view.data.cut.removed.items() if count}
    examples: list[Example] = []
    for position in left[:SHOWN]:
        other = held[np.flatnonzero(keys[held] == keys[position])[0]]
        examples.append(view.example(position, other))
    return [
        Finding(
            kind="copies_of_held_out",
            count=len(left),
            what=f"rows of {' and '.join(names)} with the same inputs as a row that is held out",
            run=f"leaves them out of {' and '.join(names)}",
            fix="left out",
            examples=examples,
        )
    ]


def _contradictory(view: View, firsts: np.ndarray, answers: np.ndarray) -> list[Finding]:
    if not view.data.labels or set(view.data.labels) != set(view.task.targets):
        return []  # two translations of a sentence are no contradiction
    differs = answers != answers[firsts]
    inputs = np.unique(firsts[differs])
    if not len(inputs):
        return []
    rows = int(np.isin(firsts, inputs).sum())
    examples = []
    for first in inputs[:LISTED]:
        other = np.flatnonzero((firsts == first) & differs)[0]
        examples.append(view.example(first, other))
    return [
        Finding(
            kind="contradictory",
            count=len(inputs),
            what=f"inputs with different labels in different rows (of {rows:,} rows)",
            run="keeps them: no model can have all of them right",
            fix="kept; which label is right is yours to say",
            examples=examples,
        )
    ]


def _spanning(view: View) -> list[Finding]:
    """Groups that the given splits tear apart."""
    count = view.data.cut.spanning
    if not count:
        return []
    groups, split_of = np.asarray(view.records.index["group"]), view.split_of
    first = np.flatnonzero(split_of != LEFT_OUT)
    parts = [np.unique(groups[first[split_of[first] == number]]) for number in range(len(SPLITS))]
    values, times = np.unique(np.concatenate(parts), return_counts=True)
    examples = []
    for value in values[times > 1][:SHOWN]:
        rows = first[groups[first] == value]
        rows = rows[np.argsort(split_of[rows], kind="stable")]
        other = rows[split_of[rows] != split_of[rows[0]]][0]
        name = str(view.records[int(rows[0])][str(view.data.group)])
        text = {int(row): f"{name} in {SPLITS[split_of[row]]}" for row in (rows[0], other)}
        examples.append(view.example(rows[0], other, seen=text))
    return [
        Finding(
            kind="groups_in_two_splits",
            count=count,
            what=f"groups of {view.data.group!r} in more than one given split",
            run="keeps the given splits: what is judged may have been learnt by heart",
            examples=examples,
        )
    ]
