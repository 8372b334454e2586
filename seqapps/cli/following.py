"""Lines as they come: from a pipe, from a file, from a file that grows or is replaced by another.

No notice of the system's is waited for, as these differ between systems and fail on drives of a
network: at the end of a file it is looked at again, five times a second.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import IO

AT_ONCE = 64 * 1024  # bytes that are read together, where so many are there
LOOK_AGAIN = 0.2  # seconds
LONGEST = 1024 * 1024  # bytes of a line; more is no line, but something else

Line = tuple[int, str]  # number in its file, from 1, and text
BEGINS_ANEW = None  # in place of a block: another file has taken the place of this one


def blocks_of(source: IO[bytes]) -> Iterator[bytes]:
    """What a pipe or a file holds, as soon as it is there, to its end."""
    read: Callable[[int], bytes] = getattr(source, "read1", source.read)
    while block := read(AT_ONCE):
        yield block


def blocks_followed(
    path: Path, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[bytes | None]:
    """What a file holds and what is added to it, without end.

    Where the file is cut off, or another one has its name (both are done to logs), it is read from
    its beginning; `BEGINS_ANEW` stands before it.
    """
    file = path.open("rb", buffering=0)
    try:
        while True:
            block = file.read(AT_ONCE)
            if block:
                yield block
                continue
            other = _replaced(path, file)
            if other is None:
                sleep(LOOK_AGAIN)
                continue
            if other is not file:
                while block := file.read(AT_ONCE):  # written between the last look and its end
                    yield block
                file.close()
                file = other
            yield BEGINS_ANEW
    finally:
        file.close()


def lines_of(blocks: Iterable[bytes | None]) -> Iterator[list[Line] | None]:
    """The whole lines of each block; what is left at the end is the last line.

    Half a line at the end of a block waits for its other half; of a file that is replaced it is
    dropped.
    """
    number, rest = 0, b""
    for block in blocks:
        if block is BEGINS_ANEW:
            number, rest = 0, b""
            yield BEGINS_ANEW
            continue
        *whole, rest = (rest + block).split(b"\n")
        if len(rest) > LONGEST:
            whole, rest = [*whole, rest[:100]], b""
        yield [(number + place, _text(line)) for place, line in enumerate(whole, 1)]
        number += len(whole)
    if rest:
        yield [(number + 1, _text(rest))]


def _text(line: bytes) -> str:
    """UTF-8; of what is none, so that the line can be told, a sign for each byte."""
    return line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", errors="replace").rstrip("\r")


def _replaced(path: Path, file: FileIO) -> FileIO | None:
    """What is to be read in place of a file at its end: nothing, itself anew, or another one."""
    here = os.fstat(file.fileno())
    try:
        there = path.stat()
    except OSError:
        return None  # moved away; another one will come
    if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
        try:
            return path.open("rb", buffering=0)
        except OSError:
            return None
    if there.st_size < file.tell():
        file.seek(0)
        return file
    return None
