"""Folders of data: files named by split, parallel ones too; texts by label; captioned images."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from seqapps.data import parallel, tables
from seqapps.data.opening import Table, kind_of
from seqapps.data.tables import Located, Where
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
_SPLIT = re.compile(rf"((?P<prefix>.+)[-_.])?(?P<split>{'|'.join(SPLIT_NAMES)})(?P<of>[-_.]?\d.*)?")
_SHARD = re.compile(r"[-_.](?!(19|20)\d\d$)\d+([-_]of[-_]\d+)?$")  # train-00000-of-00004

Split = str | None
Part = TypeVar("Part")


class Lines(NamedTuple):
    """Files whose lines belong together: "train", {"en": train.en, "de": train.de}."""

    stem: str
    files: Mapping[str, Path]


@dataclass(frozen=True)
class Layout:
    """What a folder holds, by split: tables, parallel files, or text files with their labels."""

    tables: Mapping[Split, Sequence[Path]] = field(default_factory=dict)
    lines: Mapping[Split, Sequence[Lines]] = field(default_factory=dict)
    texts: Mapping[Split, Sequence[tuple[Path, str]]] = field(default_factory=dict)
    notes: Sequence[str] = ()


def layout_of(task: Task, folder: Path, *, side_by_side: bool) -> Layout:
    """How a folder is to be read. Raises UserError where it holds nothing that can be read.

    `side_by_side`: whether text files may be columns of the same rows.
    """
    files = [path for path in _listed(folder) if path.is_file()]
    lines, alone = lines_in(files) if side_by_side else ([], [])
    in_lines = {path for item in lines for path in item.files.values()}
    found = [path for path in files if tables.is_table(path) and path not in in_lines]
    layout = _by_name(found, lines)
    if layout:
        return replace(layout, notes=[*layout.notes, *_without_partner(layout, alone)])
    nested = {
        SPLIT_NAMES[path.name.lower()]: path
        for path in _listed(folder)
        if path.is_dir() and path.name.lower() in SPLIT_NAMES
    }
    if nested:
        return _nested(task, folder, nested, side_by_side=side_by_side)
    texts, notes = _labelled(folder)
    if texts:
        _check_takes_labels(task, folder)
        return Layout(texts={None: texts}, notes=notes)
    if len(found) == 1 or (found and all(kind_of(file) == ".txt" for file in found)):
        return Layout(tables={None: found})
    if len(lines) == 1 and not found:
        return Layout(lines={None: lines})
    raise _nothing(folder, [path.name for path in found] + [f"{stem}.*" for stem, _ in lines])


def lines_in(files: Iterable[Path]) -> tuple[list[Lines], list[Lines]]:
    """(files whose lines may belong together, such files without another one), by name."""
    plain = [path for path in files if kind_of(path) == ".txt" or not tables.is_table(path)]
    found = [Lines(stem, columns) for stem, columns in parallel.groups(plain).items()]
    several = [item for item in found if len(item.files) > 1]
    return several, [item for item in found if len(item.files) == 1]


def _by_name(found: Sequence[Path], lines: Sequence[Lines]) -> Layout | None:
    """Tables named by split, else parallel files named by split, else None."""
    by_split, further = split_by_name([(stem_of(path), path) for path in found])
    lines_by_split, further_lines = split_by_name([(item.stem, item) for item in lines])
    if by_split:
        unnamed = len(found) - sum(map(len, by_split.values())) - len(further)
        beside = ", ".join(f"{item.stem}.*" for items in lines_by_split.values() for item in items)
        notes = [f"not read, as there are tables: {beside}"] if beside else []
        return Layout(tables=by_split, notes=[*_left(unnamed, further), *notes])
    if lines_by_split:
        taken = {item.stem for items in lines_by_split.values() for item in items}
        others = [item for item in lines if item.stem not in {*taken, *further_lines}]
        unnamed = sum(len(item.files) for item in others)
        return Layout(lines=lines_by_split, notes=_left(unnamed, further_lines))
    return None


def _without_partner(layout: Layout, alone: Sequence[Lines]) -> list[str]:
    """What is said of test.en where there is no test.de."""
    by_split, further = split_by_name([(item.stem, item) for item in alone])
    if not by_split or not layout.lines:
        return []
    stems = {item.stem for items in by_split.values() for item in items} | {*further}
    files = [file.name for item in alone if item.stem in stems for file in item.files.values()]
    return [f"not read, as no file beside it has its lines: {', '.join(files)}"]


def _left(unnamed: int, further: Sequence[str]) -> list[str]:
    """What is said of files that are not read."""
    notes = [f"{unnamed} files whose names name no split are not read"] if unnamed else []
    return notes + further_notes(further)


def further_notes(further: Sequence[str]) -> list[str]:
    """What is said of held-out sets beside the first one."""
    if not further:
        return []
    return [
        f"further held-out sets are not read: {', '.join(further)} (`seqapps evaluate` judges a "
        "model on them)"
    ]


def _nothing(folder: Path, names: Sequence[str]) -> UserError:
    found = ", ".join(names[:10])
    one = next((name for name in names if name.endswith(".*")), "reviews*.csv")
    return UserError(
        f"--data {folder}: a folder without matching files. Expected files named by split "
        "(train.csv, valid.csv, test.csv; train.en, train.de, test.en, test.de), one folder of "
        ".txt files per label (pos/1.txt, neg/1.txt, also below train/ and test/), or a single "
        "table beside a folder of images; "
        + (f"found {found}. Name those that are meant by a pattern: '{folder}/{one}'."
           if names else "found no file that is read.")
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


def _nested(task: Task, folder: Path, nested: Mapping[str, Path], *, side_by_side: bool) -> Layout:
    """Splits that are folders: each holds labels' folders, parallel files, or tables."""
    texts: dict[Split, Sequence[tuple[Path, str]]] = {}
    found: dict[Split, Sequence[Path]] = {}
    lines: dict[Split, Sequence[Lines]] = {}
    notes: list[str] = []
    for split, inner in nested.items():
        texts[split], said = _labelled(inner)
        notes += [f"{inner.name}/{line}" for line in said]
        files = [path for path in _listed(inner) if path.is_file()]
        found[split] = [path for path in files if tables.is_table(path)]
        lines[split] = lines_in(files)[0] if side_by_side else []
    if any(texts.values()):
        _check_takes_labels(task, folder)
        for split, inner in nested.items():
            if not texts[split]:
                raise UserError(f"{inner}: no folder of .txt files in it.")
        return Layout(texts=texts, notes=notes)
    if all(lines.values()):
        return Layout(lines=lines, notes=notes)
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


