"""How long texts and series are, how large images are, and what the settings cut off."""

from __future__ import annotations

import heapq
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any

from seqapps.doctor.view import SHOWN, Finding, View
from seqapps.task import Buckets, Row

POINTS = {"least": 0.0, "median": 0.5, "p90": 0.9, "p99": 0.99, "most": 1.0}
MANY_CUT = 0.05  # share of cases cut that is worth a word
IMAGES = 2_000  # whose width and height are looked at
EXTREME, TIMES = 10_000, 50  # characters; and so often what nine in ten texts have at most


class Lengths:
    """Counts lengths of rows that go by: {column: {unit: {length: rows}}}."""

    def __init__(self, view: View) -> None:
        self._view = view
        texts = view.columns("text")
        self._columns = {
            name: column
            for name, column in view.task.row_columns.items()
            if column.kind != "text" or name in texts
        }
        self.counts: dict[str, dict[str, Counter[int]]] = {}
        self._images = 0
        self._longest: dict[str, list[tuple[int, int]]] = {}  # (length, -position)

    def add(self, first: int, rows: Sequence[Row]) -> None:
        """Count rows whose positions start with `first`; words are counted elsewhere."""
        for name, column in self._columns.items():
            if column.kind == "text" and column.several:
                lines = [row[name].split("\n") for row in rows]
                self.count(name, "per row", list(map(len, lines)))
                self._count_characters(name, first, lines)
            elif column.kind == "text":
                self._count_characters(name, first, [[row[name]] for row in rows])
            elif column.kind == "series" and column.shape[:1] == (None,):
                self.count(name, "steps", [len(row[name]) for row in rows])
            elif column.kind == "image":
                self.count(name, "bytes", [len(row[name]) for row in rows])
                for row in rows:
                    self._look(name, row[name])

    def count(self, column: str, unit: str, lengths: Sequence[int]) -> None:
        """Count some values of one column."""
        self.counts.setdefault(column, {}).setdefault(unit, Counter()).update(lengths)

    def _count_characters(self, name: str, first: int, texts: Sequence[Sequence[str]]) -> None:
        """Count the texts of some rows, and keep of the longest of each length the earliest."""
        self.count(name, "characters", [len(text) for row in texts for text in row])
        lengths = [max(map(len, row)) for row in texts]
        new = ((length, -position) for position, length in enumerate(lengths, first)
               if length > EXTREME)  # fmt: skip
        self._longest[name] = heapq.nlargest(SHOWN, [*self._longest.get(name, ()), *new])

    def _look(self, name: str, image: bytes) -> None:
        from PIL import Image

        if self._images < IMAGES:
            self._images += 1
            with Image.open(io.BytesIO(image)) as opened:  # reads the header only
                width, height = opened.size
            self.count(name, "pixels wide", [width])
            self.count(name, "pixels high", [height])

    def facts(self) -> dict[str, dict[str, dict[str, int]]]:
        """{column: {unit: {"least": 1, "median": 20, ...}}}; without columns that are empty."""
        return {
            name: {unit: percentiles(counts) for unit, counts in units.items()}
            for name, units in self.counts.items()
            if any(counts.keys() - {0} for counts in units.values())
        }

    def findings(self) -> list[Finding]:
        return [finding for name in self._longest for finding in self._extreme(name)]

    def _extreme(self, name: str) -> list[Finding]:
        counts = self.counts[name]["characters"]
        usual = percentiles(counts)["p90"]
        limit = max(EXTREME, TIMES * usual)
        count = sum(rows for length, rows in counts.items() if length > limit)
        shown = {
            -place: f"{length:,} characters: {self._view.shown(self._view.records[-place])}"
            for length, place in self._longest[name]
            if length > limit
        }
        if not count:
            return []
        return [
            Finding(
                kind="extreme_lengths",
                count=count,
                what=f"rows whose {name} has more than {limit:,} characters; nine in ten have at "
                f"most {usual:,}",
                run="keeps them, cut where the task cuts texts; look whether a line end or a quote "
                "is missing",
                examples=[self._view.example(position, seen=shown) for position in shown],
            )
        ]


class Cut:
    """Counts the cases that are longer than `settings.max_tokens`, where the task has that."""

    def __init__(self, view: View, settings: Any) -> None:
        self._view, self._settings = view, settings
        self._limit = getattr(settings, "max_tokens", None)
        batching = view.task.batching
        self._length = batching.length if isinstance(batching, Buckets) else None
        self._cases, self._cut = 0, 0

    def add(self, first: int, rows: Sequence[Row]) -> None:
        """Count the cases of rows that are in a split."""
        if self._limit is None or self._length is None:
            return
        splits = self._view.split_of[first : first + len(rows)]
        used = [row for row, split in zip(rows, splits, strict=True) if split >= 0]
        for case in self._view.task.cases(used, self._settings):
            self._cases += 1
            self._cut += self._length(case, self._settings) > self._limit

    def facts(self) -> dict[str, Any] | None:
        """How many of how many, for JSON; None where nothing is cut by this task."""
        if not self._cases:
            return None
        share = self._cut / self._cases
        return {"max_tokens": self._limit, "cases": self._cases, "cut": self._cut, "share": share}

    def findings(self) -> list[Finding]:
        if not self._cases or self._cut <= MANY_CUT * self._cases:
            return []
        return [
            Finding(
                kind="cut",
                count=self._cut,
                what=f"cases longer than max_tokens={self._limit}, counted about "
                f"({self._cut / self._cases:.0%} of {self._cases:,})",
                run="drops what is beyond; --set max_tokens=N keeps more",
            )
        ]


def percentiles(counts: Counter[int]) -> dict[str, int]:
    """The smallest length that this share of the values does not exceed.

    >>> percentiles(Counter({3: 5, 7: 4, 90: 1}))
    {'least': 3, 'median': 3, 'p90': 7, 'p99': 90, 'most': 90}
    """
    total, lengths = counts.total(), sorted(counts)
    found = {}
    for name, share in POINTS.items():
        seen = 0
        for length in lengths:
            seen += counts[length]
            if seen >= share * total:
                break
        found[name] = length
    return found
