"""Captions as they are published: Flickr8k's text files with their lists, COCO's JSON."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from seqapps.data import folders
from seqapps.data.folders import SPLIT_NAMES, Split
from seqapps.data.opening import Table, kind_of, opened_text
from seqapps.data.tables import Located, Where, is_table
from seqapps.data.usable import Unusable
from seqapps.errors import UserError
from seqapps.task import Task

COLUMNS = ("image", "caption")  # of files whose columns have no names
TEXTS = (".txt", ".token")  # Flickr30k's file is called results_20130124.token
# Folders of captions, beside which the images lie and not in them: Flickr8k_text, annotations.
BESIDE = re.compile(r"(.*[-_])?(annotations?|captions?|texts?)", re.IGNORECASE)
_LINE = re.compile(r"(?P<image>[^\t]+)#\d+\t(?P<caption>.*)")
_IMAGE = re.compile(rf"[^\t,]+({'|'.join(map(re.escape, folders.IMAGES))})\s*", re.IGNORECASE)
# Flickr_8k.trainImages.txt
_LIST = re.compile(rf"(.*[-_.])?(?P<split>{'|'.join(SPLIT_NAMES)})[-_.]?(images?)?")

Form = Literal["tokens", "list", "table", "coco"]


@dataclass(frozen=True)
class Captions:
    """A file of captions; where `lists` name the images of a split, only the captions of these."""

    table: Table
    form: Form
    lists: Sequence[Table] = ()
    tells_broken: bool = True  # a line that belongs to no split is told in one of them


@dataclass(frozen=True)
class Found:
    """The captions of a folder or a file, by split."""

    base: Path  # the images are in or below it
    parts: Mapping[Split, Sequence[Captions]]
    notes: Sequence[str] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """All that is read, but for the images."""
        parts = [part for items in self.parts.values() for part in items]
        tables = [table for part in parts for table in (part.table, *part.lists)]
        return sorted({table.path for table in tables})


def columns_of(task: Task) -> tuple[str, str] | None:
    """The task's column of images and that of captions, where it has one of each."""
    columns = task.row_columns.items()
    images = [name for name, column in columns if column.kind == "image"]
    captions = [name for name, column in columns if column.several]
    return (images[0], captions[0]) if len(images) == len(captions) == 1 else None


def base_of(folder: Path) -> Path:
    """The folder in or below which the images are, where their captions lie in `folder`."""
    return folder.parent if BESIDE.fullmatch(folder.name) else folder


def in_file(path: Path, encoding: str, base: Path | None = None) -> Found | None:
    """The captions in a file; with the splits that lists beside Flickr8k's name."""
    base, form = base or base_of(path.parent), _form_of(path, encoding)
    if form == "tokens":
        beside = [file for file in _readable(path.parent) if _form_of(file, encoding) == "list"]
        return _tokens(base, path, beside, encoding)
    if form in ("coco", "table"):
        return Found(base, {None: [Captions(_table(path, base, encoding, form), form)]})
    return None


def in_folder(base: Path, encoding: str) -> Found | None:
    """The captions in a folder or in one that is directly in it; None where tables hold them."""
    tables = [path for path in base.iterdir() if is_table(path) and kind_of(path) != ".txt"]
    if folders.split_by_name([(folders.stem_of(path), path) for path in tables])[0]:
        return None
    inner = sorted(path for path in base.iterdir() if path.is_dir() and path.name[0] != ".")
    forms: dict[Form | None, list[Path]] = {}
    for folder in (base, *inner):
        for path in _readable(folder):
            forms.setdefault(_form_of(path, encoding), []).append(path)
    coco = forms.get("coco", [])
    named = [path for path in coco if "caption" in path.name.lower()]
    if named:
        return _coco(base, named, encoding)
    if "tokens" in forms:
        # Flickr8k.lemma.token.txt has the same captions without the endings of words.
        first, *others = sorted(forms["tokens"], key=lambda path: ("lemma" in path.name, path))
        return _tokens(base, first, forms.get("list", []), encoding, left=others)
    single = forms.get("table", []) + coco
    if len(single) == 1 and not tables:
        return in_file(single[0], encoding, base)
    return None


def rows(captions: Captions, image: str, caption: str) -> Iterator[Located]:
    """A row for each caption; then one for each image that has none, with an empty list."""
    read = _coco_rows if captions.form == "coco" else _token_rows
    for where, name, text in read(captions):
        yield where, {image: name, caption: text}


def _readable(folder: Path) -> list[Path]:
    """The files of a folder that may hold captions or lists, by their names."""
    ends = tuple(f"{kind}{gz}" for kind in (*TEXTS, ".json") for gz in ("", ".gz"))
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.lower().endswith(ends)]
    return [folder / name for name in sorted(names) if (folder / name).is_file()]


def _form_of(path: Path, encoding: str) -> Form | None:
    """What a file is: .json by its name, text by its first line."""
    if kind_of(path) == ".json":
        return "coco"
    if kind_of(path) not in TEXTS:
        return None
    try:
        with opened_text(Table(path, path.name, encoding)) as file:
            first = file.readline(4096).rstrip("\r\n")
    except UserError:
        return None
    if _LINE.fullmatch(first):
        return "tokens"
    if _IMAGE.fullmatch(first):
        return "list"
    return "table" if {*COLUMNS} <= {*next(csv.reader([first]), [])} else None


