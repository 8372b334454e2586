"""Words of held-out texts that training never saw, or too rarely to be told apart."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from seqapps.data.splits import SPLITS
from seqapps.doctor.lengths import Lengths
from seqapps.doctor.near import Hashes, NearDuplicates
from seqapps.doctor.view import Finding, View
from seqapps.task import Row

MANY_UNKNOWN = 0.15  # share of a split's words that is worth a word
SHOWN = 8  # unknown words


class Words:
    """Splits every text into words once, and counts them for all that asks for words."""

    def __init__(self, view: View, lengths: Lengths, near: NearDuplicates) -> None:
        self._view, self._lengths, self._near = view, lengths, near
        self._columns = view.columns("text")
        self._keys = [name for name in self._columns if name in view.task.key_columns]
        self._counts: dict[str, list[Counter[bytes]]] = {
            name: [Counter() for _ in SPLITS] for name in self._columns
        }
        if self._keys and len(near.sample):
            rows = [view.records[int(position)] for position in near.sample]
            near.start([self._words(rows, name)[1] for name in self._keys])

    @property
    def compared(self) -> bool:
        """Whether rows have texts by which near duplicates are told."""
        return bool(self._keys)

    def add(self, first: int, rows: Sequence[Row]) -> None:
        """Count the words of rows whose positions start with `first`."""
        hashes = []
        splits = self._view.split_of[first : first + len(rows)]
        for name in self._columns:
            texts, of = rows, splits
            if self._view.task.row_columns[name].several and name not in self._keys:
                texts, of = _each_line(rows, name, splits)
            words, found = self._words(texts, name)
            lengths = found[1]
            self._lengths.count(name, "words", lengths.tolist())
            split = np.repeat(of, lengths)
            for number, counter in enumerate(self._counts[name]):
                counter.update(words[split == number].tolist())
            if name in self._keys:
                hashes.append(found)
        if hashes:
            self._near.add(first, hashes)

    def _words(self, rows: Sequence[Row], name: str) -> tuple[np.ndarray, Hashes]:
        """(the words of all rows one after the other, their hashes and how many each row has)."""
        import tensorflow as tf

        from seqapps.text.words import words

        found = words(tf.constant([row[name] for row in rows]))
        flat = found.flat_values
        hashes = tf.strings.to_hash_bucket_fast(flat, 2**63 - 1)
        return flat.numpy(), (hashes.numpy(), found.row_lengths().numpy())

    def facts(self, size: int | None) -> dict[str, Any]:
        """{column: vocabulary and unknown words of the held-out splits}; `size` of vocabulary."""
        from seqapps.text.words import ranked

        found: dict[str, Any] = {}
        for name, (train, *held) in self._counts.items():
            if not any(self._counts[name]):
                continue
            known = {word.encode() for word in ranked(train, size=size or sys.maxsize)}
            splits = {}
            for split, counts in zip(SPLITS[1:], held, strict=True):
                unknown = Counter(
                    {word: count for word, count in counts.items() if word not in known}
                )
                total = counts.total()
                splits[split] = {
                    "words": total,
                    "unknown": unknown.total(),
                    "share": unknown.total() / total if total else 0.0,
                    "most_frequent": [
                        [word, unknown[word.encode()]] for word in ranked(unknown, size=SHOWN)
                    ],
                }
            found[name] = {
                "vocabulary": len(known), "training_words": len(train), "splits": splits
            }  # fmt: skip
        return found


def _each_line(
    rows: Sequence[Row], name: str, splits: np.ndarray
) -> tuple[Sequence[Row], np.ndarray]:
    """(a row for every line of a column of several values, the split of each)."""
    lines = [row[name].split("\n") for row in rows]
    return [{name: line} for each in lines for line in each], np.repeat(
        splits, list(map(len, lines))
    )


def findings(facts: dict[str, Any]) -> list[Finding]:
    """Where so many words are unknown that the splits differ in kind, or training is too small."""
    found = []
    for column, known in facts.items():
        for split, seen in known["splits"].items():
            if seen["share"] > MANY_UNKNOWN:
                often = ", ".join(word for word, _ in seen["most_frequent"][:5])
                found.append(
                    Finding(
                        kind="unknown_words",
                        count=seen["unknown"],
                        what=f"words of {column!r} in {split} that training does not tell apart "
                        f"({seen['share']:.0%} of {seen['words']:,}; most often {often})",
                        run="takes them all for one unknown word",
                    )
                )
    return found
