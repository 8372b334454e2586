"""Sentences as they are published for taggers: a word a line with its tags, blank lines between.

CoNLL-U (Universal Dependencies), CoNLL-2003, and tables of two columns. A row is a sentence; each
column of the file is a text of as many words, separated by spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from seqapps.data.opening import Table, opened_text
from seqapps.errors import UserError
from seqapps.task import Task

KIND, UNIVERSAL = ".conll", ".conllu"
PERHAPS = (".tsv", ".txt")  # such files may hold sentences, too: blank lines tell
PEEK = 1000  # lines in which a blank one is looked for
# https://universaldependencies.org/format.html
NAMES = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
SKIPPED = "-DOCSTART-"  # begins a document in CoNLL-2003
SPACE = re.compile(r"[ \t\n\v\f\r]+")
NO_BREAK_SPACE = "\xa0"


class Line(NamedTuple):
    """What stands on a line; no values where it is blank."""

    number: int
    values: list[str]


def fits(task: Task) -> bool:
    """Whether rows have words and something along them."""
    return any(column.along for column in task.row_columns.values())


def as_sentences(table: Table) -> Table:
    """The table, read as sentences where blank lines stand between its lines."""
    if table.kind not in PERHAPS:
        return table
    with opened_text(table) as file:
        lines = [line.strip("\r\n ") for line in islice(file, PEEK)]
    text = "\n".join(lines).strip()
    parted = "\n\n" in text and len(_split(text.partition("\n")[0])) > 1
    return replace(table, read_as=KIND) if parted else table


def columns(table: Table) -> list[str]:
    """The names of the file's columns: those of CoNLL-U, else 1, 2, 3."""
    first = next((line for line in _lines(table) if line.values), None)
    if first is None:
        return []
    if table.kind == UNIVERSAL:
        return list(NAMES)
    return [str(number) for number, _ in enumerate(first.values, 1)]


def rows(table: Table, names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    r"""(number, the words of each column with a space between) of every sentence.

    "The\tDET\nwatch\tNOUN\n\n" -> (1, ["The watch", "DET NOUN"]). A space inside a word, as some
    languages have it, becomes a no-break space: spaces separate words.
    """
    places = [columns(table).index(name) for name in names]
    number, sentence = 0, list[list[str]]()
    for line in _lines(table):
        if line.values:
            sentence.append([SPACE.sub(NO_BREAK_SPACE, line.values[place]) for place in places])
        elif sentence:
            number += 1
            yield number, [" ".join(words) for words in zip(*sentence, strict=True)]
            sentence = []


def _lines(table: Table) -> Iterator[Line]:
    """Lines of words, and blank ones, the last of which is behind the last sentence."""
    width = len(NAMES) if table.kind == UNIVERSAL else 0
    number = 0
    with opened_text(table, newline="\n") as file:
        for number, text in enumerate(file, 1):
            text = text.rstrip("\r\n")
            if not text.strip():
                yield Line(number, [])
            elif not _skipped(table, text):
                values = _split(text)
                width = width or len(values)
                if len(values) != width:
                    raise UserError(_ragged(table, number, text, values, width))
                yield Line(number, values)
    yield Line(number + 1, [])


def _skipped(table: Table, text: str) -> bool:
    """A comment; of CoNLL-U also what is written as one word and is two, and words left out."""
    if table.kind != UNIVERSAL:
        return text.startswith(SKIPPED)
    return text.startswith("#") or bool(re.match(r"\d+[-.]", text))


def _split(text: str) -> list[str]:
    return text.split("\t") if "\t" in text else text.split()


def _ragged(table: Table, number: int, text: str, values: Sequence[str], width: int) -> str:
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    return (
        f"{table.name}, line {number}: {len(values)} values, but "
        f"{'CoNLL-U has' if table.kind == UNIVERSAL else 'the first line has'} {width}: {shown!r}. "
        "Expected a word and its tags on each line, with tabs between, and a blank line between "
        "sentences."
    )
