"""What every start of a run needs of all training rows, kept beside them in the cache.

The fitted state and the lengths of the cases each take a pass over the training split, which for
a million rows is half a minute. They follow from rows, settings and code, and not from the seed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqapps import files, settings, state
from seqapps.data import cache
from seqapps.data.batching import lengths_of
from seqapps.data.load import Data
from seqapps.data.records import checksum
from seqapps.progress import SILENT, Progress
from seqapps.task import Buckets, Case, Task


def fit(
    task: Task, values: Any, data: Data, *, code: str, to: Path, progress: Progress = SILENT
) -> None:
    """Write the fitted state of the training rows to the folder `to`; `code` is its digest."""

    def make(folder: Path) -> None:
        with progress.track("fitting the features"):
            state.save(task.fit(iter(data.splits["train"]), values), folder / "state")

    found = _kept(data, "state", values, code, make, progress)
    with files.whole_folder(to) as staging:
        shutil.copytree(found / "state", staging, dirs_exist_ok=True)


def lengths(
    task: Task,
    values: Any,
    data: Data,
    cases: Sequence[Case],
    *,
    code: str,
    progress: Progress = SILENT,
) -> np.ndarray | None:
    """The steps of every training case, int [cases]; None where batches do not depend on them."""
    batching = task.batching
    if not isinstance(batching, Buckets):
        return None

    def make(folder: Path) -> None:
        with progress.track("measuring the cases"):
            np.save(folder / "lengths.npy", lengths_of(cases, batching, values))

    found = _kept(data, "lengths", values, code, make, progress)
    return np.asarray(np.load(found / "lengths.npy"))


def _kept(
    data: Data, what: str, values: Any, code: str, make: Callable[[Path], None], progress: Progress
) -> Path:
    """A folder of the cache that holds what `make` wrote for these rows, settings and code."""
    contents = [checksum(file) for file in settings.files_of(values)]
    facts = [what, data.fingerprint, settings.as_dict(values), contents, code]
    key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
    target = data.entry.folder / "fitted" / key
    with cache.locked(target, progress):
        if cache.whole(target, progress) is None:
            with cache.disk_trouble(target), files.whole_folder(target) as staging:
                make(staging)
                written = {
                    file.relative_to(staging).as_posix(): checksum(file)
                    for file in staging.rglob("*")
                    if file.is_file()
                }
                files.write_json(staging / "about.json", {"what": what, "files": written})
    return target
