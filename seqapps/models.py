"""MODEL on the command line: a published name, a version folder, or a run."""

from __future__ import annotations

from pathlib import Path

from seqapps.errors import UserError, nearest
from seqapps.export.serving_files import published_names
from seqapps.runs import find


def locate(given: str, *, output: Path, runs: Path) -> Path:
    """The folder of the SavedModel that is meant; of a published name the newest version.

    Raises UserError where there is none.
    """
    for folder in (Path(given), output / given):
        if (folder / "saved_model.pb").is_file():
            return folder
        versions = _versions(folder)
        if versions:
            return folder / str(max(versions))
    try:
        run = find(runs, given)
    except UserError:
        names = published_names(output) if output.is_dir() else []
        raise UserError(
            f"{given}: no such model in {output}, no version folder and no run in {runs}. "
            f"{nearest(given, names)} `seqapps run TASK` makes one."
        ) from None
    if not run.model.is_dir():
        raise UserError(f"{run.folder}: this run has no export yet; finish it with `seqapps run`.")
    return run.model


def _versions(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return [
        int(version.name)
        for version in folder.iterdir()
        if version.name.isdecimal() and (version / "saved_model.pb").is_file()
    ]
