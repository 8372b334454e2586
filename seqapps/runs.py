"""A run's folder: what lies where, what is done already, and who may go on with it."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from seqapps import files, settings
from seqapps.backends import PACKAGES as BACKEND_PACKAGES
from seqapps.backends import TENSORFLOW
from seqapps.data.source import Reading
from seqapps.data.splits import SHARES
from seqapps.errors import UserError
from seqapps.task import Task

PACKAGES = ("seqapps", "tensorflow", "keras", "tensorflow-text", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Run:
    """One folder under `runs/<task>/`."""

    folder: Path

    @property
    def record(self) -> Path:
        return self.folder / "run.toml"

    @property
    def features(self) -> Path:
        return self.folder / "features"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def history(self) -> Path:
        return self.folder / "history.csv"

    @property
    def gradients(self) -> Path:
        return self.folder / "gradients.json"

    @property
    def events(self) -> Path:
        return self.folder / "events"

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def evaluation(self) -> Path:
        return self.folder / "evaluation.json"

    @property
    def answers(self) -> Path:
        return self.folder / "answers.jsonl.gz"

    @property
    def explained(self) -> Path:
        return self.folder / "explained.json"

    @property
    def observed(self) -> Path:
        return self.folder / "observed.json"

    @property
    def examined(self) -> Path:
        return self.folder / "data.json"

    @property
    def cost(self) -> Path:
        return self.folder / "cost.json"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    @property
    def published(self) -> Path:
        return self.folder / "published.json"

    @property
    def rejected(self) -> Path:
        return self.folder / "rejected.csv"

    def read_record(self) -> dict[str, Any]:
        """What `run.toml` says: task, settings, seed, data, code, versions."""
        return tomllib.loads(self.record.read_text(encoding="utf-8"))

    def undo_after(self, stage: str) -> None:
        """Forget what later stages made of this stage's earlier result."""
        later = {
            "prepare": [self.checkpoints, self.history, self.gradients, self.events],
            "train": [self.model],
            "export": [
                self.evaluation, self.answers, self.explained, self.observed, self.examined,
            ],
            "evaluate": [self.report, self.published],
        }  # fmt: skip
        stages = list(later)
        for name in stages[stages.index(stage) :]:
            _remove(later[name])

    def clear(self) -> None:
        """Remove all that a run makes but its record, and nothing else that lies in the folder."""
        self.undo_after("prepare")
        _remove([self.features, self.rejected, self.cost])


@dataclass(frozen=True)
class Identity:
    """What makes two runs the same run."""

    task: str
    settings: Any
    seed: int
    data: str  # what --data named: a sample, or the file's absolute path
    content: str
    fingerprint: str
    code: str
    group: str | None
    reading: Reading
    backend: str = TENSORFLOW  # that the model is trained on
    devices: int = 1  # that share its batches

    @property
    def name(self) -> str:
        """First 8 hex digits over what the command asks for: the same command, the same name."""
        content = [settings.as_dict(self.settings), self.fingerprint, self.seed]
        if self.backend != TENSORFLOW:
            content.append(self.backend)
        if self.devices != 1:
            content.append(self.devices)
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:8]


