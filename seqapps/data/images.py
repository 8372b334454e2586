"""Images: found by their names in a folder, and looked at before anything depends on them."""

from __future__ import annotations

import io
import os
import struct
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from seqapps.data import folders
from seqapps.data.tables import Located
from seqapps.task import Task

FORMATS = ("JPEG", "PNG", "GIF", "BMP")  # what `seqapps.images.decode` reads
MOST_PIXELS = 50_000_000  # of one image: 150 MB when it is decoded
MOST_BYTES = 4 * MOST_PIXELS  # of one file
DEPTH = 3  # folders below the one given in which images are looked for: images/train2017
PNG_END, GIF_END = b"IEND\xaeB`\x82", b"\0;"  # Pillow does not miss them, TensorFlow does
PADDING = b"\0\t\n\r "  # bytes that may follow the end of a GIF
# Files that are often called .jpg and are none, by their first bytes.
OTHERS = {
    b"II*\0": "a TIFF image", b"MM\0*": "a TIFF image", b"\xff\x0a": "a JPEG XL image",
    b"\0\0\0\x0cJXL ": "a JPEG XL image", b"\0\0\0\x0cjP  ": "a JPEG 2000 image",
    b"RIFF": "a WebP image", b"<": "HTML, XML or SVG", b"%PDF": "a PDF document",
}  # fmt: skip


@dataclass(frozen=True)
class ImageFolder:
    """Where the images of a table are looked for; `split` is that of the table, where it has one.

    An image lies where its name says, in the folder or in its images/, or in any folder below:
    first in those that are called as the split, train2017 for train.
    """

    base: Path
    split: str | None = None

    def file_of(self, name: str) -> tuple[Path | None, str | None]:
        """(the file of this name, why there is none that may be read)."""
        try:
            found = self._files(name)
            if not found:
                return None, f"names {name!r}, which is no file in or below {self.base}"
            if len(found) > 1:
                places = " and ".join(str(file.parent) for file in found[:2])
                return None, f"names {name!r}, which lies in {places}"
            if not Path(os.path.realpath(found[0])).is_relative_to(self._real):
                return None, (
                    f"names {name!r}, which leads out of {self.base}; copy the images into it"
                )
        except (OSError, ValueError):  # too long for a name, or with a zero byte in it
            return None, f"names {name[:60]!r}, which cannot be the name of a file"
        return found[0], None

    def _files(self, name: str) -> list[Path]:
        """The files that are meant; several where nothing tells which."""
        for first in (self.base / name, self.base / "images" / name):
            if first.is_file():
                return [first]
        own = [folder for folder in self._below if self._is_of_split(folder)]
        for places in (own, self._below):
            found = [place / name for place in places if (place / name).is_file()]
            if found:
                return found
        return []

    def _is_of_split(self, folder: Path) -> bool:
        parts = folder.relative_to(self.base).parts
        return self.split in map(folders.split_of, parts) if self.split else False

    @cached_property
    def _below(self) -> list[Path]:
        return list(with_images(self.base))

    @cached_property
    def _real(self) -> Path:
        return Path(os.path.realpath(self.base))


@dataclass(frozen=True)
class ImageFile:
    """An image that a table names; read when its row comes up, so that no others are held."""

    name: str
    folder: ImageFolder

    def read(self) -> tuple[bytes | None, str | None]:
        """(the bytes of the file, why it cannot be read)."""
        file, problem = self.folder.file_of(self.name)
        if file is None:
            return None, problem
        try:
            size = file.stat().st_size
            if size > MOST_BYTES:
                return None, f"names {self.name!r}, a file of {size:,} bytes; the limit is " + (
                    f"{MOST_BYTES:,}"
                )
            return file.read_bytes(), None
        except OSError as error:
            return None, f"names {self.name!r}, which cannot be read ({error.strerror})"


def as_files(rows: Iterable[Located], task: Task, folder: ImageFolder) -> Iterator[Located]:
    """The same rows; an image that is named is the file of that name."""
    names = [name for name, column in task.row_columns.items() if column.kind == "image"]
    for where, row in rows:
        for name in names:
            if isinstance(row.get(name), str):
                row[name] = ImageFile(row[name].strip(), folder)
        yield where, row