def stem_of(file: Path) -> str:
    """A file's name without the suffixes that say how it is read: "train" of train.csv.gz."""
    return file.name.lower().removesuffix(".gz").rpartition(".")[0]


def split_of(name: str) -> Split:
    """The split that a name is of: "valid" of val2017, None of anything else."""
    found = _SPLIT.fullmatch(_SHARD.sub("", name.lower()))
    return SPLIT_NAMES[found["split"]] if found else None


def split_by_name(
    named: Sequence[tuple[str, Part]],
) -> tuple[dict[Split, list[Part]], list[str]]:
    """(things by the split that their names tell, names of further sets that are left out).

    A name is a split's, or ends in one after a prefix that all of these share: reviews_train and
    reviews_test are two splits; with songs_train beside them nothing is: which of them is meant?
    Of several sets that are held out (test_2016_flickr, test_2017_mscoco) the first one is taken,
    since a score over both is comparable to nobody's; for training all are.
    """
    found: dict[str, dict[Split, dict[str, list[tuple[str, Part]]]]] = {}
    for stem, part in named:
        name = _SPLIT.fullmatch(_SHARD.sub("", stem.lower()))
        if name:
            by_split = found.setdefault(name["prefix"] or "", {})
            sets = by_split.setdefault(SPLIT_NAMES[name["split"]], {})
            sets.setdefault(name["of"] or "", []).append((stem, part))
    chosen = found.get("") or (next(iter(found.values())) if len(found) == 1 else {})
    taken: dict[Split, list[Part]] = {}
    further: list[str] = []
    for split, sets in chosen.items():
        first, *others = [sets[name] for name in sorted(sets)]
        if split == "train":
            first, others = [item for items in (first, *others) for item in items], []
        taken[split] = [part for _, part in first]
        further += [stem for items in others for stem, _ in items]
    return taken, further


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