@contextmanager
def opened(runs: Path, identity: Identity, *, name: str | None, fresh: bool) -> Iterator[Run]:
    """The run's folder, locked; new, or the one to go on with.

    Raises UserError where the folder holds another run (settings, data, seed or code differ) or
    where another process is at work in it.
    """
    from filelock import FileLock, Timeout

    run = Run(runs / identity.task / (name or identity.name))
    try:
        run.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{run.folder}: cannot be made ({error.strerror}). See --runs.") from None
    lock = FileLock(run.folder.with_name(f".{run.folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"{run.folder} is in use by another seqapps process; wait for it, or give this run "
            "another --name."
        ) from None
    try:
        files.sweep(run.folder)
        files.sweep(run.checkpoints)
        if run.record.exists() and not fresh:
            _refuse_other(run, identity)
        elif run.record.exists() or not any(run.folder.iterdir()):
            run.clear()
            files.write_text(run.record, record_text(identity))
        else:
            raise UserError(
                f"{run.folder} holds files but no run.toml, so it is not a run. "
                "Give this run another --name."
            )
        yield run
    finally:
        lock.release()


def find(runs: Path, given: str) -> Run:
    """The run that is given as a folder, `task/name` or a name that occurs once under `runs`."""
    candidates = [Path(given), runs / given, *sorted(runs.glob(f"*/{given}"))]
    found = {path.resolve(): path for path in candidates if (path / "run.toml").is_file()}
    if len(found) == 1:
        return Run(next(iter(found.values())))
    if found:
        raise UserError(f"{given}: several runs have that name: {', '.join(map(str, found))}.")
    known = sorted(
        f"{file.parent.parent.name}/{file.parent.name}" for file in runs.glob("*/*/run.toml")
    )
    raise UserError(f"{given}: no such run under {runs}. Known: {', '.join(known) or 'none'}.")


def identity_of(
    task: Task,
    *,
    values: Any,
    seed: int,
    data: str,
    content: str,
    fingerprint: str,
    code_folder: Path,
    group: str | None,
    reading: Reading,
    backend: str = TENSORFLOW,
    devices: int = 1,
) -> Identity:
    """The identity of a run of `task`; `code_folder` is where the task's files lie."""
    core = files.digest_of_tree(Path(__file__).parent, "*.py", leave_out="tasks")
    own = (
        files.digest_of_tree(code_folder, "*.py")
        if code_folder.is_dir()
        else hashlib.sha256(code_folder.read_bytes()).hexdigest()
    )
    code = hashlib.sha256(f"{core}{own}".encode()).hexdigest()
    return Identity(
        task.name, values, seed, data, content, fingerprint, code, group, reading, backend, devices
    )


def record_text(identity: Identity) -> str:
    """The content of `run.toml`."""
    import tomlkit

    packages = [*PACKAGES, *BACKEND_PACKAGES[identity.backend]]
    document = tomlkit.document()
    document.add(tomlkit.comment("What this run is; the same command goes on with it."))
    document.update(
        {
            "format": 1,
            "task": identity.task,
            "seed": identity.seed,
            "backend": identity.backend,
            "devices": identity.devices,
            "data": {
                "source": identity.data,
                "content": identity.content,
                "fingerprint": identity.fingerprint,
                "group": identity.group or "",
                "columns": dict(identity.reading.columns),
                "encoding": identity.reading.encoding,
                "header": identity.reading.header,
                "data_dir": str(identity.reading.data_dir or ""),
                **_in_time(identity.reading),
            },
            "code": identity.code,
            "versions": {name: metadata.version(name) for name in packages},
        }
    )
    head = tomlkit.dumps(document)
    return f"{head}\n[settings]\n{settings.dumps(identity.settings)}"


def task_of(run: Run, task: Task) -> Task:
    """The task under the settings of the run."""
    values = run.read_record()["settings"]
    return task.under(settings.replace(task.settings, values, where=str(run.record)))


def reading_of(record: Mapping[str, Any]) -> Reading:
    """How the data of a run (or of an export, which holds the same record) were read."""
    data = record["data"]
    return Reading(
        columns=data["columns"],
        group=data["group"] or None,
        encoding=data["encoding"],
        header=data.get("header", True),  # runs made before this was asked
        data_dir=Path(data["data_dir"]) if data["data_dir"] else None,
        shares=tuple(data.get("shares", SHARES)),
        time_format=data.get("time_format"),
        factors=Path(data["factors"]) if "factors" in data else None,
        factors_lag=data.get("factors_lag", 1),
    )


def _in_time(reading: Reading) -> dict[str, Any]:
    """How series are read, where that was told."""
    found: dict[str, Any] = {}
    if reading.shares != SHARES:
        found["shares"] = list(reading.shares)
    if reading.time_format:
        found["time_format"] = reading.time_format
    if reading.factors:
        found |= {"factors": str(reading.factors), "factors_lag": reading.factors_lag}
    return found


def differences(record: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two records of `record_text`, a line each, in words."""
    found = [
        f"  setting {key}: {old!r} there, {new['settings'].get(key)!r} now"
        for key, old in record["settings"].items()
        if old != new["settings"].get(key)
    ]
    found += [
        f"  {what}: {record.get(what)} there, {new[what]} now"
        for what in ("task", "seed", "backend", "devices")
        if record.get(what) != new[what]
    ]
    if record["data"]["fingerprint"] != new["data"]["fingerprint"]:
        found.append(
            f"  data: {record['data']['source']} ({record['data']['fingerprint'][:8]}) there, "
            f"{new['data']['source']} ({new['data']['fingerprint'][:8]}) now"
        )
    if record["code"] != new["code"]:
        found.append("  code: the files of seqapps or of the task have changed")
    found += [
        f"  {package}: {old} there, {new['versions'].get(package, 'not recorded')} now"
        for package, old in record["versions"].items()
        if old != new["versions"].get(package) and package != "seqapps"
    ]
    return found


def _refuse_other(run: Run, identity: Identity) -> None:
    if found := differences(run.read_record(), tomllib.loads(record_text(identity))):
        raise UserError(
            f"{run.folder} holds another run:\n" + "\n".join(found) + "\n"
            "Go on with what made it, or make a run anew: `seqapps run` with another --name, or "
            "with --fresh."
        )


def _remove(paths: list[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
