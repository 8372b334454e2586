"""A column of the source that may say which rows come from one origin: a film, an author."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from seqapps.data.source import Reading, open_source
from seqapps.doctor.view import Finding, View
from seqapps.errors import UserError

COLUMNS = 10  # further columns that are looked at
ROWS = 50_000  # of each
VALUES = 20  # fewer different ones are kinds of rows rather than origins
EACH = 2.0  # rows of one value, on average; fewer are names of single rows
LARGEST = 0.2  # share of rows of one value; above it groups cannot be cut 8 : 1 : 1
CLOSER = 0.05  # by so much more often rows of one value have the same label than any two rows


def findings(view: View, reading: Reading, others: Sequence[str]) -> list[Finding]:
    """Columns by which the labels cluster, where this program cuts the splits itself.

    A column is named only where two rows of one value have the same label clearly more often than
    any two rows: then rows of one origin help each other across the splits.
    """
    data = view.data
    if data.group or not data.labels or set(data.entry.parts()) != {None}:
        return []
    target = next(iter(data.labels))
    found = []
    for name in list(others)[:COLUMNS]:
        pairs = Counter(islice(_values(view, reading, name, target), ROWS))
        facts = clustering(pairs)
        if facts and facts["together"] - facts["apart"] >= CLOSER:
            found.append(
                Finding(
                    kind="origin",
                    count=int(facts["values"]),
                    what=f"values of the column {name!r}, shared by {facts['each']:.0f} rows each, "
                    f"whose {target} is the same in {facts['together']:.0%} of pairs (any "
                    f"two rows: {facts['apart']:.0%})",
                    run=f"ignores the column. If it names who or what a row is of, --group {name} "
                    "keeps such rows in one split",
                )
            )
    return found


def clustering(pairs: Counter[tuple[Any, Any]]) -> dict[str, float] | None:
    """How labels depend on values, from rows counted by (value, label).

    None where the values cannot be groups: too few, hardly shared, or one of them too frequent.
    """
    sizes: Counter[Any] = Counter()
    labels: Counter[Any] = Counter()
    for (value, label), count in pairs.items():
        sizes[value] += count
        labels[label] += count
    total = sizes.total()
    if len(sizes) < VALUES or total < EACH * len(sizes) or max(sizes.values()) > LARGEST * total:
        return None
    within = sum(count * (count - 1) for count in pairs.values())
    return {
        "values": len(sizes),
        "each": total / len(sizes),
        "together": within / sum(count * (count - 1) for count in sizes.values()),
        "apart": sum(count * (count - 1) for count in labels.values()) / (total * (total - 1)),
    }


def _values(view: View, reading: Reading, name: str, target: str) -> Iterator[tuple[str, str]]:
    """(value, label) of the source's rows, read anew; nothing where that cannot be done."""
    try:
        source = open_source(view.task, view.data.spec, replace(reading, group=name))
        for rows in source.splits.values():
            for _, row in rows():
                value, label = row.get(name), row.get(target)
                if value not in (None, "") and label not in (None, ""):
                    yield str(value), str(label)
    except UserError:
        return
