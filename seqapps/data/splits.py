"""Who is trained on, who chooses, who judges: decided by a hash, the same everywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from seqapps.task import Row, Task

SPLITS = ("train", "valid", "test")


def key_of(row: Row, *, columns: Iterable[str]) -> str:
    """The text that decides a row's split: its group, or what a request holds of it."""
    return json.dumps([row[name] for name in columns], ensure_ascii=False, default=_plain)


def bucket_of(key: str) -> int:
    """A number from 0 to 9 that depends on nothing but the key.

    >>> bucket_of("a lovely film")
    6
    """
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 10


def cut(
    task: Task, splits: Mapping[str | None, list[Row]], *, group: str | None
) -> dict[str, list[Row]]:
    """All three splits: given ones as they are, missing ones cut from train (8 : 1 : 1).

    Rows of one group stay together; without a group, rows with the same inputs do.
    """
    given = {name: list(rows) for name, rows in splits.items() if name is not None}
    uncut = [*splits.get(None, []), *given.pop("train", [])]
    missing = {
        bucket: name for bucket, name in ((8, "valid"), (9, "test")) if name not in given
    }  # fmt: skip
    cut_now: dict[str, list[Row]] = {name: [] for name in ("train", *missing.values())}
    columns = [group] if group else task.key_columns
    for row in uncut:
        bucket = bucket_of(key_of(row, columns=columns)) if missing else 0
        cut_now[missing.get(bucket, "train")].append(row)
    return {name: (cut_now | given)[name] for name in SPLITS}


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
