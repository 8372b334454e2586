"""Documents as pieces: what is judged one by one, and read one after the other in training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import overload

import numpy as np

from seqapps.task import FOLLOWS, Case, Row

PIECE = 2000  # characters, most, but for up to LOOK more
FEWEST = 50  # pieces of a split where its texts allow it, so that intervals can be told
SHORTEST = 200  # characters of a piece
LOOK = 100  # characters, in which white space is looked for to cut at
CONTEXT = 500  # characters that are read before a piece in judging, and up to LOOK more
PROMPT = 40  # characters of a piece's beginning that golden requests go on from
HELD = 2_000_000  # characters of a document that are held at a time


class Pieces(Sequence[Case]):
    """The pieces of documents in order, made of their rows when they are asked for.

    {"text": ..., "context": what stands before it in the document, "ends": 1.0 for the last piece,
    "prompt": ..., and the row's other columns}. Joined, the texts are the documents.

    Rows that follow the one before, as those of a text file do, belong to the same document; of
    such a document nobody knows the end, as it may lie in another split.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = rows if isinstance(rows, Sequence) else list(rows)
        self._read = lru_cache(maxsize=2)(self._rows.__getitem__)
        running: list[bool] = []  # whether a row follows the one before, by row
        size = 0
        for row in self._rows:
            running.append(bool(row.get(FOLLOWS)))
            size += len(row["text"])
        most = min(PIECE, max(SHORTEST, size // FEWEST))
        places = [
            (number, start, end)
            for number, row in enumerate(self._rows)
            for start, end in cuts(row["text"], most)
        ]
        self._places = np.array(places, "int64").reshape([-1, 3])  # row, first, end
        self._running = np.array([*running, *running[-1:]], bool)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, position: int) -> Case: ...

    @overload
    def __getitem__(self, position: slice) -> list[Case]: ...

    def __getitem__(self, position: int | slice) -> Case | list[Case]:
        if isinstance(position, slice):
            return [self[each] for each in range(*position.indices(len(self)))]
        number, start, end = map(int, self._places[position])
        row = self._read(number)
        text = row["text"]
        context = self._before(number, text, start)
        last = end == len(text) and not self._running[number + 1]
        piece = text[start:end]
        found = {"text": piece, "context": context, "ends": float(last), "prompt": piece[:PROMPT]}
        return {**row, **found}

    def _before(self, number: int, text: str, start: int) -> str:
        """The characters before a place of a row's text; they begin with no half of a word."""
        if start >= CONTEXT or not (number and self._running[number]):
            return text[_before_space(text, max(0, start - CONTEXT), least=0) : start]
        before: str = self._read(number - 1)["text"]
        place = max(0, len(before) - (CONTEXT - start))
        return before[_before_space(before, place, least=0) :] + text[:start]


def cuts(text: str, most: int) -> Iterator[tuple[int, int]]:
    """Where the pieces of a text start and end; they are about equally long.

    They have `most` characters at most, but for up to `LOOK` more: they end before white space
    where there is some, so that words stay whole and have their space in front.
    """
    count = max(1, -(-len(text) // most))
    start = 0
    for number in range(1, count + 1):
        end = len(text)
        if number < count:
            end = _before_space(text, number * len(text) // count, least=start + most // 2)
        yield start, end
        start = end


def documents(cases: Iterable[Case]) -> Iterator[str]:
    """The texts of the documents that the pieces were cut from.

    One that is longer than `HELD`, such as a file of a gigabyte, comes in parts of that length.
    """
    parts: list[str] = []
    held = 0
    for case in cases:
        if parts and (not case["context"] or held >= HELD):
            yield "".join(parts)
            parts, held = [], 0
        parts.append(case["text"])
        held += len(case["text"])
    if parts:
        yield "".join(parts)


def _before_space(text: str, place: int, *, least: int) -> int:
    """The last place up to `place` where a word has ended, or `place` itself."""
    for end in range(place, max(least, place - LOOK), -1):
        if text[end].isspace() and not text[end - 1].isspace():
            return end
    return max(place, least)
