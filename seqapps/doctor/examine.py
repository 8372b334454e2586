"""What a source holds and what a run would make of it, as plain values."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

from seqapps import start
from seqapps.data.cache import too_many_rejected
from seqapps.data.load import MOST_REJECTED, Data, check_asked, check_trainable
from seqapps.data.source import CACHED, Reading, Source, open_source, wanted_columns
from seqapps.data.splits import SPLITS
from seqapps.doctor import balance, copies, origins, vocabulary
from seqapps.doctor.lengths import Cut, Lengths
from seqapps.doctor.near import NearDuplicates
from seqapps.doctor.pairs import Pairs
from seqapps.doctor.suspicious import Texts
from seqapps.doctor.swapped import Swapped
from seqapps.doctor.view import Finding, View
from seqapps.doctor.vocabulary import Words
from seqapps.errors import UserError
from seqapps.progress import SILENT, Progress
from seqapps.task import Task

AT_ONCE = 4096  # rows
FIRST = 10  # rejected rows that are listed


def examine(
    task: Task,
    settings: Any,
    data: Data,
    *,
    reading: Reading | None = None,
    most_rejected: float = MOST_REJECTED,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Everything that is worth knowing of loaded data, JSON-able.

    `data` are loaded with most_rejected=1.0, so that bad data are shown too; the verdict is the
    one with the `most_rejected` given here. All rows are read once, in chunks. Keys:

    - name, spec, task, group, notes: what was loaded
    - columns: {"taken": {ours: theirs}, "others": [names]}, of series also "channels": [names]
    - splits: {"how": text, "rows": {split: n}, "left_out": {split: n}}, of series also
      "steps": {split: n}
    - labels: {target: {split: {label: n}}}
    - balance: {target: {"labels": n, "most_frequent" and "rarest": {"label", "rows", "share"}}}
    - examples: {target: {label: [{"where", "shown"}]}}, of the most frequent labels
    - lengths: {column: {unit: {"least", "median", "p90", "p99", "most"}}}
    - cut: {"max_tokens", "cases", "cut", "share"}, or None
    - unknown_words: {column: {"vocabulary", "training_words", "splits": {split: {"words",
      "unknown", "share", "most_frequent": [[word, n]]}}}}
    - near_duplicates: {"held_out", "compared", "found", "share", "alike_from"}, or None
    - rejected: {"count", "of", "reasons": [{"why", "count"}], "first": [[where, why]]}
    - findings: [{"kind", "count", "what", "run", "fix", "stops", "examples": [[{"where",
      "shown"}]]}]; rows of one example belong together
    - verdict: {"trains": bool, "message": text}
    """
    start.tensorflow(progress)
    reading = reading or Reading(group=data.group)
    view = View(task, data)
    lengths, cut, texts, near = (
        Lengths(view),
        Cut(view, settings),
        Texts(view),
        NearDuplicates(view),
    )
    words, pairs, swapped = Words(view, lengths, near), Pairs(view), Swapped(view)
    _read_through(view, [lengths, cut, texts, words, pairs, swapped], progress)
    source = None if data.spec.startswith(CACHED) else open_source(task, data.spec, reading)
    columns = _columns(task, data, reading, source)
    unknown = words.facts(getattr(settings, "vocabulary", None))
    rejected = _rejected(data)
    findings = [
        *_rejected_finding(rejected, most_rejected),
        *copies.findings(view),
        *balance.findings(view),
        *swapped.findings(),
        *pairs.findings(),
        *texts.findings(),
        *near.findings(),
        *origins.findings(view, reading, columns["others"]),
        *vocabulary.findings(unknown),
        *lengths.findings(),
        *cut.findings(),
    ]
    return {
        "name": data.name,
        "spec": data.spec,
        "task": task.name,
        "group": data.group,
        "notes": list(data.notes),
        "columns": columns,
        "splits": {
            "how": _how(view, source, reading),
            "rows": {name: len(rows) for name, rows in data.splits.items()},
            "left_out": dict(data.cut.removed) if not view.in_time else {},
            **({"steps": _steps(data)} if task.observed else {}),
        },
        "labels": {
            target: {split: dict(counts) for split, counts in by_split.items()}
            for target, by_split in data.labels.items()
        },
        "balance": balance.facts(data),
        "examples": balance.examples(view),
        "lengths": lengths.facts(),
        "cut": cut.facts(),
        "unknown_words": unknown if not view.in_time else {},
        "near_duplicates": near.facts() if len(near.sample) and words.compared else None,
        "rejected": rejected,
        "findings": [asdict(finding) for finding in findings],
        "verdict": verdict(task, data, findings, settings=settings, most_rejected=most_rejected),
    }


def verdict(
    task: Task,
    data: Data,
    findings: list[Finding],
    *,
    settings: Any = None,
    most_rejected: float = MOST_REJECTED,
) -> dict[str, Any]:
    """{"trains": whether a run works, "message": "ready, with 2 findings", or the run's error}."""
    problem = trouble(task, data, settings=settings, most_rejected=most_rejected)
    if problem:
        return {"trains": False, "message": problem}
    count = len(findings)
    text = f"ready, with {count} finding{'s' if count > 1 else ''}" if count else "ready"
    return {"trains": True, "message": text}


