"""TensorFlow Datasets as a source: prepared ones by their files alone, others prepared first."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from seqapps import start
from seqapps.data.tables import Located, Where
from seqapps.data.tfds_reach import OutOfReachError, reachable_only, why
from seqapps.errors import UserError
from seqapps.progress import SILENT, Progress
from seqapps.task import Task

if TYPE_CHECKING:
    from seqapps.data.source import Reading, Source

log = logging.getLogger(__name__)

SPEC = re.compile(
    r"tfds:(?P<name>[A-Za-z]\w*)(/(?P<config>[\w+.-]+))?(:(?P<version>(\d+|\*)(\.(\d+|\*)){2}))?"
)
# Names of splits that are ours, the usual ones first; a set may have several of a line.
SPLIT_NAMES = {"train": ("train",), "valid": ("validation", "valid", "val", "dev"),
               "test": ("test",)}  # fmt: skip
# Rows of one batch inside tf.data: one at a time costs 66 us a row, together 14 (200,000 reviews).
AT_ONCE = 256
IMAGES_AT_ONCE = 32  # encoded images may be megabytes
PEEK = 32  # rows that tell whether a split has labels
MOST_NAMES = 30


class Asked(NamedTuple):
    """The parts of tfds:NAME[/CONFIG][:VERSION]."""

    name: str
    config: str | None
    version: str | None

    def __str__(self) -> str:
        config = f"/{self.config}" if self.config else ""
        return f"{self.name}{config}" + (f":{self.version}" if self.version else "")


@dataclass(frozen=True)
class Read:
    """How one column is taken out of a row of TFDS."""

    path: tuple[str, ...]
    language: str = ""  # whose translation is taken, where a row has several in a list
    text: bool = False  # bytes are UTF-8
    encoded: bool = False  # an image, as it was stored
    labels: Sequence[str] = ()  # of a ClassLabel, in the order of its numbers


def source(task: Task, spec: str, reading: Reading, *, progress: Progress = SILENT) -> Source:
    """The data set that tfds:NAME[/CONFIG][:VERSION] names; prepared first where it is not yet.

    What is prepared is read by its files, so the code that made it need not be here. Raises
    UserError where there is no such set, where it can be neither found nor fetched, where its
    files are damaged and where it lacks a column.
    """
    from seqapps.data.gathered import gathered
    from seqapps.data.source import Source, wanted_columns

    asked = _parsed(spec)
    _check_folder(asked, reading.data_dir)
    start.tensorflow(progress)
    with _quiet():
        builder = _prepared(asked, reading.data_dir) or _made(asked, reading.data_dir, progress)
        name = f"tfds:{_full_name(builder)}"
        leaves = _leaves(builder, name)
        wanted = _called(task, reading, wanted_columns(task, reading), leaves)
        wanted, notes = _by_position(task, builder, reading, wanted, leaves)
        reads = _reads(task, reading, wanted, leaves, name)
        splits, left_out = _splits(builder, name)
        for split in splits.values():
            _check_whole(builder, split, name)
        splits, unlabelled = _labelled(task, builder, splits, reads, name)

    def rows(split: str) -> Iterator[Located]:
        return gathered(_rows(builder, split, reads, name), task, wanted)

    return Source(
        name=name,
        spec=name,
        splits={ours: partial(rows, theirs) for ours, theirs in splits.items()},
        content=lambda: _digest(builder, name, splits),
        columns=list(leaves),
        taken=wanted,
        group=reading.group,
        notes=[*notes, *left_out, *unlabelled],
    )


def _parsed(spec: str) -> Asked:
    match = SPEC.fullmatch(spec)
    if match is None:
        raise UserError(
            f"--data {spec}: expected tfds:NAME[/CONFIG][:VERSION], such as tfds:imdb_reviews or "
            "tfds:glue/sst2:2.0.0."
        )
    return Asked(match["name"], match["config"], match["version"])


# finding it


def _check_folder(asked: Asked, folder: Path | None) -> None:
    if folder is None:
        return
    if not folder.is_dir():
        raise UserError(
            f"--data-dir {folder}: no such folder. It is the one that holds {asked.name}/; make it "
            f"first (`mkdir -p {folder}`) if {asked.name} is to be prepared there."
        )
    root = next((at.parent for at in (folder, *folder.parents) if at.name == asked.name), None)
    if root and not (folder / asked.name).is_dir():
        raise UserError(
            f"--data-dir {folder}: this is inside the data set's own folder. Give the one above "
            f"{asked.name}/: --data-dir {root}."
        )


def _prepared(asked: Asked, data_dir: Path | None) -> Any:
    """A builder that only reads files, or None. Raises UserError where they are damaged."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.read_only_builder import builder_from_files

    try:
        return builder_from_files(str(asked), data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        return None
    except Exception as error:
        raise _damaged(f"tfds:{asked}", _folder(data_dir), error) from error


def _made(asked: Asked, data_dir: Path | None, progress: Progress) -> Any:
    """A builder of what was prepared just now. Raises UserError where that cannot be done."""
    builder = _with_code(asked, data_dir)
    folder = Path(builder.data_dir)
    if folder.exists():
        # TFDS takes any folder of that name for a prepared set.
        _check_described(folder, f"tfds:{asked}")
    progress.say(
        f"tfds:{_full_name(builder)} is not prepared in {_folder(data_dir)}; "
        "TFDS fetches and prepares it there now"
    )
    try:
        with progress.track(f"preparing {builder.name}"), _silent(), reachable_only():
            _prepare(builder)
    except Exception as error:
        # Another process may have prepared it at the same time.
        if not (folder / "dataset_info.json").is_file():
            log.debug("tfds: %s", asked, exc_info=True)
            raise _not_made(asked, builder, data_dir, error) from error
    return _opened(folder, f"tfds:{asked}")


def _prepare(builder: Any) -> None:
    import tensorflow_datasets as tfds

    config = tfds.download.DownloadConfig(try_download_gcs=False)
    builder.download_and_prepare(download_config=config)


def _opened(folder: Path, name: str) -> Any:
    import tensorflow_datasets as tfds

    try:
        return tfds.builder_from_directory(folder)
    except Exception as error:
        raise _damaged(name, folder, error) from error


def _with_code(asked: Asked, data_dir: Path | None) -> Any:
    """A builder that can prepare the set. Raises UserError where TFDS has none like it."""
    import tensorflow_datasets as tfds

    try:
        made_by = tfds.builder_cls(asked.name)
    except tfds.core.DatasetNotFoundError:
        raise _unknown(asked, data_dir) from None
    try:
        configs = list(made_by.builder_configs)
        builder = None
        if not asked.config or asked.config in configs:
            builder = made_by(data_dir=data_dir, config=asked.config)
    except Exception as error:
        raise UserError(
            f"--data tfds:{asked}: the code that TFDS has for it does not start: {why(error)}."
        ) from error
    here = _here(asked, data_dir)
    if builder is None:
        raise UserError(
            f"--data tfds:{asked}: {asked.name} has no configuration {asked.config!r}. "
            f"{_near(asked.config or '', configs)}{here}"
        )
    versions = [str(version) for version in builder.versions]
    if asked.version and not any(version.match(asked.version) for version in builder.versions):
        raise UserError(
            f"--data tfds:{asked}: there is no version {asked.version}; TFDS "
            f"{tfds.__version__} can make {', '.join(versions)}.{here}"
        )
    return made_by(data_dir=data_dir, config=asked.config, version=asked.version)


def _unknown(asked: Asked, data_dir: Path | None) -> UserError:
    import tensorflow_datasets as tfds

    known = tfds.list_builders(with_community_datasets=False)
    prepared = _all_prepared(_folder(data_dir))
    names = sorted({*known, *(name.partition("/")[0].partition(":")[0] for name in prepared)})
    if asked.name in names:
        return UserError(
            f"--data tfds:{asked}: this configuration or version is not prepared, and TFDS "
            f"{tfds.__version__} has no code to prepare it.{_here(asked, data_dir)}"
        )
    close = get_close_matches(asked.name.lower(), names, n=3)
    hint = f"Did you mean {' or '.join(map(repr, close))}? " if close else ""
    found = f"Prepared in {_folder(data_dir)}: {_listed(prepared) if prepared else 'none'}."
    return UserError(
        f"--data tfds:{asked}: no data set {asked.name!r} is prepared, and TFDS "
        f"{tfds.__version__} knows none of that name. {hint}{found}"
    )


def _here(asked: Asked, data_dir: Path | None) -> str:
    """A sentence on what else of this set is prepared, or nothing."""
    start_of = re.compile(rf"{re.escape(asked.name)}[/:]")
    found = [name for name in _all_prepared(_folder(data_dir)) if start_of.match(name)]
    return f" Prepared in {_folder(data_dir)}: {_listed(found)}." if found else ""


def _all_prepared(folder: Path) -> list[str]:
    """Everything in a data folder, as NAME/CONFIG:VERSION."""
    found = []
    for pattern in ("*/*/dataset_info.json", "*/*/*/dataset_info.json"):
        for file in folder.glob(pattern):
            *names, version = file.parent.relative_to(folder).parts
            if re.fullmatch(r"\d+\.\d+\.\d+", version):
                found.append(f"{'/'.join(names)}:{version}")
    return sorted(found)


def _folder(data_dir: Path | None) -> Path:
    from tensorflow_datasets.core import constants

    return data_dir or Path(constants.DATA_DIR).expanduser()


def _full_name(builder: Any) -> str:
    config = builder.builder_config.name if builder.builder_config else None
    return str(Asked(builder.name, config, str(builder.version)))


# what it holds


def _leaves(builder: Any, name: str) -> dict[str, tuple[tuple[str, ...], Any]]:
    """{"a/b": (("a", "b"), feature)} of every feature that has a value of its own."""
    from tensorflow_datasets import features

    def below(path: tuple[str, ...], feature: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
        # A sequence of dicts comes as a dict of sequences.
        several = type(feature) is features.Sequence
        inner = feature.feature if several else feature
        if isinstance(inner, features.FeaturesDict):
            for key, value in inner.items():
                yield from below((*path, key), features.Sequence(value) if several else value)
        elif _is_of_languages(feature):
            yield from (((*path, language), feature) for language in feature.languages)
        else:
            yield path, feature

    everything = builder.info.features
    if not isinstance(everything, features.FeaturesDict):
        raise UserError(
            f"{name}: its rows are {type(everything).__name__}, not named features, and cannot be "
            "read as columns."
        )
    # Sorted, because the order in features.json is that of a hash table.
    found = {"/".join(path): (path, feature) for path, feature in below((), everything)}
    return dict(sorted(found.items()))


def _is_of_languages(feature: Any) -> bool:
    """Whether a row has a list of translations, into languages that the feature names."""
    from tensorflow_datasets import features

    several = isinstance(feature, features.TranslationVariableLanguages)
    return several and bool(feature.languages)


def _called(
    task: Task, reading: Reading, wanted: Mapping[str, str], leaves: Mapping[str, Any]
) -> dict[str, str]:
    """The columns' features; one that is missing under a name that it often has.

    Several texts may lie deeper: the captions of coco_captions are captions/text.
    """
    from tensorflow_datasets import features

    from seqapps.data import columns

    found = columns.called(task, reading, wanted, lambda: list(leaves))
    for ours, theirs in found.items():
        column = task.row_columns.get(ours)
        if column is None or not column.several or theirs in leaves or ours in reading.columns:
            continue
        names = {ours, *column.called}
        for name, (path, feature) in leaves.items():
            inner = getattr(feature, "feature", feature)
            if isinstance(inner, features.Text) and names & {*path}:
                found[ours] = name
                break
    return found


def _by_position(
    task: Task,
    builder: Any,
    reading: Reading,
    wanted: Mapping[str, str],
    leaves: Mapping[str, Any],
) -> tuple[dict[str, str], list[str]]:
    """The columns' features; those of `supervised_keys` where a name of ours is none of them."""
    found, notes = dict(wanted), []
    keys = [key if key in leaves else None for key in map(str, builder.info.supervised_keys or ())]
    mapped = {*reading.columns.values()}
    for columns, key in zip((task.row or task.inputs, task.targets), keys, strict=False):
        for ours in list(columns)[:1]:
            known = found.get(ours) in leaves or ours not in task.row_columns
            known = known or ours in reading.columns
            if key in mapped:  # the other way round: source is "en", so target is not
                key = next((other for other in keys if other not in mapped), None)
            if not known and key:
                found[ours] = key
                notes.append(
                    f"{ours} is read from the feature {key!r} (--column {ours}=NAME for another)"
                )
    return found, notes


def _reads(
    task: Task,
    reading: Reading,
    wanted: Mapping[str, str],
    leaves: Mapping[str, tuple[tuple[str, ...], Any]],
    name: str,
) -> dict[str, Read]:
    """How each column is read. Raises UserError where its feature is missing."""
    from tensorflow_datasets import features

    from seqapps.data import columns

    texts = all(isinstance(feature, features.Text) for _, feature in leaves.values())
    advice = columns.advice(task, reading, named=not texts)
    found = {}
    for ours, theirs in wanted.items():
        if theirs not in leaves:
            listed, hint = _listed(leaves), advice(ours, list(leaves))
            raise UserError(f"{name}: no feature {theirs!r}; found {listed}. {hint}")
        path, feature = leaves[theirs]
        if isinstance(feature, features.Dataset):
            raise UserError(
                f"{name}: the feature {theirs!r} is a data set of its own in every row, which is "
                "not read here. Name another with "
                f"--column {ours}=NAME; found {_listed(leaves)}."
            )
        kind = task.row_columns[ours].kind if ours in task.row_columns else "category"
        text = kind in ("text", "category")
        labels: list[str] = []
        if text and isinstance(feature, features.ClassLabel):
            labels = [feature.int2str(number) for number in range(feature.num_classes or 0)]
        encoded = kind == "image" and isinstance(feature, features.Image)
        language = path[-1] if _is_of_languages(feature) else ""
        found[ours] = Read(
            path[:-1] if language else path,
            language=language,
            text=text,
            encoded=encoded,
            labels=labels,
        )
    return found


def _splits(builder: Any, name: str) -> tuple[dict[str | None, str], list[str]]:
    """({ours: theirs}, what is left out); None is what is still to be cut."""
    info = builder.info.splits
    theirs = [split for split in info if info[split].num_examples]
    if not theirs:
        raise UserError(f"{name}: no rows; nothing is in {builder.data_dir}.")
    found: dict[str | None, str] = {}
    for ours, names in SPLIT_NAMES.items():
        known = next((split for split in names if split in theirs), None)
        if known:
            found[ours] = known
    if not found:
        whole = "all" if "all" in theirs else theirs[0]
        if whole != "all" and len(theirs) > 1:
            known_names = ", ".join(split for names in SPLIT_NAMES.values() for split in names)
            raise UserError(
                f"{name}: its splits are {_listed(theirs)}; expected some of {known_names}, all, "
                "or a single one. Write the rows that you want to a file, and give that."
            )
        found[None] = whole
    left = [
        f"the split {split!r} is left out ({info[split].num_examples:,} rows)"
        for split in theirs
        if split not in found.values()
    ]
    return found, left


def _labelled(
    task: Task, builder: Any, splits: Mapping[str | None, str], reads: Mapping[str, Read], name: str
) -> tuple[dict[str | None, str], list[str]]:
    """The splits but for held-out ones whose labels TFDS does not have: -1 in all of GLUE's."""
    targets = {ours: read for ours, read in reads.items() if read.labels and ours in task.targets}
    kept, notes = {}, []
    for ours, theirs in splits.items():
        unknown = None
        if targets and ours not in ("train", None):
            first = _first(builder, theirs, targets, name)
            unknown = next((c for c in targets if all(row[c] is None for row in first)), None)
        if unknown:
            notes.append(f"the split {theirs!r} is left out: its rows have no {unknown}")
        else:
            kept[ours] = theirs
    return kept, notes


def _first(builder: Any, split: str, reads: Mapping[str, Read], name: str) -> list[dict[str, Any]]:
    return [row for _, row in islice(_rows(builder, split, reads, name), PEEK)]


def _digest(builder: Any, name: str, splits: Mapping[str | None, str]) -> str:
    """SHA-256 of what is read: its description, and names, sizes and times of its shards."""
    facts: list[Any] = [name, [[ours, theirs] for ours, theirs in splits.items()]]
    facts.append((Path(builder.data_dir) / "features.json").read_text(encoding="utf-8"))
    for theirs in splits.values():
        for file in _shards(builder, theirs):
            about = file.stat()
            facts.append([file.name, about.st_size, about.st_mtime_ns])
        facts.append(list(builder.info.splits[theirs].shard_lengths))
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _shards(builder: Any, split: str) -> list[Path]:
    return [Path(path) for path in builder.info.splits[split].filepaths]


def _check_described(folder: Path, name: str) -> None:
    for file in ("dataset_info.json", "features.json"):
        if not (folder / file).is_file():
            raise UserError(
                f"{name}: {folder / file} is missing, so what lies there cannot be read. Copy the "
                "folder anew, or remove it and have it prepared again."
            )


def _check_whole(builder: Any, split: str, name: str) -> None:
    """Raise UserError where a shard is missing, or all are smaller than their rows."""
    files = _shards(builder, split)
    missing = [file for file in files if not file.is_file()]
    if missing:
        raise UserError(
            f"{name}: {len(missing)} of {len(files)} files of the split {split!r} "
            f"{'is' if len(missing) == 1 else 'are'} missing, the first one {missing[0]}. "
            "Copy the folder anew, or remove it and have it prepared again."
        )
    expected = builder.info.splits[split].num_bytes
    size = sum(file.stat().st_size for file in files)
    # Other formats compress. A TFRecord file is its rows and 16 bytes for each of them.
    if builder.info.file_format.value == "tfrecord" and size < expected:
        raise UserError(
            f"{name}: the files of the split {split!r} in {builder.data_dir} hold {size:,} bytes, "
            f"but their rows are {expected:,}: they are cut off. Copy the folder anew, or remove "
            "it and have it prepared again."
        )


# rows


def _rows(builder: Any, split: str, reads: Mapping[str, Read], name: str) -> Iterator[Located]:
    """The rows of a split in the order of its files, as a stream."""
    place, number = f"{name.rpartition(':')[0]} {split}", 0
    blocks = _blocks(builder, split, reads)
    while True:
        try:
            with _quiet():
                block = next(blocks, None)
        except Exception as error:
            raise _damaged(f"{place}, after row {number}", builder.data_dir, error) from error
        if block is None:
            return
        columns = [_values(read, block[ours]) for ours, read in reads.items()]
        for values in zip(*columns, strict=True):
            number += 1
            yield Where(place, number), dict(zip(reads, values, strict=True))


def _blocks(builder: Any, split: str, reads: Mapping[str, Read]) -> Iterator[dict[str, Any]]:
    """Some rows at once: {column: one array over them, or a list}."""
    rows = _dataset(builder, split, _decoders(builder, reads)).map(
        lambda row: {ours: _inside(row, read) for ours, read in reads.items()}
    )
    if all(spec.shape.is_fully_defined() for spec in rows.element_spec.values()):
        size = IMAGES_AT_ONCE if any(read.encoded for read in reads.values()) else AT_ONCE
        for block in rows.batch(size).prefetch(2):
            yield {ours: values.numpy() for ours, values in block.items()}
    else:  # rows of different shapes
        for row in rows.prefetch(IMAGES_AT_ONCE):
            yield {ours: [_array(value)] for ours, value in row.items()}


def _dataset(builder: Any, split: str, decoders: Any) -> Any:
    """A tf.data.Dataset of a split's rows in the order of its files."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    if builder.info.file_format != tfds.core.FileFormat.ARRAY_RECORD:
        config = tfds.ReadConfig(
            interleave_cycle_length=1,  # one file after the other
            try_autocache=False,  # would keep all rows of a small set in memory
            skip_prefetch=True,  # batches are prefetched instead
        )
        return builder.as_dataset(
            split=split, shuffle_files=False, decoders=decoders, read_config=config
        )
    # TFDS gives these no Dataset, and as Python rows it decodes all features or none.
    features = builder.info.features
    if isinstance(decoders, tfds.decode.PartialDecoding):
        features, decoders = decoders.extract_features(features), decoders.decoders
    raw = builder.as_data_source(
        split=split, deserialize_method=tfds.decode.DeserializeMethod.RAW_BYTES
    )

    def records() -> Iterator[Any]:
        for first in range(0, len(raw), AT_ONCE):  # one by one: 460 rows a second
            yield raw.__getitems__(range(first, min(first + AT_ONCE, len(raw))))

    blocks = tf.data.Dataset.from_generator(
        records, output_signature=tf.TensorSpec((None,), tf.string)
    )
    return blocks.unbatch().map(
        lambda record: features.deserialize_example(record, decoders=decoders),
        num_parallel_calls=tf.data.AUTOTUNE,
    )


def _decoders(builder: Any, reads: Mapping[str, Read]) -> Any:
    """Only what is read is decoded, and images that stay encoded not even then."""
    import tensorflow_datasets as tfds

    skipped: dict[str, Any] = {}
    for read in reads.values():
        if read.encoded:
            inside = skipped
            for key in read.path[:-1]:
                inside = inside.setdefault(key, {})
            inside[read.path[-1]] = tfds.decode.SkipDecoding()
    # PartialDecoding refuses descendants of FeaturesDict, such as Translation.
    if type(builder.info.features) is not tfds.features.FeaturesDict:
        return skipped or None
    return tfds.decode.PartialDecoding({read.path[0]: True for read in reads.values()}, skipped)


def _inside(row: Any, read: Read) -> Any:
    """The value of one column in a row of tensors."""
    import tensorflow as tf

    for key in read.path:
        row = row[key]
    if not read.language:
        return row
    found = tf.boolean_mask(row["translation"], row["language"] == read.language)  # [several]
    return tf.concat([found, [""]], axis=0)[0]  # the first; empty where there is none


def _array(value: Any) -> Any:
    return value.to_list() if hasattr(value, "to_list") else value.numpy()  # ragged, or a tensor


def _values(read: Read, block: Any) -> list[Any]:
    """The values of one column: Python's own where they are single ones."""
    values = block.tolist() if getattr(block, "ndim", 0) == 1 else [_single(v) for v in block]
    if read.labels:
        known = len(read.labels)
        return [read.labels[number] if 0 <= number < known else None for number in values]
    return [_text(value) for value in values] if read.text else values


def _single(value: Any) -> Any:
    return value.item() if getattr(value, "shape", None) == () else value


def _text(value: Any) -> Any:
    """A str; what is no UTF-8 stays bytes, which is refused as a row, and is shown shortened."""
    if hasattr(value, "tolist"):  # several texts
        return [_text(one) for one in value.tolist()]
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        return value[max(0, error.start - 20) : error.start + 20]


# fetching it


def _not_made(asked: Asked, builder: Any, data_dir: Path | None, error: Exception) -> UserError:
    full = _full_name(builder)
    folder = _folder(data_dir)
    prepare = (
        'python -c "import tensorflow_datasets as tfds; '
        f"tfds.builder('{full}', data_dir='prepared').download_and_prepare()\""
    )
    elsewhere = (
        f"Prepare it on a machine with a network:\n  {prepare}\nthen copy the folder "
        f"prepared/{builder.name} to this machine and name the folder that you put it into: "
        f"--data-dir FOLDER.{_here(asked, data_dir)}"
    )
    head = f"--data tfds:{asked}: not prepared in {folder}, and "
    manual = builder.MANUAL_DOWNLOAD_INSTRUCTIONS
    if isinstance(error, OutOfReachError):
        host, why = error.args
        return UserError(f"{head}{host} cannot be reached ({why}). {elsewhere}")
    if manual and isinstance(error, AssertionError | OSError):
        steps = " ".join(manual.split())
        return UserError(
            f"{head}TFDS cannot fetch it by itself. What it asks for, in "
            f"{folder / 'downloads' / 'manual'}: {steps}"
        )
    if isinstance(error, ImportError):
        return UserError(
            f"{head}preparing it needs a package that is missing: {why(error)}. Install it, or: "
            f"{elsewhere}"
        )
    return UserError(f"{head}TFDS could not prepare it: {why(error)}. {elsewhere}")


# messages


def _damaged(what: str, folder: Any, error: Exception) -> UserError:
    log.debug("tfds: %s", what, exc_info=error)
    return UserError(
        f"{what}: the prepared files in {folder} cannot be read: {why(error)}. Copy the folder "
        "anew, or remove it and have it prepared again."
    )


def _near(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"{f'Did you mean {close[0]!r}? ' if close else ''}Known: {_listed(known) or 'none'}."


def _listed(names: Any) -> str:
    shown = list(names)
    more = f" and {len(shown) - MOST_NAMES} more" if len(shown) > MOST_NAMES else ""
    return ", ".join(shown[:MOST_NAMES]) + more


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """TFDS's warnings of itself go nowhere, but for --verbose."""
    loggers = [logging.getLogger(name) for name in ("absl", "urllib3")]
    before = [logger.level for logger in loggers]
    if not log.isEnabledFor(logging.DEBUG):
        for logger in loggers:
            logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """TFDS prints two lines and draws bars while it prepares; ours is shown instead."""
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        tfds.enable_progress_bar()
