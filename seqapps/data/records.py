"""Rows as sharded TFRecords that TensorFlow Datasets opens too, with an index for any order.

A series of any length is no part of its row's record but lies in a file beside the shards, of which
memory maps what is looked at: a window of a series of 10^7 steps costs no more than that window.

TFDS's own writer keeps every record in memory where shuffling is off: up to 1 GB in a list, and
beyond that in a single bucket that is sorted whole. Rows are therefore written here as they come,
and only the description of the data set is left to TFDS. The format of a TFRecord file is length
(8 bytes), checksum of it (4), record, checksum of the record (4).
"""

from __future__ import annotations

import array
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np

from seqapps import start
from seqapps.task import Column, Row

SHARD = 256 * 2**20  # bytes; few enough files for 100 GB, small enough to copy
NAME = "rows"
FEW = 4096  # index entries held before they are written
WHOLE = ("integer", "time")  # kinds of whole numbers
BEFORE, AFTER = 12, 4  # bytes of a TFRecord around its record

# What is known of every row without reading it: its place in the shards, SHA-256 (first 64 bits) of
# its inputs and of its group, and where it came from. Codes of labels are further columns.
INDEX = {"shard": "i", "offset": "q", "size": "q", "key": "Q", "group": "Q", "part": "i",
         "number": "q"}  # fmt: skip


class Writer:
    """Appends rows to shards of one folder, split after split."""

    def __init__(self, folder: Path, columns: Mapping[str, Column], labels: Sequence[str]) -> None:
        self._folder = folder
        self._columns, self._series = _apart(columns)
        self._codes = {name: f"label_{name}" for name in labels}
        kinds = INDEX | dict.fromkeys(self._codes.values(), "i") | _places(self._series)
        self._index = {name: array.array(kind) for name, kind in kinds.items()}
        self._encode: Callable[[Row], bytes] | None = None  # made late: it needs TensorFlow
        self._file: Any = None
        self._at = 0  # bytes in the shard that is open
        self._split = ""
        self.shards: list[str] = []
        self.lengths: dict[str, list[int]] = {}  # rows of each shard, by split
        (folder / "index").mkdir()

    def start(self, split: str) -> None:
        """From now on rows belong to this split."""
        self._close()
        self._split = split
        self.lengths[split] = []

    def add(self, row: Row, *, codes: Mapping[str, int], **facts: int) -> None:
        """Append one row; `facts` are its values in the index, `codes` those of its labels."""
        if self._encode is None:
            self._encode = encoder(self._columns)
        record = self._encode(row)
        if self._file is None or self._at >= SHARD:
            self._open()
        self._file.write(record)
        index = self._index
        index["shard"].append(len(self.shards) - 1)
        index["offset"].append(self._at + BEFORE)
        index["size"].append(len(record))
        for name, value in facts.items():
            index[name].append(value)
        for name, code in codes.items():
            index[self._codes[name]].append(code)
        for name, column in self._series.items():
            self._append(name, np.asarray(row[name], column.dtype))
        self._at += BEFORE + len(record) + AFTER
        self.lengths[self._split][-1] += 1
        if len(index["shard"]) == FEW:
            self._flush()

    def _append(self, name: str, values: np.ndarray) -> None:
        """Put one series behind the others of its column."""
        file = self._folder / "series" / name
        file.parent.mkdir(exist_ok=True)
        self._index[f"{name}_at"].append(file.stat().st_size if file.exists() else 0)
        self._index[f"{name}_steps"].append(len(values))
        self._index[f"{name}_width"].append(values[:1].size)
        with file.open("ab") as content:
            content.write(np.ascontiguousarray(values).data)

    def finish(self) -> None:
        """Write what is left, name the shards as TFDS does and describe them to it."""
        self._close()
        self._flush()
        names, done = [], 0
        for split, lengths in self.lengths.items():
            for number in range(len(lengths)):
                names.append(f"{NAME}-{split}.tfrecord-{number:05d}-of-{len(lengths):05d}")
                (self._folder / self.shards[done]).rename(self._folder / names[-1])
                done += 1
        self.shards = names
        if self._columns:  # rows that are nothing but series leave TFDS nothing to open
            self._describe()

    def _describe(self) -> None:
        import tensorflow_datasets as tfds

        infos = [
            tfds.core.SplitInfo(
                name=split,
                shard_lengths=lengths,
                num_bytes=sum(
                    (self._folder / name).stat().st_size
                    for name in self.shards
                    if name.startswith(f"{NAME}-{split}.")
                ),
                filename_template=tfds.core.ShardedFileTemplate(
                    data_dir=self._folder, dataset_name=NAME, split=split,
                    filetype_suffix="tfrecord",
                ),
            )
            for split, lengths in self.lengths.items()
            if lengths
        ]  # fmt: skip
        tfds.folder_dataset.write_metadata(
            data_dir=self._folder,
            features=tfds.features.FeaturesDict(
                {name: _feature(column) for name, column in self._columns.items()}
            ),
            split_infos=infos,
            disable_shuffling=True,
            description="Rows cached by seqapps, in the order of their source.",
        )

    def _open(self) -> None:
        import tensorflow as tf

        self._close()
        name = f"{len(self.shards)}.part"
        self.shards.append(name)
        self.lengths[self._split].append(0)
        self._file = tf.io.TFRecordWriter(str(self._folder / name))

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._at = None, 0

    def _flush(self) -> None:
        for name, values in self._index.items():
            with (self._folder / "index" / name).open("ab") as file:
                values.tofile(file)
            del values[:]


