"""Text files side by side: line i of each belongs to one row, and each file is a column of it.

As translations are published (Europarl, WMT, Multi30k): corpus.en and corpus.de.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile, zip_longest
from pathlib import Path

from seqapps.data import tables
from seqapps.data.opening import Table, opened_text
from seqapps.data.tables import Advice, Located, Where
from seqapps.errors import UserError

JOIN = "+"  # corpus.en+corpus.de
WIDTH = 60  # characters of a line that are shown


@dataclass(frozen=True)
class Parallel:
    """Files whose lines of one number make a row; `name` is how messages call them together."""

    name: str
    files: Mapping[str, Table]  # by the names of their columns

    def only(self, columns: Iterable[str]) -> Parallel:
        """These columns, under the names of their files: "train.en+train.de"."""
        chosen = {name: self.files[name] for name in columns}
        return Parallel(JOIN.join(table.name for table in chosen.values()), chosen)


def check_columns(parallel: Parallel, wanted: Mapping[str, str], *, advice: Advice) -> list[str]:
    """The columns. Raises UserError where a wanted one is missing, or its file is empty."""
    found = list(parallel.files)
    if len(wanted) < 2:
        raise UserError(
            f"{parallel.name}: files whose lines belong together, but only {', '.join(wanted)} is "
            "needed. Give the one file that holds it."
        )
    tables.check_names(parallel.name, wanted, found, advice=advice)
    for column in wanted.values():
        with opened_text(parallel.files[column]) as file:
            if not file.read(1):
                raise tables.empty(parallel.files[column], expected="a text in every line")
    return found


def located(parallel: Parallel, wanted: Mapping[str, str]) -> Iterator[Located]:
    """Rows with the wanted columns under our names ({ours: theirs}); a row's number is its line.

    A line ends with LF or CR LF and with nothing else: U+2028 is a character of it. Raises
    UserError where one file has more lines than another.
    """
    files = [parallel.files[theirs] for theirs in wanted.values()]
    lines = [_lines(file) for file in files]
    for number, values in enumerate(zip_longest(*lines), 1):
        if None in values:
            raise _unequal(files, lines, values, number)
        yield Where(parallel.name, number), dict(zip(wanted, values, strict=True))


def _lines(file: Table) -> Iterator[str]:
    with opened_text(file, newline="\n") as text:
        for line in text:
            yield line.removesuffix("\n").removesuffix("\r")


def _unequal(
    files: Sequence[Table],
    lines: Sequence[Iterator[str]],
    values: Sequence[str | None],
    number: int,
) -> UserError:
    """`values` are those of line `number`, None where a file has ended before it."""
    counts = [
        number - 1 if value is None else number + sum(1 for _ in rest)
        for value, rest in zip(values, lines, strict=True)
    ]
    longest = counts.index(max(counts))
    listed = ", ".join(
        f"{file.name} has {count:,} lines" for file, count in zip(files, counts, strict=True)
    )
    line = str(values[longest])
    shown = repr(line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}...")
    return UserError(
        f"{listed}: line {number:,} of {files[longest].name} has no partner: {shown}. Lines of one "
        "number must belong together; the one that is missing or too much may lie long before."
    )


def groups(files: Iterable[Path]) -> dict[str, dict[str, Path]]:
    """{"train": {"en": train.en, "de": train.de}} of files whose names differ in their end only.

    .gz and .txt do not count. Of train.en and train.en.gz the first is taken. A file may be alone.
    """
    found: dict[str, dict[str, Path]] = {}
    for file in files:
        stem, column = _named(file.name)
        if stem:
            found.setdefault(stem, {}).setdefault(column, file)
    return found


def _named(name: str) -> tuple[str, str]:
    """("train", "en") for train.en, train.en.gz and train.en.txt."""
    plain = name.removesuffix(".gz")
    short = plain.removesuffix(".txt")
    stem, _, column = (short if "." in short else plain).rpartition(".")
    return stem, column


def parts_of(spec: str) -> tuple[list[Path], str]:
    """(the files that a.en+a.de names, the rest that names none); a + may be in a name, too."""
    found, waiting = [], list[str]()
    for piece in spec.split(JOIN):
        waiting.append(piece)
        path = Path(JOIN.join(waiting))
        if path.is_file():
            found.append(path)
            waiting = []
    return found, JOIN.join(waiting)


def told_apart(names: Sequence[str]) -> list[str]:
    """What differs in some names, which calls the columns; the whole names where it is nothing.

    >>> told_apart(["corpus.en", "corpus.de.gz"]), told_apart(["src-train.txt", "tgt-train.txt"])
    (['en', 'de'], ['src', 'tgt'])
    """
    plain = [name.removesuffix(".gz") for name in names]
    split = [re.split(r"([-_./])", name) for name in plain]  # words at even places
    lead = _in_common(split) // 2 * 2
    trail = _in_common([words[:lead:-1] for words in split]) // 2 * 2
    found = ["".join(words[lead : len(words) - trail]) for words in split]
    return found if all(found) else plain


def _in_common(lists: Sequence[Sequence[str]]) -> int:
    """How many words all of these begin with."""
    return sum(1 for _ in takewhile(lambda words: len({*words}) == 1, zip(*lists, strict=False)))