class Unnamed:
    """Tells in `said` how many images in and below a folder the rows of all splits do not name."""

    def __init__(self, base: Path, splits: Iterable[str | None]) -> None:
        self._base, self._left = base, {*splits}
        self._names: set[str] = set()
        self.said: list[str] = []

    def watched(self, rows: Iterable[Located], split: str | None) -> Iterator[Located]:
        """The same rows, which name files."""
        for where, row in rows:
            self._names |= {
                os.path.normpath(value.name)
                for value in row.values()
                if isinstance(value, ImageFile)
            }
            yield where, row
        if split in self._left:
            self._left.remove(split)
            if not self._left and self._names:
                self._tell()

    def _tell(self) -> None:
        unnamed = [path for path in folders.images(self._base) if not self._is_named(path)]
        if unnamed:
            self.said.append(
                f"{len(unnamed):,} images in or below {self._base.name} are named by no row and "
                f"are not read; the first: {unnamed[0].relative_to(self._base).as_posix()}"
            )

    def _is_named(self, path: Path) -> bool:
        """By its place, or by the end of it: folders above need not be told, see `ImageFolder`."""
        parts = path.relative_to(self._base).parts
        ends = (str(Path(*parts[start:])) for start in range(len(parts)))
        return str(path) in self._names or any(end in self._names for end in ends)


def with_images(base: Path, depth: int = DEPTH) -> Iterator[Path]:
    """The folders in and below `base` that hold an image; links to folders are not followed."""
    inner, holds = [], False
    with os.scandir(base) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                inner.append(entry.name)
            holds = holds or entry.name.lower().endswith(folders.IMAGES)
    if holds:
        yield base
    for name in sorted(inner) if depth else ():
        yield from with_images(base / name, depth - 1)


def problem_of(encoded: bytes) -> str | None:
    """What keeps `seqapps.images.decode` from decoding these bytes as an image, or None.

    Pillow tells, as it takes no seconds to start and reads the size before it takes memory. What
    is decoded in the graph is accepted, also CMYK, 16 bits a channel, palettes, alpha and
    animations, of which the first frame is read.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with (
            warnings.catch_warnings(action="ignore"),  # of odd, but readable metadata
            Image.open(io.BytesIO(encoded), formats=FORMATS) as image,
        ):
            width, height = image.size
            if width * height > MOST_PIXELS:
                return _too_large(f" ({width:,} x {height:,})")
            # Of a JPEG file all bytes are read, but only an eighth of the pixels is made.
            image.draft("L", (1, 1))
            image.load()
            if image.format == "BMP":
                return _bmp_problem(encoded)
            if image.format == "GIF" and not encoded.rstrip(PADDING).endswith(GIF_END):
                return "is an image that is cut off"  # the two bytes are in pixels, too
            if image.format == "PNG":
                if PNG_END not in encoded:
                    return "is an image that is cut off"
                _check_sums(encoded)
    except Image.DecompressionBombError:
        return _too_large("")
    except UnidentifiedImageError:
        return _no_image(encoded)
    except Exception:  # of a damaged file Pillow raises whatever its bytes lead to
        return "is an image that is cut off or damaged"
    return None


def _check_sums(png: bytes) -> None:
    """Raise an error where a checksum is wrong, which Pillow forgives when it makes the pixels."""
    from PIL import Image

    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        image.verify()


def _too_large(size: str) -> str:
    return f"is an image of more than {MOST_PIXELS:,} pixels{size}; make it smaller"


def _no_image(encoded: bytes) -> str:
    kind = next((what for start, what in OTHERS.items() if encoded.startswith(start)), None)
    if encoded[4:8] == b"ftyp":
        kind = "an HEIC or AVIF image, or a film"
    known = "JPEG, PNG, GIF and BMP are read"
    return f"is {kind}; {known}" if kind else f"is no image, or a damaged one; {known}"


def _bmp_problem(encoded: bytes) -> str | None:
    """TensorFlow reads BMP files of 8, 24 or 32 bits a pixel with nothing before or after them."""
    (start,) = struct.unpack_from("<I", encoded, 10)
    width, height, _, bits = struct.unpack_from("<iiHH", encoded, 18)
    if bits not in (8, 24, 32):
        return "is a BMP image with packed pixels; save it as PNG"
    row = (bits * width + 31) // 32 * 4  # bytes
    if len(encoded) != start + row * abs(height):
        return "is a BMP image that is cut off, compressed or followed by something"
    return None