class Records:
    """The rows of one folder that a Writer has finished, in any order."""

    def __init__(
        self,
        folder: Path,
        shards: Sequence[str],
        columns: Mapping[str, Column],
        labels: Sequence[str],
    ) -> None:
        self._folder, self._shards = folder, shards
        self._all, self._labels = columns, labels
        self._columns, self._series = _apart(columns)
        self._open: dict[int, int] = {}  # shard -> file descriptor
        kinds = INDEX | {f"label_{name}": "i" for name in labels} | _places(self._series)
        self.index = {name: _mapped(folder / "index" / name, kind) for name, kind in kinds.items()}
        self._values = {
            name: _mapped(folder / "series" / name, column.dtype)
            for name, column in self._series.items()
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process opens the same files; nothing of what they hold is sent to it."""
        return Records, (self._folder.absolute(), self._shards, self._all, list(self._labels))

    def __len__(self) -> int:
        return len(self.index["shard"])

    def __getitem__(self, position: int) -> Row:
        index = self.index
        file = self._descriptor(int(index["shard"][position]))
        size = int(index["size"][position])
        record = os.pread(file, size, int(index["offset"][position]))
        if len(record) != size:
            raise OSError(f"{self._folder}: a shard of the cache was cut while it was read")
        row = self._decode(record)
        return row | {name: self._series_of(name, position) for name in self._series}

    def _series_of(self, name: str, position: int) -> np.ndarray:
        """A series as it lies on the disk; its values are read when they are looked at."""
        column, values = self._series[name], self._values[name]
        at, steps, width = (
            int(self.index[f"{name}_{what}"][position]) for what in ("at", "steps", "width")
        )
        first = at // values.itemsize
        shape = [size or width for size in column.shape[1:]]
        return np.asarray(values[first : first + steps * width]).reshape(steps, *shape)

    @cached_property
    def _decode(self) -> Callable[[bytes], Row]:
        start.tensorflow()  # late: what is known from the index alone needs no TensorFlow
        return decoder(self._columns)

    def _descriptor(self, shard: int) -> int:
        found = self._open.get(shard)
        if found is None:
            found = os.open(self._folder / self._shards[shard], os.O_RDONLY)
            # Two threads may both have opened it; one descriptor is kept.
            kept = self._open.setdefault(shard, found)
            if kept != found:
                os.close(found)
            found = kept
        return found

    def __del__(self) -> None:
        for file in self.__dict__.get("_open", {}).values():
            os.close(file)


@dataclass(frozen=True)
class Stretch:
    """The part of every series that belongs to a split, and whether it is held out.

    Its ends are steps, or shares of a series' length: (0.8, 0.9) is the ninth tenth. `history`:
    what lies before stays in the series, and the row tells the `first` step of the part itself,
    whether it is `held_out`, and how many steps are for `training`, where that is known, else 0.
    """

    first: float
    last: float
    held_out: bool
    training: float = 0.0
    in_steps: bool = False
    history: bool = False

    def of(self, row: Row, series: Sequence[str]) -> Row:
        """The row with this part of its series."""
        found = dict(row)
        for name in series:
            steps = len(row[name])
            first, last, training = (
                min(steps, round(end) if self.in_steps else round(end * steps))
                for end in (self.first, self.last, self.training)
            )
            found[name] = row[name][0 if self.history else first : last]
            if self.history:
                found |= {"first": first, "held_out": self.held_out, "training": training}
        return found


class Rows(Sequence[Row]):
    """Some rows of a cache, read when they are asked for.

    `stretch` is that of every series of any length that belongs to these rows.
    """

    def __init__(
        self,
        records: Records,
        positions: np.ndarray,
        *,
        series: Sequence[str] = (),
        stretch: Stretch | None = None,
    ) -> None:
        self.records, self.positions = records, positions
        self._series, self._stretch = series, stretch

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, position: int) -> Row: ...

    @overload
    def __getitem__(self, position: slice) -> Rows: ...

    def __getitem__(self, position: int | slice) -> Row | Rows:
        chosen = self.positions[position]
        if isinstance(position, slice):
            return Rows(self.records, chosen, series=self._series, stretch=self._stretch)
        row = self.records[int(chosen)]
        return self._stretch.of(row, self._series) if self._stretch else row

    def __iter__(self) -> Iterator[Row]:
        return (self[position] for position in range(len(self.positions)))


def encoder(columns: Mapping[str, Column]) -> Callable[[Row], bytes]:
    """A function from a row to a serialized `tf.train.Example`."""
    from tensorflow.train import BytesList, Example, Feature, Features, FloatList, Int64List

    def encode(row: Row) -> bytes:
        found = {}
        for name, column in columns.items():
            value = row[name]
            if column.dtype == "string":
                raw = value if isinstance(value, bytes) else value.encode()
                found[name] = Feature(bytes_list=BytesList(value=[raw]))
            elif column.kind in WHOLE:
                found[name] = Feature(int64_list=Int64List(value=np.ravel(value)))
            else:
                flat = [value] if column.kind == "number" else np.ravel(value)
                found[name] = Feature(float_list=FloatList(value=flat))
        return bytes(Example(features=Features(feature=found)).SerializeToString())

    return encode


def decoder(columns: Mapping[str, Column]) -> Callable[[bytes], Row]:
    """The inverse of `encoder`: text as str, images as bytes, numbers as float32 values."""
    from tensorflow.train import Example

    parse = Example.FromString

    def decode(record: bytes) -> Row:
        feature = parse(record).features.feature
        row: Row = {}
        for name, column in columns.items():
            if column.kind == "image":
                row[name] = feature[name].bytes_list.value[0]
            elif column.dtype == "string":
                row[name] = feature[name].bytes_list.value[0].decode()
            elif column.kind == "number":
                row[name] = feature[name].float_list.value[0]
            elif column.kind in WHOLE:
                values = np.array(feature[name].int64_list.value, column.dtype)
                row[name] = values.reshape(column.shape) if column.shape else int(values[0])
            else:
                values = np.array(feature[name].float_list.value, "float32")
                row[name] = values.reshape([-1 if size is None else size for size in column.shape])
        return row

    return decode


def checksum(file: Path) -> str:
    """CRC-32 and size of a file: what tells damage, not malice."""
    crc, size = 0, 0
    with file.open("rb") as content:
        while block := content.read(2**20):
            crc, size = zlib.crc32(block, crc), size + len(block)
    return f"{crc:08x}-{size}"


def files_of(folder: Path) -> Iterable[Path]:
    """The files of an entry that hold its rows."""
    return [*folder.glob(f"{NAME}-*"), *(folder / "index").iterdir(), *folder.glob("series/*")]


def _apart(columns: Mapping[str, Column]) -> tuple[dict[str, Column], dict[str, Column]]:
    """(columns of a record, series of any length)."""
    series = {name: column for name, column in columns.items() if column.free}
    return {name: column for name, column in columns.items() if not column.free}, series


def _places(series: Iterable[str]) -> dict[str, str]:
    """Where a row's series begins in the file of its column, in bytes; its steps; values a step."""
    return {f"{name}_{what}": "q" for name in series for what in ("at", "steps", "width")}


def _feature(column: Column) -> Any:
    import tensorflow_datasets as tfds

    if column.kind in ("text", "category"):
        return tfds.features.Text()
    if column.kind == "image":
        return tfds.features.Scalar(np.object_)  # encoded bytes, of any format
    if column.kind == "number":
        return tfds.features.Scalar(np.float32)
    if column.kind in WHOLE:
        return tfds.features.Tensor(shape=column.shape, dtype=np.int64)
    return tfds.features.Tensor(shape=column.shape, dtype=np.float32)


def _mapped(file: Path, kind: str) -> np.ndarray:
    if file.stat().st_size == 0:
        return np.empty(0, kind)
    return np.memmap(file, kind, mode="r")
