"""Rows whose source and target seem swapped, told by the letters that each of them uses.

Two languages differ in their runs of one to three characters (Cavnar and Trenkle 1994, n-gram-based
text categorization). How much likelier a run is on one side than on the other is learnt from a
sample of the rows themselves; a row is swapped where each of its sides looks like the other one.
Where the sides are not told apart like that, as in one language, nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqapps.doctor.view import SHOWN, Finding, View
from seqapps.task import Row

SAMPLE = 5_000  # rows that the letters are learnt from
LEAST = 100  # fewer rows would be recognised by their own words
LEARNT, LOOKED_AT = 200, 500  # first characters of a text: of the sample, of all rows
RUNS = (1, 2, 3)  # characters
BITS = 16  # of a run's number
ROUNDS = 5  # until the sample agrees on what is which side; 2 or 3 do
TOLD_APART = 0.85  # share of the sample whose sides are on their own side of the middle
CLEARLY = 0.25  # how far beyond the middle; 1 is where the median of the other side is
AT_ONCE = 512  # rows
MIXER = np.uint64(0x9E3779B97F4A7C15)

Found = tuple[np.ndarray, np.ndarray]  # of each run of some texts: its text, its number


@dataclass(frozen=True)
class Profile:
    """What tells the sides apart: `weights` are the log odds of a run to be of the source."""

    weights: np.ndarray  # float [2 ** BITS]
    middle: float
    half: float  # from the middle to the median of either side

    def places(self, found: Found, count: int) -> np.ndarray:
        """Where texts lie between the medians: 1 is the source's, -1 the target's. [count]"""
        return (_means(self.weights, found, count) - self.middle) / self.half


class Swapped:
    """Looks at both texts of rows that go by; keeps the positions of those that are swapped."""

    def __init__(self, view: View) -> None:
        self._view, self._pair = view, view.pair
        self._positions: list[int] = []
        self._profile = None
        if self._pair and len(view.records) >= LEAST:
            every = len(view.records)
            sample = np.sort(np.random.default_rng(0).permutation(every)[:SAMPLE])
            rows = [view.records[int(position)] for position in sample]
            source, target = ([row[name] for row in rows] for name in self._pair)
            self._profile = learnt(source, target, train=view.split_of[sample] == 0)

    def add(self, first: int, rows: Sequence[Row]) -> None:
        """Look at the rows whose positions start with `first`."""
        if self._pair is None or self._profile is None:
            return
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            source, target = (
                self._profile.places(runs([row[name] for row in some], LOOKED_AT), len(some))
                for name in self._pair
            )
            swapped = (source < -CLEARLY) & (target > CLEARLY)
            self._positions += (np.flatnonzero(swapped) + first + start).tolist()

    def findings(self) -> list[Finding]:
        if self._pair is None or not self._positions:
            return []
        source, target = self._pair
        return [
            Finding(
                kind="swapped",
                count=len(self._positions),
                what=f"rows whose {source} is written as the {target} of the others is, and the "
                f"other way round ({self._by_part()})",
                run="takes them as they are: swapped rows teach the wrong direction, and are "
                "judged in it",
                fix="kept; swap them by hand",
                examples=[self._view.example(position) for position in self._positions[:SHOWN]],
            )
        ]

    def _by_part(self) -> str:
        """How many of which file: "1,000 of 1,000 in test.tsv; 3 of 29,000 in train.tsv"."""
        parts = np.asarray(self._view.records.index["part"])
        own, first = np.unique(parts[self._positions], return_index=True)
        counts, totals = np.bincount(parts[self._positions]), np.bincount(parts)
        told = []
        for part, place in sorted(zip(own, first, strict=True),
                                  key=lambda item: -counts[item[0]] / totals[item[0]]):  # fmt: skip
            where = self._view.data.entry.place_of(self._view.records, self._positions[place])
            told.append(f"{counts[part]:,} of {totals[part]:,} in {where.rpartition(', row ')[0]}")
        return "; ".join(told[:SHOWN]) + ("; ..." if len(told) > SHOWN else "")


def learnt(source: Sequence[str], target: Sequence[str], *, train: np.ndarray) -> Profile | None:
    """What tells the sources of a sample from its targets; None where nothing does.

    Rows are turned round until each fits the others, so that a mixture of both directions does not
    blur the profile. The source is then what it is in most rows of training (`train`, bool [rows]).
    """
    count = len(source)
    left, right = runs(source, LEARNT), runs(target, LEARNT)
    straight = np.ones(count, bool)
    for _ in range(ROUNDS):
        weights = _log_odds(left, right, straight)
        one, other = _means(weights, left, count), _means(weights, right, count)
        before, straight = straight, one >= other
        if np.array_equal(before, straight):
            break
    if straight[train].mean() < 0.5 if train.any() else False:
        weights, one, other, straight = -weights, -one, -other, ~straight
    own, its = np.where(straight, one, other), np.where(straight, other, one)
    middle, half = (np.median(own) + np.median(its)) / 2, (np.median(own) - np.median(its)) / 2
    if half <= 0 or np.mean((own > middle) & (its < middle)) < TOLD_APART:
        return None
    return Profile(weights, float(middle), float(half))


def runs(texts: Sequence[str], most: int) -> Found:
    """(text, number) of every run of characters in the first `most` ones, in lower case."""
    plain = [f" {' '.join(text[:most].lower().split())} " for text in texts]
    row = np.repeat(np.arange(len(plain), dtype="int32"), [len(text) for text in plain])
    codes = np.frombuffer("".join(plain).encode("utf-32-le", "surrogatepass"), "<u4")
    rows, numbers = [], []
    for length in RUNS:
        ends = len(codes) - length + 1
        mixed = np.full(ends, length, "uint64")
        for step in range(length):
            mixed = (mixed ^ codes[step : step + ends]) * MIXER
            mixed ^= mixed >> np.uint64(29)
        inside = row[:ends] == row[length - 1 :]  # of one text
        rows.append(row[:ends][inside])
        numbers.append((mixed[inside] >> np.uint64(64 - BITS)).astype("int32"))
    return np.concatenate(rows), np.concatenate(numbers)


def _log_odds(left: Found, right: Found, straight: np.ndarray) -> np.ndarray:
    """How much likelier each run is in a source than in a target, half a run added to all."""

    def share(one: Found, other: Found) -> np.ndarray:
        own = np.concatenate([one[1][straight[one[0]]], other[1][~straight[other[0]]]])
        counts = np.bincount(own, minlength=2**BITS) + 0.5
        return np.asarray(counts / counts.sum())

    return np.asarray(np.log(share(left, right) / share(right, left)))


def _means(weights: np.ndarray, found: Found, count: int) -> np.ndarray:
    """The mean weight of the runs of each text. [count]"""
    rows, numbers = found
    sums = np.bincount(rows, weights[numbers], minlength=count)
    return np.asarray(sums / np.maximum(1, np.bincount(rows, minlength=count)))
