"""Pairs of texts that cannot belong together: untranslated ones, and lengths out of proportion."""

from __future__ import annotations

import array
import math
from collections.abc import Sequence

import numpy as np

from seqapps.doctor.view import SHOWN, Example, Finding, View
from seqapps.task import Row

LEAST = 100  # rows; what is usual is not known from fewer
BLOCK, BLOCKS = 200, 50  # least rows of like length that are compared, most blocks of them
TIMES = 3.0  # shorter or longer than is usual; two sentences for one are no mistake
SPREADS = 3.0  # beyond what nine in ten of the rows of like length show


class Pairs:
    """Looks at the text input and the text target of rows that go by, where a task has these."""

    def __init__(self, view: View) -> None:
        self._view, self._pair = view, view.pair
        self._lengths = (array.array("I"), array.array("I"))  # characters
        self._same, self._first_same = 0, list[int]()

    def add(self, first: int, rows: Sequence[Row]) -> None:
        """Look at the rows whose positions start with `first`."""
        if self._pair is None:
            return
        source, target = self._pair
        for lengths, name in zip(self._lengths, self._pair, strict=True):
            lengths.extend(len(row[name]) for row in rows)
        for position, row in enumerate(rows, first):
            if row[source].strip() == row[target].strip() and any(map(str.isalpha, row[source])):
                self._same += 1
                if len(self._first_same) < SHOWN:
                    self._first_same.append(position)

    def findings(self) -> list[Finding]:
        return [] if self._pair is None else [*self._untranslated(), *self._out_of_proportion()]

    def _untranslated(self) -> list[Finding]:
        if not self._same or self._pair is None:
            return []
        source, target = self._pair
        return [
            Finding(
                kind="untranslated",
                count=self._same,
                what=f"rows whose {target} is the same text as their {source} "
                f"({self._same / len(self._view.records):.2%} of all)",
                run="trains on them: they teach to copy",
                examples=[self._view.example(position) for position in self._first_same],
            )
        ]

    def _out_of_proportion(self) -> list[Finding]:
        if self._pair is None:
            return []
        source, target = self._pair
        lengths = [np.frombuffer(values, "I") for values in self._lengths]
        times = out_of_proportion(*lengths)
        found = np.flatnonzero(times)
        if not len(found):
            return []
        farthest = found[np.argsort(-abs(np.log(times[found])), kind="stable")]
        examples: list[Example] = []
        for position in farthest[:SHOWN]:
            (row,) = self._view.example(int(position))
            one, other = (f"{values[position]:,}" for values in lengths)
            examples.append([{**row, "where": f"{row['where']} ({one} : {other} characters)"}])
        return [
            Finding(
                kind="out_of_proportion",
                count=len(found),
                what=f"rows whose {target} is {TIMES:g} times or more too long or too short for "
                f"their {source}, beside rows of like length",
                run="keeps them; look whether the sides belong together",
                examples=examples,
            )
        ]


def out_of_proportion(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """By how much each target is too long for its source (0.1: ten times too short), else 0."""
    too_long = _too_long(source, target)
    too_short = _too_long(target, source)
    return np.where(too_long, too_long, np.divide(1, too_short, where=too_short > 0, out=too_short))


def _too_long(given: np.ndarray, other: np.ndarray) -> np.ndarray:
    """By how much each length of `other` is out of proportion to the `given` one, else 0.

    Usual is the median of the ratio, and its spread, over rows of which the given length is alike:
    a short text is longer in one language, and an answer may have one length whatever was asked.
    """
    times = np.zeros(len(given))
    if len(given) < LEAST:
        return times
    ratio = np.log((other + 1.0) / (given + 1.0))
    blocks = min(BLOCKS, max(1, len(given) // BLOCK))
    for rows in np.array_split(np.argsort(given, kind="stable"), blocks):
        low, usual, high = np.quantile(ratio[rows], [0.05, 0.5, 0.95])
        far = max(math.log(TIMES), SPREADS * (high - low) / 2)
        apart = ratio[rows] - usual
        odd = abs(apart) > far
        times[rows[odd]] = np.exp(apart[odd])
    return times