def _table(path: Path, base: Path, encoding: str, form: Form | None = None) -> Table:
    name = path.relative_to(base).as_posix()
    return Table(path, name, encoding, read_as=".csv" if form == "table" else "")


# Flickr8k


def _tokens(
    base: Path, path: Path, lists: Sequence[Path], encoding: str, *, left: Sequence[Path] = ()
) -> Found:
    """The captions of `path` in the splits that the lists name; `left` are other such files."""
    table = _table(path, base, encoding)
    notes = [f"not read: {', '.join(file.name for file in left)}"] if left else []
    by_split: dict[Split, list[Table]] = {}
    for file in lists:
        name = _LIST.fullmatch(folders.stem_of(file))
        if name:
            split = SPLIT_NAMES[name["split"]]
            by_split.setdefault(split, []).append(_table(file, base, encoding))
    if not by_split:
        return Found(base, {None: [Captions(table, "tokens")]}, notes)
    tables = [list_ for items in by_split.values() for list_ in items]
    listed = {name for list_ in tables for _, name in _listed(list_)}
    others = {line["image"] for _, line in _lines(table) if line} - listed
    notes.insert(0, f"the splits are those of {', '.join(list_.name for list_ in tables)}")
    if others:
        notes.append(f"{len(others):,} images are in none of these lists and are not read")
    parts = {
        split: [Captions(table, "tokens", items, tells_broken=number == 0)]
        for number, (split, items) in enumerate(by_split.items())
    }
    return Found(base, parts, notes)


def _token_rows(captions: Captions) -> Iterator[tuple[Where, Any, Any]]:
    """(place, name of the image, caption) of every line that is of this split."""
    left: dict[str, Where] = {}
    for table in captions.lists:
        for number, name in _listed(table):
            left.setdefault(name, Where(table.name, number))
    listed = {*left}
    for number, line in _lines(captions.table):
        where = Where(captions.table.name, number)
        if line is None:
            if captions.tells_broken:
                yield where, Unusable("the line is not IMAGE#NUMBER, a tab and a caption"), ""
        elif line["image"] in listed or not captions.lists:
            left.pop(line["image"], None)
            yield where, line["image"], line["caption"]
    for name, where in left.items():
        yield where, name, []


def _lines(table: Table) -> Iterator[tuple[int, re.Match[str] | None]]:
    """(number of the line, its parts or None) of every line that is not blank."""
    with opened_text(table, newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, _LINE.fullmatch(line.rstrip("\r\n"))


def _listed(table: Table) -> Iterator[tuple[int, str]]:
    """(number of the line, name of an image) of a list."""
    with opened_text(table) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line.strip()


# COCO


def _coco(base: Path, files: Sequence[Path], encoding: str) -> Found:
    by_split, further = folders.split_by_name([(folders.stem_of(path), path) for path in files])
    if not by_split:
        by_split = {None: list(files)}
    parts = {
        split: [Captions(_table(path, base, encoding), "coco") for path in items]
        for split, items in by_split.items()
    }
    notes = folders.further_notes(further)
    unnamed = len(files) - sum(map(len, by_split.values())) - len(further)
    if unnamed:
        notes.append(f"{unnamed} .json files whose names name no split are not read")
    return Found(base, parts, notes)


def _coco_rows(captions: Captions) -> Iterator[tuple[Where, Any, Any]]:
    """(place, name of the image, caption) of every annotation."""
    table = captions.table
    images, annotations = _read_coco(table)
    try:
        names = {image["id"]: image["file_name"] for image in images}
        left = {image["id"]: number for number, image in enumerate(images, 1)}
        for number, annotation in enumerate(annotations, 1):
            where, key = Where(f"{table.name}, annotations", number), annotation["image_id"]
            left.pop(key, None)
            unknown = Unusable(f"there is no image of the id {key!r}")
            yield where, names.get(key, unknown), annotation["caption"]
    except (KeyError, TypeError) as error:
        raise _not_coco(table, f"an entry without {error}") from None
    for key, number in left.items():
        yield Where(f"{table.name}, images", number), names[key], []


def _read_coco(table: Table) -> tuple[list[Any], list[Any]]:
    with opened_text(table) as file:
        try:
            content = json.load(file)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _not_coco(table, f"no JSON ({error})") from None
    found = [content.get(name) if isinstance(content, dict) else None
             for name in ("images", "annotations")]  # fmt: skip
    if not all(isinstance(items, list) for items in found):
        names = f" with {', '.join(list(content)[:10])}" if isinstance(content, dict) else ""
        raise _not_coco(table, f"a JSON {type(content).__name__}{names}")
    return found[0], found[1]  # type: ignore[return-value]


def _not_coco(table: Table, what: str) -> UserError:
    return UserError(
        f"{table.name}: {what}; expected captions as COCO has them, "
        '{"images": [{"id": 7, "file_name": "7.jpg"}, ...], '
        '"annotations": [{"image_id": 7, "caption": "..."}, ...]}. Rows as JSON go into a .jsonl '
        "file, one object a line."
    )
