"""What `--data` names: a sample, files, a folder, a TFDS data set; or rows from Python."""

from __future__ import annotations

import codecs
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from seqapps.data import samples, tables, wheels
from seqapps.data.opening import UTF8
from seqapps.data.splits import SHARES
from seqapps.data.tables import Located, Where
from seqapps.errors import UserError, nearest
from seqapps.progress import SILENT, Progress
from seqapps.task import Row, Rows, Sample, Task

SPLITS = ("train", "valid", "test")
CACHED = "cached:"  # what opens rows again that were given from Python


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a source is read; `columns` maps the task's names to the file's ({ours: theirs})."""

    columns: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None
    encoding: str = UTF8
    header: bool = True  # of csv and tsv files; without one, columns are called 1, 2, 3
    data_dir: Path | None = None  # where TFDS looks for prepared data sets
    shares: tuple[float, ...] = SHARES  # or steps, of train, valid and test, where time decides
    time_format: str | None = None  # of times, as strptime takes it, where it does not show
    factors: Path | None = None  # a table whose columns are joined to every series by time
    factors_lag: int = 1  # steps of that table after which a factor is known


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where rows come from. The split None holds rows that are still to be cut into splits."""

    name: str  # for people
    spec: str | None  # what opens it again from any folder; None for rows that Python gave
    splits: Mapping[str | None, Callable[[], Iterator[Located]]]
    content: Callable[[], str | None]  # digest of what is read, where that needs no parsing
    columns: Sequence[str] = ()  # all that the source has, where that is known
    taken: Mapping[str, str] = field(default_factory=dict)  # ours: theirs, where names do not tell
    group: str | None = None
    sample: Sample | None = None
    ordered: bool = False  # neighbouring rows belong together: cut in order, not by hash
    notes: Sequence[str] = ()  # what was left out, and why
    said: list[str] = field(default_factory=list)  # what is found while rows are read, in order


def open_source(task: Task, data: Any, reading: Reading, *, progress: Progress = SILENT) -> Source:
    """The source that `--data` names; for None the task's first sample.

    Raises UserError where there is no such thing or where it lacks a column.
    """
    _check(task, reading)
    if data is None:
        if not task.samples:
            raise UserError(f"The task {task.name} has no sample data; give a file with --data.")
        data = f"sample:{next(iter(task.samples))}"
    if not isinstance(data, str | Path):
        return _given(task, data, reading)
    spec = str(data)
    if spec.startswith("sample:"):
        return _sample(task, spec, reading)
    if spec.startswith("tfds:"):
        from seqapps.data import tfds

        return tfds.source(task, spec, reading, progress=progress)
    from seqapps.data import on_disk

    return on_disk.source(task, spec, reading)


def wanted_columns(task: Task, reading: Reading) -> dict[str, str]:
    """{ours: theirs} of everything that is read: the task's columns and the group."""
    wanted = {
        name: reading.columns.get(name, name)
        for name, column in task.row_columns.items()
        if column.default is None or name in reading.columns
    }
    if reading.group:
        wanted[reading.group] = wanted.get(reading.group, reading.group)
    return wanted


def _check(task: Task, reading: Reading) -> None:
    wrong = [name for name in reading.columns if name not in task.row_columns]
    if wrong:
        raise UserError(
            f"--column {wrong[0]}={reading.columns[wrong[0]]}: the task {task.name} has no column "
            f"{wrong[0]!r}. {nearest(wrong[0], task.row_columns)}"
        )
    try:
        codecs.lookup(reading.encoding)
    except LookupError:
        raise UserError(
            f"--encoding {reading.encoding}: not an encoding that Python knows. Common ones: "
            "utf-8, utf-16, windows-1252, latin-1, shift_jis, gb18030, euc-kr."
        ) from None


# samples


def _sample(task: Task, spec: str, reading: Reading) -> Source:
    name = spec.removeprefix("sample:")
    known = {**samples.SHARED, **task.samples}
    if name not in known:
        raise UserError(
            f"--data {spec}: the task {task.name} has no such sample. {nearest(name, known)}"
        )
    sample = known[name]
    parts: dict[str | None, Rows] = {}
    if isinstance(sample.rows, Mapping):
        parts.update(sample.rows)
    else:
        parts[None] = sample.rows
    notes = []
    group = reading.group or sample.group
    if sample.group and not reading.group and {*reading.columns} & {*task.targets}:
        # The group keeps the sample's own labels honest; of others it may leave none to learn.
        group = None
        notes.append(
            f"{spec} is not split by {sample.group}, as it has other labels than its own; "
            f"--group {sample.group} does it"
        )
    wanted = dict(reading.columns) | ({group: group} if group else {})

    def located(split: str | None) -> Iterator[Located]:
        place = f"{spec} {split}" if split else spec
        return _renamed(parts[split](), place, wanted)

    return Source(
        name=spec,
        spec=spec,
        splits={split: partial(located, split) for split in parts},
        content=lambda: _code_and_wheel(spec, sample, list(parts.values())),
        group=group,
        sample=sample,
        notes=notes,
    )


