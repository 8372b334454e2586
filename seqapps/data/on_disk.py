"""Files and folders as a source: which of them are read, under which names, into which split."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from seqapps.data import (
    captioned,
    columns,
    factors,
    folders,
    images,
    observations,
    parallel,
    sentences,
    tables,
)
from seqapps.data.gathered import gathered
from seqapps.data.images import ImageFolder
from seqapps.data.opening import Table, check_regular, digest_of_files, kind_of
from seqapps.data.parallel import JOIN, Parallel
from seqapps.data.source import Reading, Source, wanted_columns
from seqapps.data.tables import Advice, Located
from seqapps.errors import UserError, nearest
from seqapps.task import FOLLOWS, Task

Part = Table | Parallel
Parts = Mapping[str | None, Sequence[Part]]  # by split


def source(task: Task, spec: str, reading: Reading) -> Source:
    """The files that `spec` names: one, several, a folder. Raises UserError where they are none."""
    path = Path(spec)
    if not path.exists():
        if any(sign in spec for sign in "*?["):
            return _several(task, spec, reading)
        if JOIN in spec:
            return _side_by_side(task, spec, reading)
        near = [other.name for other in path.parent.glob("*") if tables.is_table(other)]
        braces = " Files that belong together line by line are joined by +: a.en+a.de."
        hint = braces if "{" in spec else ""
        raise UserError(f"--data {spec}: no such file. {nearest(path.name, near)}{hint}")
    check_regular(path, given=f"--data {spec}")
    if path.is_dir():
        return _folder(task, path, reading)
    path = path.absolute()
    found = captioned.columns_of(task) and captioned.in_file(path, reading.encoding)
    if found:
        return _captioned(task, found, reading, name=path.name, spec=str(path))
    if not tables.is_table(path):
        raise _no_table(task, path, spec)
    return _source(
        task, reading, name=path.name, base=path.parent, spec=str(path),
        parts={None: [_table(path, path.name, reading)]}, beside=captioned.base_of(path.parent),
    )  # fmt: skip


def _no_table(task: Task, path: Path, spec: str) -> UserError:
    message = (
        f"--data {spec}: files of kind {path.suffix or '(no suffix)'} are not read; expected "
        f"{_kinds()} with the columns {', '.join(task.row_columns)}, or a folder."
    )
    beside = [files for files in parallel.groups(_files_in(path.parent)).values()
              if path in files.values() and len(files) > 1]  # fmt: skip
    if beside:
        other = next(file for file in beside[0].values() if file != path)
        message += f" If its lines belong to those of {other.name}: --data {spec}{JOIN}{other}."
    return UserError(message)


def _side_by_side(task: Task, spec: str, reading: Reading) -> Source:
    """The files of a.en+a.de; columns that nothing else names are taken in their order."""
    paths, rest = parallel.parts_of(spec)
    if rest:
        path = Path(rest)
        near = get_close_matches(path.name, [other.name for other in _files_in(path.parent)])
        raise UserError(f"--data {spec}: no such file as {rest}. {nearest(path.name, near)}")
    wrong = next((path for path in paths if kind_of(path) in {*tables.SUFFIXES} - {".txt"}), None)
    if wrong:
        raise UserError(
            f"--data {spec}: {wrong.name} is a table. Files that are joined by {JOIN} are plain "
            "text, a line of each makes a row; several tables are given by a pattern ('*.csv') or "
            "as a folder."
        )
    paths = [path.absolute() for path in paths]
    base = Path(os.path.commonpath([path.parent for path in paths]))
    names = parallel.told_apart([path.relative_to(base).as_posix() for path in paths])
    if len({*names}) < len(names):
        raise UserError(f"--data {spec}: the same file twice.")
    files = {
        name: _table(path, path.relative_to(base).as_posix(), reading)
        for name, path in zip(names, paths, strict=True)
    }
    name = JOIN.join(table.name for table in files.values())
    return _source(
        task, reading, name=name, base=base, spec=JOIN.join(map(str, paths)),
        parts={None: [Parallel(name, files)]}, in_order=True,
    )  # fmt: skip


def _side_by_side_fits(task: Task, reading: Reading) -> bool:
    """Whether rows have several columns, each of which a line can hold."""
    wanted = wanted_columns(task, reading)
    columns = [column for name, column in task.row_columns.items() if name in wanted]
    return len(wanted) > 1 and all(c.dtype == "string" and c.kind != "image" for c in columns)


def _several(task: Task, spec: str, reading: Reading) -> Source:
    """The files of a pattern: tables, or parallel files where no table is among them."""
    pattern = Path(spec)
    matching = sorted(path for path in pattern.parent.glob(pattern.name) if path.is_file())
    found: list[tuple[str, Part]] = [
        (folders.stem_of(path), _table(path, path.name, reading))
        for path in matching
        if tables.is_table(path)
    ]
    if _side_by_side_fits(task, reading) and all(_is_text(part) for _, part in found):
        lines, _ = folders.lines_in(matching)
        found = [(item.stem, _lines(item, pattern.parent, reading)) for item in lines] or found
    if not found:
        raise UserError(
            f"--data {spec}: no file of kind {_kinds()} has such a name. * stands for any letters "
            "of a file's name, not of a folder's."
        )
    parts: dict[str | None, list[Part]] = {}
    by_split, further = folders.split_by_name(found)
    parts.update(by_split)
    if sum(map(len, parts.values())) + len(further) < len(found):
        parts, further = {None: [part for _, part in found]}, []
    return _source(
        task, reading, name=f"{pattern.name} ({len(matching)} files)", base=pattern.parent,
        spec=str(pattern.absolute()), parts=parts, notes=folders.further_notes(further),
    )  # fmt: skip


def _folder(task: Task, path: Path, reading: Reading) -> Source:
    found = captioned.columns_of(task) and captioned.in_folder(path, reading.encoding)
    if found:
        name = path.name or str(path)
        return _captioned(task, found, reading, name=name, spec=str(path.absolute()))
    if task.observed:
        return _tables_below(task, path, reading)
    layout = folders.layout_of(task, path, side_by_side=_side_by_side_fits(task, reading))
    name, spec = path.name or str(path), str(path.absolute())
    if layout.texts:
        return Source(
            name=name,
            spec=spec,
            splits={
                split: partial(folders.texts, task, path, files, reading.encoding)
                for split, files in layout.texts.items()
            },
            content=lambda: digest_of_files(
                path, [file for files in layout.texts.values() for file, _ in files]
            ),
            columns=["text", "label"],
            group=reading.group,
            notes=layout.notes,
        )
    parts: dict[str | None, list[Part]] = {
        split: [_table(file, file.relative_to(path).as_posix(), reading) for file in files]
        for split, files in layout.tables.items()
    }
    for split, items in layout.lines.items():
        parts[split] = [_lines(item, path, reading) for item in items]
    return _source(
        task, reading, name=name, base=path, spec=spec, parts=parts, notes=layout.notes
    )  # fmt: skip


def _tables_below(task: Task, path: Path, reading: Reading) -> Source:
    """All tables of a folder: those of splits by name, else as series that are still to be cut."""
    named = [
        (folders.stem_of(file), _table(file, file.relative_to(path).as_posix(), reading))
        for file in sorted(path.rglob("*"))
        if file.is_file() and tables.is_table(file) and kind_of(file) != ".txt"
    ]
    if not named:
        raise UserError(f"--data {path}: a folder without tables; expected {_kinds()}.")
    by_split, _ = folders.split_by_name(named)
    parts: Parts = by_split
    if sum(map(len, by_split.values())) < len(named):
        parts = {None: [part for _, part in named]}
    name, spec = path.name or str(path), str(path.absolute())
    return _source(task, reading, name=name, base=path, spec=spec, parts=parts)


def _captioned(
    task: Task, found: captioned.Found, reading: Reading, *, name: str, spec: str
) -> Source:
    """Captions in a form of their own; those in a table that is called .txt are rows as others."""
    parts = {split: list(items) for split, items in found.parts.items()}
    if [part.form for items in parts.values() for part in items] == ["table"]:
        (part,) = parts[None]
        table = replace(part.table, header=reading.header)
        return _source(
            task, reading, name=name, base=found.base, spec=spec, parts={None: [table]}
        )  # fmt: skip
    ours = dict(zip(captioned.columns_of(task) or (), captioned.COLUMNS, strict=True))
    wanted = wanted_columns(task, reading) | {
        name: reading.columns.get(name, theirs) for name, theirs in ours.items()
    }
    tables.check_names(
        name, wanted, captioned.COLUMNS, advice=columns.advice(task, reading, named=True)
    )
    image, caption = ours

    def rows(split: str | None) -> Iterator[Located]:
        located = (row for part in parts[split] for row in captioned.rows(part, image, caption))
        return images.as_files(gathered(located, task, ours), task, ImageFolder(found.base, split))

    return Source(
        name=name,
        spec=spec,
        splits={split: partial(rows, split) for split in parts},
        content=lambda: digest_of_files(
            found.base, found.files, looked_at=folders.images(found.base)
        ),
        columns=captioned.COLUMNS,
        taken=wanted,
        group=reading.group,
        notes=found.notes,
    )


def _table(path: Path, name: str, reading: Reading) -> Table:
    return Table(path, name, reading.encoding, reading.header)


def _lines(item: folders.Lines, base: Path, reading: Reading) -> Parallel:
    files = {
        column: _table(file, file.relative_to(base).as_posix(), reading)
        for column, file in item.files.items()
    }
    first = next(iter(files.values())).name
    return Parallel(f"{first[: first.rindex(item.stem)]}{item.stem}.*", files)


def _source(
    task: Task,
    reading: Reading,
    *,
    name: str,
    base: Path,
    spec: str,
    parts: Parts,
    notes: Sequence[str] = (),
    in_order: bool = False,
    beside: Path | None = None,
) -> Source:
    """`in_order`: columns that nothing names are read in their order.

    `beside`: the folder in or below which the images are that tables name, if not in `base`.
    """
    if sentences.fits(task):
        parts = {
            split: [sentences.as_sentences(part) if isinstance(part, Table) else part
                    for part in items]
            for split, items in parts.items()
        }  # fmt: skip
    everything = [part for items in parts.values() for part in items]
    if task.observed:
        return _observed(task, reading, name=name, base=base, spec=spec, parts=parts, notes=notes)
    running = any(_is_text(part) for part in everything)
    wanted = wanted_columns(task, reading)
    if not reading.header:
        _check_lack_header(everything)
    if running:
        wanted = dict.fromkeys(wanted, "text")
    elif in_order or not reading.header or _kind(everything[0]) == sentences.KIND:
        wanted, taken = columns.in_order(task, wanted, _columns_of(everything[0]))
        notes = [*notes, *taken]
    else:
        wanted = columns.called(task, reading, wanted, partial(_columns_of, everything[0]))
    # Every file's columns are checked now: before anything is made, and not after an hour.
    found = [_checked(part, wanted, _advice(task, reading, part)) for part in everything]
    parts = {
        split: [part.only(wanted.values()) if isinstance(part, Parallel) else part
                for part in items]
        for split, items in parts.items()
    }  # fmt: skip
    pictures = any(column.kind == "image" for column in task.row_columns.values())

    place = beside if beside and pictures else base

    def located(items: Sequence[Part]) -> Iterator[Located]:
        for part in items:
            for where, row in _located(part, wanted, _advice(task, reading, part)):
                if running:
                    row[FOLLOWS] = float(where.number > 1)
                yield where, row

    unnamed = images.Unnamed(place, parts)

    def rows(split: str | None, items: Sequence[Part]) -> Iterator[Located]:
        found = gathered(located(items), task, wanted)
        if not pictures:
            return found
        return unnamed.watched(images.as_files(found, task, ImageFolder(place, split)), split)

    def content() -> str:
        files = [file for items in parts.values() for part in items for file in _paths(part)]
        return digest_of_files(place, files, looked_at=folders.images(place) if pictures else ())

    return Source(
        name=name,
        spec=spec,
        splits={split: partial(rows, split, items) for split, items in parts.items()},
        content=content,
        columns=found[0],
        taken=wanted,
        group=reading.group,
        ordered=running,
        notes=notes,
        said=unnamed.said,
    )


def _observed(
    task: Task,
    reading: Reading,
    *,
    name: str,
    base: Path,
    spec: str,
    parts: Parts,
    notes: Sequence[str],
) -> Source:
    """Tables of observations as series; a file without a column of names is one series."""
    found: dict[Part, observations.Layout] = {}
    for part in (part for items in parts.values() for part in items):
        if _is_text(part) or isinstance(part, Parallel):
            raise UserError(
                f"{part.name}: series are read from tables with a column of times; expected "
                ".csv, .tsv, .jsonl or .parquet."
            )
        names = tables.columns_of(part)
        found[part] = observations.layout_of(task.row_columns, reading, names, place=part.name)
    said: list[str] = []
    joined = factors.read(reading, said) if reading.factors else None

    def rows(items: Sequence[Part]) -> Iterator[Located]:
        for part in items:
            layout = found[part]
            lines = tables.located(
                part,  # type: ignore[arg-type]
                {column: column for column in layout.read},
                advice=lambda *_: "",
            )
            stem = str(Path(part.name.removesuffix(".gz")).with_suffix(""))
            series = observations.gathered(lines, layout, name=stem, said=said)
            yield from joined.to(series) if joined else series

    def content() -> str:
        files = [file for part in found for file in _paths(part)]
        digest = digest_of_files(base, files)
        return joined.digest(digest) if joined else digest

    first = next(iter(found.values()))
    return Source(
        name=name,
        spec=spec,
        splits={split: partial(rows, items) for split, items in parts.items()},
        content=content,
        columns=first.read,
        taken=first.taken,
        group=reading.group,
        notes=notes,
        said=said,
    )


def _is_text(part: Part) -> bool:
    return _kind(part) == ".txt"


def _kind(part: Part) -> str:
    return part.kind if isinstance(part, Table) else ""


def _columns_of(part: Part) -> list[str]:
    return list(part.files) if isinstance(part, Parallel) else tables.columns_of(part)


def _checked(part: Part, wanted: Mapping[str, str], advice: Advice) -> list[str]:
    check = parallel.check_columns if isinstance(part, Parallel) else tables.check_columns
    return check(part, wanted, advice=advice)  # type: ignore[arg-type]


def _located(part: Part, wanted: Mapping[str, str], advice: Advice) -> Iterator[Located]:
    if isinstance(part, Parallel):
        return parallel.located(part, wanted)
    return tables.located(part, wanted, advice=advice)


def _paths(part: Part) -> list[Path]:
    files = part.files.values() if isinstance(part, Parallel) else [part]
    return [file.path for file in files]


def _check_lack_header(parts: Sequence[Part]) -> None:
    for part in parts:
        if isinstance(part, Parallel) or part.kind not in tables.SEPARATED:
            raise UserError(
                f"--no-header: {part.name} is no csv or tsv file and has no header line anyway; "
                "leave it out. (Where tabs separate columns, a name ends in .tsv.)"
            )


def _advice(task: Task, reading: Reading, part: Part) -> Advice:
    if isinstance(part, Parallel) or part.kind == sentences.KIND:
        return columns.advice(task, reading, named=False)
    titled = reading.header and part.kind in tables.SEPARATED
    return columns.advice(task, reading, named=reading.header, separated=titled)


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_file())


def _kinds() -> str:
    return f"{', '.join(tables.SUFFIXES)} (each also .gz but for .parquet)"