def trouble(
    task: Task, data: Data, *, settings: Any = None, most_rejected: float = MOST_REJECTED
) -> str | None:
    """The message with which a run would stop, or None; under `settings`, where these are given."""
    total = data.rows + data.rejected
    if data.rejected > most_rejected * total:
        first = data.entry.about["rejected"]["first"]
        return str(too_many_rejected(data.rejected, total, first, allowed=most_rejected))
    try:
        check_trainable(task, data)
        if settings is not None:
            check_asked(task, data, settings)
            task.settle(settings, data.splits["train"])
    except UserError as error:
        return str(error)
    return None


def _read_through(view: View, readers: list[Any], progress: Progress) -> None:
    """Show every row to every reader, in the order in which they lie in the cache."""
    records = view.records
    with progress.track("looking at the rows", len(records)) as advance:
        for first in range(0, len(records), AT_ONCE):
            positions = range(first, min(first + AT_ONCE, len(records)))
            rows = [records[position] for position in positions]
            for reader in readers:
                reader.add(first, rows)
            advance(len(rows))


def _columns(task: Task, data: Data, reading: Reading, source: Source | None) -> dict[str, Any]:
    """Which columns are read under which name, and which are there besides."""
    taken = wanted_columns(task, replace(reading, group=data.group))
    taken |= source.taken if source else {}
    names = list(source.columns) if source else []
    if source and not names:
        first = next(islice(next(iter(source.splits.values()))(), 1), None)
        names = [str(name) for name in first[1]] if first else []
    if source and not source.columns and all(theirs in names for theirs in taken.values()):
        # A sample's row holds its columns under both names.
        names = [name for name in names if name not in taken or taken[name] == name]
    if task.observed:  # a name of the series is read wherever there is one
        taken |= {name: name for name in names if name in task.row_columns and name not in taken}
    channels = _channels(data) if task.observed else []
    known = {*taken.values(), *channels}
    return {
        "taken": taken,
        "others": [name for name in dict.fromkeys(names) if name not in known],
        **({"channels": channels} if task.observed else {}),
    }


def _channels(data: Data) -> list[str]:
    """What the series hold, by name."""
    return list(dict.fromkeys(name for row in data.everything for name in row["names"].split("\n")))


def _how(view: View, source: Source | None, reading: Reading) -> str:
    """How the splits came about, in words."""
    if view.in_time:
        return f"every series is cut in the order of time, {_shares(reading)}"
    given = [name for name in SPLITS if name in view.data.entry.parts()]
    missing = [name for name in SPLITS[1:] if name not in given]
    if given and not missing:
        return "given by the source"
    if source is not None and source.ordered:
        way = "in the order of the rows"
    elif view.data.group:
        way = f"by a hash of {view.data.group!r}"
    else:
        way = "by a hash of the inputs" + (", every label for itself" if view.data.labels else "")
    if given:
        theirs = " and ".join(name for name in given if name != "train") or "train"
        ours = " and ".join(missing)
        return f"{theirs} given by the source, {ours} cut from train {way}"
    return f"cut 8 : 1 : 1 {way}"


def _steps(data: Data) -> dict[str, int]:
    """Observations of each split; of a stretch that is held out without what lies before it."""
    return {
        name: sum(len(row["times"]) - row.get("first", 0) for row in rows)
        for name, rows in data.splits.items()
    }


def _shares(reading: Reading) -> str:
    """`8 : 1 : 1`, or `8,640 : 2,880 : 2,880 steps`."""
    if max(reading.shares) > 1:
        return " : ".join(f"{share:,.0f}" for share in reading.shares) + " steps"
    return " : ".join(f"{10 * share:g}" for share in reading.shares)


def _rejected(data: Data) -> dict[str, Any]:
    """The rows that cannot be used: how many, why, the first of them."""
    first: list[list[str]] = []
    reasons: dict[str, list[Any]] = {}
    with data.entry.rejected.open(encoding="utf-8", newline="") as file:
        for where, why in islice(csv.reader(file), 1, None):
            if len(first) < FIRST:
                first.append([where, why])
            # One reason in its first wording, whatever value or number it names.
            kind = re.sub(r"'[^']*'|\"[^\"]*\"|\d[\d.,]*", "#", why)
            reasons.setdefault(kind, [why, 0])[1] += 1
    ranked = sorted(reasons.values(), key=lambda reason: -reason[1])
    return {
        "count": data.rejected,
        "of": data.rejected + data.rows,
        "reasons": [{"why": why, "count": count} for why, count in ranked],
        "first": first,
    }


def _rejected_finding(rejected: Mapping[str, Any], most: float) -> list[Finding]:
    count, total = rejected["count"], rejected["of"]
    if not count:
        return []
    stops = count > most * total
    why = "; ".join(f"{reason['why']} ({reason['count']:,})" for reason in rejected["reasons"][:5])
    return [
        Finding(
            kind="rejected",
            count=count,
            what=f"rows of {total:,} that cannot be used ({why})",
            run=f"stops: more than {100 * most:g} % of the rows (--most-rejected)" if stops
            else "leaves them out",
            fix="left out",
            stops=stops,
            examples=[[{"where": where, "shown": reason}] for where, reason in rejected["first"]],
        )
    ]  # fmt: skip