def _code_and_wheel(spec: str, sample: Sample, functions: list[Any]) -> str | None:
    """A digest over what a sample's rows follow from: its code, wheel, packages, this Python."""
    code = digest_of_code(functions)
    if code is None:
        return None
    wheel = wheels.of(sample)
    shared = hashlib.sha256(Path(samples.__file__).read_bytes()).hexdigest()  # tasks use it, too
    packages = {name: metadata.version(name) for name in sample.packages}
    facts = [spec, code, shared, wheel.sha256 if wheel else "", packages, sys.version]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def digest_of_code(functions: Iterable[Any]) -> str | None:
    """SHA-256 over the files that define these functions.

    None where a file does not tell what a function does: closures, defaults, objects, a shell.
    """
    digest = hashlib.sha256()
    files = set()
    for function in functions:
        if not inspect.isfunction(function) or function.__closure__ or function.__defaults__:
            return None
        file = inspect.getsourcefile(function)
        if file is None or not Path(file).is_file():
            return None
        files.add(file)
        digest.update(f"{function.__qualname__} {function.__code__.co_firstlineno}\0".encode())
    for file in sorted(files):
        digest.update(hashlib.sha256(Path(file).read_bytes()).digest())
    return digest.hexdigest()


# rows from Python


def _given(task: Task, data: Any, reading: Reading) -> Source:
    """A pandas DataFrame, any iterable of rows, or one of these for each split."""
    parts: Mapping[str | None, Any] = {None: data}
    if isinstance(data, Mapping):
        wrong = [name for name in data if name not in SPLITS]
        if wrong or not data:
            raise UserError(
                f"data: a dict of splits holds {', '.join(SPLITS)}; received "
                f"{', '.join(map(repr, data)) or 'nothing'}. Columns go into a DataFrame or into "
                "one dict per row."
            )
        parts = {**data}

    said: list[str] = []

    def located(split: str | None) -> Iterator[Located]:
        from seqapps.data import columns
        from seqapps.data.gathered import gathered

        rows = parts[split]
        place = "the DataFrame" if hasattr(rows, "iloc") else "the rows given"
        place = f"{place} ({split})" if split else place
        records = _records(rows, place)
        first = next(records, None)
        if first is None:
            return
        if task.observed and not isinstance(first.get("times"), Sequence | np.ndarray):
            yield from _observed(task, reading, chain([first], records), [*first], place, said)
            return
        wanted = columns.called(task, reading, wanted_columns(task, reading), lambda: [*first])
        yield from gathered(_renamed(chain([first], records), place, wanted), task, wanted)

    return Source(
        name="rows from Python",
        spec=None,
        splits={split: partial(located, split) for split in parts},
        content=lambda: None,
        group=reading.group,
        said=said,
    )


def _observed(
    task: Task,
    reading: Reading,
    records: Iterable[Row],
    names: Sequence[str],
    place: str,
    said: list[str],
) -> Iterator[Located]:
    """Observations from Python as series."""
    from seqapps.data import observations

    layout = observations.layout_of(task.row_columns, reading, names, place=place)
    lines = ((Where(place, number), row) for number, row in enumerate(records, 1))
    return observations.gathered(lines, layout, name="series", said=said)


def _records(rows: Any, place: str) -> Iterator[Row]:
    if hasattr(rows, "iloc"):  # a DataFrame, without importing pandas
        for start in range(0, len(rows), tables.AT_ONCE):
            yield from rows.iloc[start : start + tables.AT_ONCE].to_dict("records")
        return
    try:
        iterator = iter(rows)
    except TypeError:
        raise UserError(
            f"data: {type(rows).__name__} holds no rows. Give a path, sample:NAME, tfds:NAME, a "
            "pandas DataFrame or an iterable of dicts."
        ) from None
    for number, row in enumerate(iterator, 1):
        if not isinstance(row, Mapping):
            raise UserError(
                f"{place}, row {number}: a {type(row).__name__}, expected a dict with the task's "
                "columns."
            )
        yield dict(row)


def _renamed(rows: Iterable[Row], place: str, wanted: Mapping[str, str]) -> Iterator[Located]:
    """Rows with these columns under our names; the first row must have them all."""
    for number, row in enumerate(rows, 1):
        if number == 1:
            for ours, theirs in wanted.items():
                if theirs not in row:
                    raise UserError(
                        f"{place}: no column {theirs!r}. {nearest(theirs, map(str, row))} "
                        f"If another column holds it: --column {ours}=NAME."
                    )
        yield Where(place, number), {**row, **{ours: row.get(t) for ours, t in wanted.items()}}
