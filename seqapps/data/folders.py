"""Folders of data: files named by split, one folder of texts per label, images with captions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seqapps.data import tables
from seqapps.data.tables import Located, Table, Where
from seqapps.errors import UserError
from seqapps.task import Task

# How others call our splits. IMDB's folder of reviews without labels is none of them.
SPLIT_NAMES = {
    "train": "train", "training": "train",
    "valid": "valid", "validation": "valid", "val": "valid", "dev": "valid",
    "test": "test", "testing": "test",
}  # fmt: skip
WITHOUT_LABELS = ("unsup", "unsupervised", "unlabeled", "unlabelled")
IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
_SPLIT = re.compile(rf"((?P<prefix>.+)[-_.])?(?P<split>{'|'.join(SPLIT_NAMES)})")
_SHARD = re.compile(r"[-_.]\d+([-_]of[-_]\d+)?$")  # train-00000-of-00004

Split = str | None


@dataclass(frozen=True)
class Layout:
    """What a folder holds: tables by split, or text files with their labels by split."""

    tables: Mapping[Split, Sequence[Path]] = field(default_factory=dict)
    texts: Mapping[Split, Sequence[tuple[Path, str]]] = field(default_factory=dict)
    notes: Sequence[str] = ()


def layout_of(task: Task, folder: Path) -> Layout:
    """How a folder is to be read. Raises UserError where it holds nothing that can be read."""
    files = [path for path in _listed(folder) if path.is_file() and tables.is_table(path)]
    by_split = split_by_name(files)
    if by_split:
        left = len(files) - sum(map(len, by_split.values()))
        notes = [f"{left} files whose names name no split are not read"] if left else []
        return Layout(tables=by_split, notes=notes)
    nested = {
        SPLIT_NAMES[path.name.lower()]: path
        for path in _listed(folder)
        if path.is_dir() and path.name.lower() in SPLIT_NAMES
    }
    if nested:
        return _nested(task, folder, nested)
    texts, notes = _labelled(folder)
    if texts:
        _check_takes_labels(task, folder)
        return Layout(texts={None: texts}, notes=notes)
    if len(files) == 1 or (files and all(tables.kind_of(file) == ".txt" for file in files)):
        return Layout(tables={None: files})
    names = ", ".join(path.name for path in files[:10])
    raise UserError(
        f"--data {folder}: a folder without matching files. Expected files named by split "
        "(train.csv, valid.csv, test.csv), one folder of .txt files per label (pos/1.txt, "
        "neg/1.txt, also below train/ and test/), or a single table beside a folder of images; "
        + (f"found {names}. Name those that are meant by a pattern: "
           f"'{folder}/reviews*.csv'." if files
           else "found no file that is read.")
    )  # fmt: skip


def texts(
    task: Task, folder: Path, files: Sequence[tuple[Path, str]], encoding: str
) -> Iterator[Located]:
    """One row per text file; its label is the name of its folder."""
    text, label = _text_and_label(task)
    for file, name in files:
        shown = file.relative_to(folder).as_posix()
        content = tables.whole_text(Table(file, shown, encoding))
        yield Where(shown, 0), {text: content, label: name}


def images(folder: Path) -> Iterator[Path]:
    """Every image in or below a folder, in the order of names."""
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in IMAGES)


def _nested(task: Task, folder: Path, nested: Mapping[str, Path]) -> Layout:
    """Splits that are folders: each holds labels' folders, or tables."""
    texts: dict[Split, Sequence[tuple[Path, str]]] = {}
    found: dict[Split, Sequence[Path]] = {}
    notes: list[str] = []
    for split, inner in nested.items():
        texts[split], said = _labelled(inner)
        notes += [f"{inner.name}/{line}" for line in said]
        found[split] = [path for path in _listed(inner) if tables.is_table(path)]
    if any(texts.values()):
        _check_takes_labels(task, folder)
        for split, inner in nested.items():
            if not texts[split]:
                raise UserError(f"{inner}: no folder of .txt files in it.")
        return Layout(texts=texts, notes=notes)
    for split, inner in nested.items():
        if not found[split]:
            raise UserError(f"{inner}: no file in it that is read.")
    return Layout(tables=found)


def _labelled(folder: Path) -> tuple[list[tuple[Path, str]], list[str]]:
    """((file, label) of every text file one folder down, what was left out)."""
    found, notes = [], []
    for inner in _listed(folder):
        if not inner.is_dir():
            continue
        files = [path for path in _listed(inner) if path.suffix.lower() == ".txt"]
        if inner.name.lower() in WITHOUT_LABELS:
            notes.append(f"{inner.name}: {len(files):,} texts without labels are not read")
        else:
            found += [(path, inner.name) for path in files]
    return found, notes


def split_by_name(files: Sequence[Path]) -> dict[Split, list[Path]]:
    """Files whose names are a split's, or end in one after a prefix that all of these share.

    reviews_train.csv and reviews_test.csv are two splits; with songs_train.csv beside them nothing
    is: which of them is meant?
    """
    found: dict[str, dict[Split, list[Path]]] = {}
    for file in files:
        stem = file.name.lower().removesuffix(".gz").rpartition(".")[0]
        name = _SPLIT.fullmatch(_SHARD.sub("", stem))
        if name:
            parts = found.setdefault(name["prefix"] or "", {})
            parts.setdefault(SPLIT_NAMES[name["split"]], []).append(file)
    return found.get("") or (next(iter(found.values())) if len(found) == 1 else {})


def _check_takes_labels(task: Task, folder: Path) -> None:
    if _text_and_label(task) == ("", ""):
        raise UserError(
            f"--data {folder}: a folder per label gives a text and a label, but the task "
            f"{task.name} needs {', '.join(task.row_columns)}."
        )


def _text_and_label(task: Task) -> tuple[str, str]:
    """The task's column of texts and that of labels; empty where it has not exactly these."""
    columns = {name: c for name, c in task.row_columns.items() if c.default is None}
    kinds = {column.kind: name for name, column in columns.items()}
    if len(columns) == 2 and kinds.keys() == {"text", "category"}:
        return kinds["text"], kinds["category"]
    return "", ""


def _listed(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
