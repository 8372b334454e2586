"""From a run's proven candidate to `saved_models/<name>/<version>/`, in one rename."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from seqapps import files
from seqapps.errors import UserError
from seqapps.export.serving_files import MODELS_CONFIG, write_models_config

COUNTER = ".last_version"  # so that a number is not given twice, even when versions are deleted
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def check_name(name: str) -> None:
    """Raise UserError where TF Serving could not serve a model of this name."""
    if not NAME.fullmatch(name) or name == MODELS_CONFIG:
        raise UserError(
            f"--publish-as {name!r}: expected letters, digits, '.', '_' and '-', beginning with "
            f"a letter or digit, and not {MODELS_CONFIG}; the name becomes a folder and a part of "
            "the server's addresses."
        )


def publish(candidate: Path, output: Path, name: str) -> int:
    """Copy the candidate beside its place, then rename it there; returns the version number.

    A server that polls the folder never sees half an export. Raises UserError where `output`
    cannot be written.
    """
    from filelock import FileLock

    place = output / name
    try:
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / ".lock"):
            files.sweep(place)
            staging = Path(tempfile.mkdtemp(dir=place, prefix=f".incoming{files.PARTIAL}"))
            try:
                shutil.copytree(candidate, staging, dirs_exist_ok=True)
                version = next_version(place)
                files.write_text(place / COUNTER, f"{version}\n")
                files.flush_tree(staging)
                staging.rename(place / str(version))
                files.flush(place)
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
        with FileLock(output / ".lock"):
            write_models_config(output)
    except OSError as error:
        raise UserError(
            f"{place}: the export cannot be published there ({error.strerror}). "
            "Choose another folder with --output; the run itself is kept."
        ) from error
    return version


def next_version(place: Path) -> int:
    """One more than any version that was ever published here."""
    there = [int(folder.name) for folder in place.iterdir() if folder.name.isdecimal()]
    counter = place / COUNTER
    if counter.is_file() and counter.read_text().strip().isdecimal():
        there.append(int(counter.read_text()))
    return max(there, default=0) + 1
