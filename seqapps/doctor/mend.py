"""The rows of a source without what can be put right for certain, as a file of their own.

Left out: rows that cannot be used, exact copies, rows whose inputs are held out elsewhere, labels
that occur once. Repaired: text that was read in a wrong encoding. All else is kept.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from seqapps.data.load import Data
from seqapps.data.opening import kind_of
from seqapps.data.splits import SPLITS, cut, hashed, key_of
from seqapps.doctor.suspicious import Repairer
from seqapps.doctor.view import View, first_equal
from seqapps.errors import UserError
from seqapps.files import PARTIAL
from seqapps.progress import SILENT, Progress
from seqapps.task import Column, Row, Task

KINDS = (".csv", ".tsv", ".jsonl", ".parquet")
# What a kind of file cannot hold; a space stands for it.
IMPOSSIBLE = {".csv": "\0", ".tsv": "\0\t\n\r", ".jsonl": "", ".parquet": ""}
HELD = {".csv": ("text", "category", "number"), ".tsv": ("text", "category", "number"),
        ".jsonl": ("text", "category", "number", "series")}  # fmt: skip
AT_ONCE = 1024  # rows of a parquet file that are encoded together

Write = Callable[[Row], Any]


def check_place(task: Task, out: Path) -> None:
    """Raise UserError where `out` cannot be written, before hours of reading."""
    if task.observed:
        raise UserError(
            f"--fix {out}: the rows of {task.name} are series, which --fix does not mend. Lines "
            "out of order, repeated times, gaps and what is no number are treated alike by every "
            "command that reads them, and told; there is nothing to write."
        )
    if out.exists() or out.is_symlink():
        raise UserError(f"--fix {out}: exists already; nothing is overwritten. Give a new name.")
    if not out.parent.is_dir():
        raise UserError(f"--fix {out}: there is no folder {out.parent}. Make it first.")
    if not out.suffix:
        return  # a folder; whether that is right is known when the source is open
    kind = kind_of(out)
    if kind not in KINDS or out.name.lower().endswith(".parquet.gz"):
        raise UserError(
            f"--fix {out}: files of this kind are not written; expected {', '.join(KINDS)} (each "
            "also .gz but for .parquet)."
        )
    for name, column in task.row_columns.items():
        if column.kind not in HELD.get(kind, (column.kind,)):
            fitting = [*(other for other in HELD if column.kind in HELD[other]), ".parquet"]
            raise UserError(
                f"--fix {out}: a {kind} file cannot hold {name!r}, which is of the kind "
                f"{column.kind}. Give a name ending in {' or '.join(fitting)}."
            )


def mend(task: Task, data: Data, out: Path, *, progress: Progress = SILENT) -> dict[str, Any]:
    """Write the cleaned rows of `data` to `out`; what was done, in counts.

    One file, of the kind its suffix names; where the source gave splits, a folder with a file for
    each. Columns have the task's names; the group is kept. Whole or not at all; raises UserError
    where `out` exists, cannot be written, or would hold no rows.

    Gives {"out", "files": {name: rows}, "rows", "left_out": {"rejected", "copies_of_held_out",
    "repeated", "label_once"}, "repaired", "replaced", "contradictory"}: `replaced` are rows in
    which a space stands for what the kind of file cannot hold.
    """
    check_place(task, out)
    view = View(task, data)
    given = [name for name in data.entry.parts() if name is not None]
    _check_are_rows(view, out)
    _check_fits_splits(out, given)
    kind = kind_of(out) or _kind_for(data.entry.columns)
    rows = _Mended(view, kind)
    choice = _Choice(view, rows, progress)
    if not choice.kept.any():
        raise UserError(f"--fix {out}: no row would be left; nothing is written.")
    names = {name: f"{name or 'train'}{kind}" if given else out.name for name in data.entry.parts()}
    written = {}
    with _place(out, folder=bool(given)) as staging:
        for part, positions in data.entry.parts().items():
            name = names[part]
            file = staging / name if given else staging
            chosen = positions[choice.kept[positions]]
            with (
                progress.track(f"writing {name}", len(chosen)) as advance,
                _writer(file, kind, data.entry.columns) as write,
            ):
                for position in chosen:
                    write(rows[int(position)])
                    advance(1)
            written[name] = len(chosen)
    return {
        "out": str(out),
        "files": written,
        "rows": sum(written.values()),
        "left_out": {"rejected": data.rejected, **choice.left_out},
        "repaired": rows.repaired,
        "replaced": rows.replaced,
        "contradictory": choice.contradictory,
    }


def _check_are_rows(view: View, out: Path) -> None:
    """Blocks of a running text are no rows: as a table they would be cut by hash, not in order."""
    part, row, _ = view.data.entry.place_of(view.records, 0).rpartition(", row ")
    needed = [column for column in view.task.row_columns.values() if column.default is None]
    if row and kind_of(Path(part)) == ".txt" and len(needed) == 1:
        raise UserError(f"--fix {out}: {part} is running text; it has no rows to be left out.")


def _check_fits_splits(out: Path, given: list[str]) -> None:
    if given and out.suffix:
        folder = out.with_name(out.name.partition(".")[0])
        raise UserError(
            f"--fix {out}: the source gives the splits {', '.join(given)}, which one file cannot "
            f"tell apart. Give the name of a folder, as in --fix {folder}."
        )
    if not given and not out.suffix:
        raise UserError(
            f"--fix {out}: give a name with one of the suffixes {', '.join(KINDS)}, as in "
            f"--fix {out}.csv."
        )


def _kind_for(columns: Mapping[str, Column]) -> str:
    return ".csv" if all(column.kind in HELD[".csv"] for column in columns.values()) else ".parquet"


class _Mended:
    """Rows of the cache, repaired and in the form that a kind of file can hold."""

    def __init__(self, view: View, kind: str) -> None:
        self._records = view.records
        columns = view.data.entry.columns
        self._texts = [name for name, column in columns.items() if column.dtype == "string"
                       and column.kind != "image"]  # fmt: skip
        self._repairer = Repairer()
        self._spaces = str.maketrans(dict.fromkeys(IMPOSSIBLE[kind], " "))
        self.repaired, self.replaced = 0, 0

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, position: int) -> Row:
        return self.changed(position)[0]

    def changed(self, position: int) -> tuple[Row, bool, bool]:
        """(the row, whether it was repaired, whether spaces had to replace something)."""
        row = self._records[position]
        repaired = replaced = False
        for name in self._texts:
            text = row[name]
            whole = self._repairer.repaired(text)
            fitting = whole.translate(self._spaces) if self._spaces else whole
            repaired |= whole != text
            replaced |= fitting != whole
            row[name] = fitting
        return row, repaired, replaced


class _Choice:
    """Which rows are kept. Decided on the repaired rows, since a repair can make two rows equal."""

    def __init__(self, view: View, rows: _Mended, progress: Progress) -> None:
        self._view = view
        data, task = view.data, view.task
        count = len(rows)
        self._keys, self._whole, self._groups = (np.zeros(count, "uint64") for _ in range(3))
        self._codes = {target: np.zeros(count, "int64") for target in data.labels}
        repaired, replaced = np.zeros(count, bool), np.zeros(count, bool)
        known: dict[str, dict[str, int]] = {target: {} for target in data.labels}
        with progress.track("choosing the rows", count) as advance:
            for position in range(count):
                row, repaired[position], replaced[position] = rows.changed(position)
                self._keys[position] = hashed(key_of(row, columns=task.key_columns))
                self._whole[position] = hashed(key_of(row, columns=task.row_columns))
                if data.group:
                    self._groups[position] = hashed(key_of(row, columns=[data.group]))
                for target, codes in self._codes.items():
                    codes[position] = known[target].setdefault(row[target], len(known[target]))
                advance(1)
        self.left_out: dict[str, int] = {}
        self.kept = np.ones(count, bool)
        self._leave_out("copies_of_held_out", self._held_out_elsewhere())
        self._leave_out("repeated", self._repeated())
        self._leave_out("label_once", self._once())
        rows.repaired = int((repaired & self.kept).sum())
        rows.replaced = int((replaced & self.kept).sum())
        self.contradictory = self._contradictions()

    def _leave_out(self, why: str, wrong: np.ndarray) -> None:
        self.left_out[why] = int((wrong & self.kept).sum())
        self.kept &= ~wrong

    def _held_out_elsewhere(self) -> np.ndarray:
        data = self._view.data
        self._split = np.zeros(len(self.kept), "int64")
        if self._view.in_time:
            return ~self.kept
        strata = first_equal(*self._codes.values()) if self._codes else None
        found = cut(
            data.entry.parts(),
            keys=self._keys,
            groups=self._groups if data.group else None,
            strata=strata,
        )
        wrong = np.ones(len(self.kept), bool)
        for number, name in enumerate(SPLITS):
            wrong[found.positions[name]] = False
            self._split[found.positions[name]] = number
        return wrong

    def _repeated(self) -> np.ndarray:
        rows = np.flatnonzero(self.kept)
        wrong = np.zeros(len(self.kept), bool)
        firsts = first_equal(self._whole[rows], self._split[rows])
        wrong[rows[firsts != np.arange(len(rows))]] = True
        return wrong

    def _once(self) -> np.ndarray:
        """Rows of labels that one row has; where there are several targets, until none is left."""
        wrong = np.zeros(len(self.kept), bool)
        while True:
            rows = np.flatnonzero(self.kept & ~wrong)
            once = np.zeros(len(rows), bool)
            for codes in self._codes.values():
                counts = np.bincount(codes[rows])
                once |= (counts[codes[rows]] == 1) & (np.count_nonzero(counts) > 1)
            if not once.any():
                return wrong
            wrong[rows[once]] = True

    def _contradictions(self) -> int:
        """Inputs with several labels that are kept."""
        if set(self._codes) != set(self._view.task.targets) or not self._codes:
            return 0
        rows = np.flatnonzero(self.kept)
        keys, whole = self._keys[rows], self._whole[rows]
        return len(np.unique(keys[whole != whole[first_equal(keys)]]))


@contextmanager
def _place(out: Path, *, folder: bool) -> Iterator[Path]:
    """A path beside `out` that becomes `out` in one rename if the block ends well."""
    try:
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}{PARTIAL}") as beside:
            staging = Path(beside) / out.name
            if folder:
                staging.mkdir()
            yield staging
            if out.exists():
                raise UserError(f"--fix {out}: was made by another program in the meantime.")
            staging.rename(out)
    except OSError as error:
        raise UserError(
            f"--fix {out}: cannot be written: {error.strerror or error}. Nothing was left there."
        ) from None


@contextmanager
def _writer(file: Path, kind: str, columns: Mapping[str, Column]) -> Iterator[Write]:
    """A function that appends one row to a new file; flushed to disk at the end."""
    numbers = [name for name, column in columns.items() if column.kind == "number"]

    def plain(row: Row) -> Row:
        # The shortest decimal number that is the same float32: 0.1 and not 0.10000000149.
        return {**row, **{name: float(str(np.float32(row[name]))) for name in numbers}}

    with (_parquet if kind == ".parquet" else _text)(file, kind, columns) as write:
        yield lambda row: write(plain(row))
    with file.open("rb") as written:
        os.fsync(written.fileno())


@contextmanager
def _text(file: Path, kind: str, columns: Mapping[str, Column]) -> Iterator[Write]:
    open_: Any = gzip.open if file.suffix.lower() == ".gz" else open
    with open_(file, "wt", encoding="utf-8", newline="") as lines:
        if kind == ".jsonl":
            encode = json.JSONEncoder(ensure_ascii=False, default=np.ndarray.tolist).encode
            yield lambda row: lines.write(encode({name: row[name] for name in columns}) + "\n")
            return
        if kind == ".csv":
            join: Callable[[Iterable[Any]], Any] = csv.writer(lines).writerow
        else:  # tsv is never quoted, as it is read

            def join(values: Iterable[Any]) -> Any:
                lines.write("\t".join(map(str, values)) + "\n")

        join(columns)
        yield lambda row: join([row[name] for name in columns])


@contextmanager
def _parquet(file: Path, kind: str, columns: Mapping[str, Column]) -> Iterator[Write]:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, _type(column)) for name, column in columns.items()])
    waiting: list[Row] = []

    def flush() -> None:
        writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
        waiting.clear()

    def write(row: Row) -> None:
        found = {name: row[name] for name in columns}
        waiting.append(
            {name: v.tolist() if hasattr(v, "tolist") else v for name, v in found.items()}
        )
        if len(waiting) == AT_ONCE:
            flush()

    with parquet.ParquetWriter(file, schema) as writer:
        yield write
        flush()


def _type(column: Column) -> Any:
    import pyarrow as pa

    if column.kind == "image":
        return pa.binary()
    found = pa.string() if column.dtype == "string" else pa.float32()
    for _ in column.shape:
        found = pa.list_(found)
    return found
