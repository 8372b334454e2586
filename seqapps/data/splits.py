"""Who is trained on, who chooses, who judges: decided by hashes, the same everywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from seqapps.task import Row

SPLITS = ("train", "valid", "test")
MANY = 10_000  # values of an array; more are told by their digest
SHARES = (0.8, 0.1, 0.1)  # of every series, in this order, where time decides


@dataclass(frozen=True)
class Cut:
    """Positions of rows by split, ascending, and what was found on the way."""

    positions: Mapping[str, np.ndarray]
    repeated: Mapping[str, int] = field(default_factory=dict)  # same inputs earlier in the split
    removed: Mapping[str, int] = field(default_factory=dict)  # same inputs in a held-out split
    spanning: int = 0  # groups that lie in more than one of the given splits


def key_of(row: Row, *, columns: Iterable[str]) -> str:
    """The text that decides a row's split: its group, or what a request holds of it."""
    return _as_json([row[name] for name in columns])


def hashed(key: str) -> int:
    """The first 64 bits of SHA-256."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")


def bucket_of(hashes: Any) -> Any:
    """Numbers from 0 to 9 that depend on nothing but the hashes' first 32 bits.

    >>> bucket_of(hashed("a lovely film"))
    6
    """
    return (hashes >> 32) % 10


def cut(
    parts: Mapping[str | None, np.ndarray],
    *,
    keys: np.ndarray,
    groups: np.ndarray | None = None,
    strata: np.ndarray | None = None,
    ordered: bool = False,
) -> Cut:
    """All three splits: given ones as they are, missing ones cut from train (8 : 1 : 1).

    `parts` holds the positions of rows by given split, under None those that are to be cut;
    `keys`, `groups` (uint64) and `strata` (codes of labels) are those of every row. Rows of one
    group stay together. Without groups, rows with the same inputs do, and every label is cut
    8 : 1 : 1 for itself. `ordered` rows are cut in their order.

    A row whose inputs also lie in a held-out split is left out: of train where it is in valid or
    test, of valid where it is in test.
    """
    given = {name: rows for name, rows in parts.items() if name is not None}
    uncut = np.concatenate([parts.get(None, _none()), given.pop("train", _none())])
    missing = [name for name in ("test", "valid") if name not in given]
    if not missing or not len(uncut):
        found = np.zeros(len(uncut), "int64")
    elif ordered:
        found = _in_order(len(uncut), missing)
    elif groups is not None:
        found = _by_bucket(groups[uncut], missing)
    else:
        codes = np.zeros(len(uncut), "int64") if strata is None else strata[uncut]
        found = _by_rank(keys[uncut], codes, missing)
    positions = {"train": uncut[found == 0], **given}
    positions |= {name: uncut[found == number] for number, name in enumerate(missing, 1)}
    repeated = {name: len(rows) - len(np.unique(keys[rows])) for name, rows in positions.items()}
    positions, removed = _without_held_out(positions, keys)
    return Cut(
        {name: positions[name] for name in SPLITS},
        repeated=repeated,
        removed=removed,
        spanning=_spanning(positions, groups),
    )


def _none() -> np.ndarray:
    return np.empty(0, "int64")


def _in_order(count: int, missing: list[str]) -> np.ndarray:
    """The last tenth judges, the one before it chooses; 0 is train, then as in `missing`."""
    found = np.zeros(count, "int64")
    end = count
    for number, _ in enumerate(missing, 1):
        start = end - max(1, round(count / 10)) if count >= 3 else end
        found[start:end] = number
        end = start
    return found


def _by_bucket(groups: np.ndarray, missing: list[str]) -> np.ndarray:
    buckets = bucket_of(groups)
    found = np.zeros(len(groups), "int64")
    for number, name in enumerate(missing, 1):
        found[buckets == {"valid": 8, "test": 9}[name]] = number
    return found


def _by_rank(keys: np.ndarray, strata: np.ndarray, missing: list[str]) -> np.ndarray:
    """A tenth of each stratum's different keys for each missing split.

    They are taken in the order of their buckets, from 9 down, so that a row added later moves only
    rows at the borders. A stratum of one or two keys is for training only.
    """
    unique, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    stratum = np.unique(strata[first], return_inverse=True)[1]
    order = np.lexsort((unique, 9 - bucket_of(unique).astype("int64"), stratum))
    sizes = np.bincount(stratum)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    rank = np.empty(len(unique), "int64")
    rank[order] = np.arange(len(unique)) - starts
    tenth = np.maximum(1, np.rint(sizes / 10).astype("int64"))
    tenth[sizes < 3] = 0
    part = rank // np.maximum(1, tenth[stratum])  # 0: the first tenth, 1: the second, ...
    held = (tenth[stratum] > 0) & (part < len(missing))
    return np.where(held, part + 1, 0)[inverse]


def _without_held_out(
    positions: Mapping[str, np.ndarray], keys: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    test = keys[positions["test"]]
    held = {"train": np.concatenate([keys[positions["valid"]], test]), "valid": test}
    kept, removed = dict(positions), {}
    for name, others in held.items():
        rows = positions[name]
        leaks = np.isin(keys[rows], others)
        kept[name], removed[name] = rows[~leaks], int(leaks.sum())
    return kept, removed


def _spanning(positions: Mapping[str, np.ndarray], groups: np.ndarray | None) -> int:
    if groups is None:
        return 0
    each = np.concatenate([np.unique(groups[rows]) for rows in positions.values()])
    return int((np.unique(each, return_counts=True)[1] > 1).sum())


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, np.ndarray) and value.size > MANY:
        return [value.shape, hashlib.sha256(np.ascontiguousarray(value).data).hexdigest()]
    return value.tolist() if hasattr(value, "tolist") else str(value)


_as_json = json.JSONEncoder(ensure_ascii=False, default=_plain).encode
