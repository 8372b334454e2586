"""Texts of different splits that are almost the same, so that judging is partly remembering.

A sample of the held-out texts is compared with every text of the splits before theirs. Two texts
are as like as their sets of word triples are: Jaccard similarity, common triples by all triples
(Broder 1997), here exactly and not by MinHash, because the sample is small enough for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqapps.data.splits import SPLITS
from seqapps.doctor.view import SHOWN, Finding, View

TRIPLE = 3  # words
ALIKE = 0.7  # Jaccard similarity from which two texts count as near duplicates
SAMPLE = 5_000  # held-out rows that are compared; their share is then known to 1.4 points
AT_ONCE = 500  # rows that are multiplied with the sample: at most AT_ONCE x SAMPLE numbers
BITS = 48  # of a triple's hash; one in 10^9 is taken for another one of 250,000
MIXERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], "uint64")

Hashes = tuple[np.ndarray, np.ndarray]  # words of one column of some rows, and how many each has


class NearDuplicates:
    """Compares rows that go by with a sample of held-out rows."""

    def __init__(self, view: View) -> None:
        self._view = view
        held = np.flatnonzero(view.split_of > 0)
        self.held = len(held)
        drawn = np.random.default_rng(0).permutation(len(held))[:SAMPLE]
        self.sample = np.sort(held[drawn])  # positions of rows
        self._split = view.split_of[self.sample]
        self._known = np.empty(0, "int64")  # triples of the sample, ascending
        self._sizes = np.zeros(len(self.sample), "int64")  # triples of each
        self._matrix: Any = None  # [triples, sample]
        self._best = np.zeros(len(self.sample))
        self._other = np.zeros(len(self.sample), "int64")

    def start(self, words: Sequence[Hashes]) -> None:
        """Take the words of the sample's rows, one entry for each column of text."""
        from scipy import sparse

        row, triple = triples(words)
        self._known, column = np.unique(triple, return_inverse=True)
        self._sizes = np.bincount(row, minlength=len(self.sample))
        ones = np.ones(len(row), "float32")
        shape = (len(self._known), len(self.sample))
        self._matrix = sparse.csr_matrix((ones, (column, row)), shape=shape)

    def add(self, first: int, words: Sequence[Hashes]) -> None:
        """Compare rows whose positions start with `first`."""
        from scipy import sparse

        if not len(self._known):
            return
        row, triple = triples(words)
        count = len(words[0][1])
        sizes = np.bincount(row, minlength=count)
        place = np.minimum(np.searchsorted(self._known, triple), len(self._known) - 1)
        hit = self._known[place] == triple
        common = np.bincount(row[hit], minlength=count)
        split = self._view.split_of[first : first + count]
        # No text can be alike that shares too few of its own triples with the whole sample.
        wanted = (split >= 0) & (split < len(SPLITS) - 1) & (sizes > 0) & (common >= ALIKE * sizes)
        hit &= wanted[row]
        if not hit.any():
            return
        rows, compact = np.unique(row[hit], return_inverse=True)
        ones = np.ones(len(compact), "float32")
        matrix = sparse.csr_matrix((ones, (compact, place[hit])), (len(rows), len(self._known)))
        for start in range(0, len(rows), AT_ONCE):
            shared = (matrix[start : start + AT_ONCE] @ self._matrix).tocoo()
            here, there = rows[shared.row + start], shared.col
            jaccard = shared.data / (sizes[here] + self._sizes[there] - shared.data)
            allowed = (jaccard >= ALIKE) & (split[here] < self._split[there])
            self._keep(first + here[allowed], there[allowed], jaccard[allowed])

    def _keep(self, positions: np.ndarray, sample: np.ndarray, jaccard: np.ndarray) -> None:
        """The likest row of each row of the sample."""
        order = np.lexsort((-positions, jaccard))  # of equals the earliest row wins: it is last
        positions, sample, jaccard = positions[order], sample[order], jaccard[order]
        better = jaccard > self._best[sample]
        self._other[sample[better]] = positions[better]
        self._best[sample[better]] = jaccard[better]

    def facts(self) -> dict[str, Any]:
        """How many of how many, for JSON."""
        found = int((self._best > 0).sum())
        return {
            "held_out": self.held,
            "compared": len(self.sample),
            "found": found,
            "share": found / len(self.sample) if len(self.sample) else 0.0,
            "alike_from": ALIKE,
        }

    def findings(self) -> list[Finding]:
        found = np.flatnonzero(self._best > 0)
        if not len(found):
            return []
        share = len(found) / len(self.sample)
        whole = len(self.sample) == self.held
        compared = "all" if whole else "a sample of"
        order = found[np.argsort(-self._best[found], kind="stable")]
        return [
            Finding(
                kind="near_duplicates",
                count=len(found),
                what="held-out rows that are almost the same as a row of an earlier split "
                f"({share:.2%} of {compared} {len(self.sample):,}; 70 % or more of their word "
                "triples in common)",
                run="keeps them: scores are partly memory. Rows of one origin belong together: "
                "--group COLUMN",
                examples=[self._pair(one) for one in order[:SHOWN]],
            )
        ]

    def _pair(self, one: int) -> list[dict[str, str]]:
        positions = (int(self._other[one]), int(self.sample[one]))
        pair = self._view.example(*positions)
        for row, position in zip(pair, positions, strict=True):
            row["where"] += f" ({SPLITS[self._view.split_of[position]]})"
        return pair

    def pairs(self) -> list[tuple[int, int]]:
        """Positions of rows that are alike: (in an earlier split, held out)."""
        found = np.flatnonzero(self._best > 0)
        return [(int(self._other[one]), int(self.sample[one])) for one in found]


def triples(words: Sequence[Hashes]) -> tuple[np.ndarray, np.ndarray]:
    """(row, hash) of every different run of three words, rows ascending.

    A text of one or two words counts as one run. Columns have triples of their own.
    """
    found = []
    for column, (hashes, lengths) in enumerate(words):
        row = np.repeat(np.arange(len(lengths)), lengths)
        starts = np.cumsum(lengths) - lengths
        offset = np.arange(len(hashes)) - starts[row]
        left = lengths[row] - offset  # words from this one to the end of the text
        mixed = np.full(len(hashes), column, "uint64")
        padded = np.concatenate([hashes.astype("uint64"), np.zeros(TRIPLE, "uint64")])
        for step, mixer in enumerate(MIXERS):
            word = np.where(left > step, padded[step : step + len(hashes)], 0)
            mixed += word.astype("uint64") * mixer
            mixed ^= mixed >> np.uint64(29)
        begins = (left >= TRIPLE) | (offset == 0)
        short = (mixed[begins] >> np.uint64(64 - BITS)).astype("int64")
        found.append((row[begins].astype("int64") << BITS) | short)
    both = np.unique(np.concatenate(found))
    return both >> BITS, both & ((1 << BITS) - 1)
