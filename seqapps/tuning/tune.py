"""`seqapps tune`: a search in a folder of its own, which the same command goes on with."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from seqapps import files, registry, runs, settings, start
from seqapps.data.load import check_trainable, load
from seqapps.errors import UserError
from seqapps.progress import SILENT, Progress
from seqapps.runner import Request
from seqapps.training.monitor import monitor_of
from seqapps.tuning.processes import Job, Process
from seqapps.tuning.search import Search
from seqapps.tuning.space import Space
from seqapps.tuning.study import Study
from seqapps.tuning.trial import Trainer, Trial

OWN = ("task", "settings", "code", "name", "fresh")  # of a request: each trial has its own


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a space is searched; the options of `seqapps tune`."""

    trials: int | None = 20  # of the study, those of earlier calls included
    minutes: float | None = None  # of this call
    jobs: int = 1  # trainings at a time
    sampler: str = "tpe"
    pruner: str = "median"


@dataclass(frozen=True)
class Tuned:
    """The folder of a search."""

    folder: Path

    @property
    def record(self) -> Path:
        return self.folder / "tune.toml"

    @property
    def trials(self) -> Path:
        return self.folder / "trials.jsonl"

    @property
    def table(self) -> Path:
        return self.folder / "trials.csv"

    @property
    def best(self) -> Path:
        return self.folder / "best.toml"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a search found so far."""

    tuned: Tuned
    monitor: str
    trials: list[Trial]
    best: Trial | None


def tune(
    request: Request,
    space: Space,
    plan: Plan,
    *,
    make: Callable[[], Trainer] | None = None,
    progress: Progress = SILENT,
) -> Result:
    """Search; every trial is a run beside the search's folder, trained and not evaluated.

    `request.settings` are those that the space begins with. `make` makes what trains, by default
    processes. The result is written also where KeyboardInterrupt ends the search, which is let
    through then.
    """
    _check_jobs(plan.jobs)
    task, monitor = request.task, monitor_of(request.task, request.settings)
    identity = _identity(request, progress)
    name = request.name or f"tune-{_digest(identity.name, space)}"
    with _opened(request, name, identity, space) as tuned:
        progress.say(f"search: {tuned.folder}")
        study = Study(
            tuned.trials, space, metric=task.metrics[monitor], seed=request.seed,
            trials=plan.trials, epochs=request.settings.epochs, sampler=plan.sampler,
            pruner=plan.pruner,
        )  # fmt: skip
        search = Search(
            study, make=make or _processes(request, plan.jobs),
            run_name=lambda number: f"{name}-{number:03d}",
            jobs=plan.jobs, trials=plan.trials, minutes=plan.minutes, progress=progress,
        )  # fmt: skip
        try:
            search.run()
        finally:
            result = Result(tuned=tuned, monitor=monitor, trials=study.trials(), best=study.best())
            _write(result, request, space, study)
        return result


def _check_jobs(jobs: int) -> None:
    """Each is a process with a copy of model and data, and needs a core to itself."""
    if jobs > start.cores():
        raise UserError(
            f"--jobs {jobs}: more trials at a time than the {start.cores()} cores that this "
            "process may use. Give at most so many."
        )


def _identity(request: Request, progress: Progress) -> runs.Identity:
    """What the search is of: reads the data, so that mistakes in them are told before it begins."""
    data = load(
        request.task, request.data, request.reading, most_rejected=request.most_rejected,
        progress=progress,
    )  # fmt: skip
    check_trainable(request.task, data)
    return runs.identity_of(
        request.task, values=request.settings, seed=request.seed, backend=request.backend,
        devices=1, data=data.spec, content=data.content, fingerprint=data.fingerprint,
        code_folder=request.code, group=data.group, reading=request.reading,
    )  # fmt: skip


def _digest(name: str, space: Space) -> str:
    return hashlib.sha256(json.dumps([name, space.dumps()]).encode()).hexdigest()[:8]


@contextmanager
def _opened(request: Request, name: str, identity: runs.Identity, space: Space) -> Iterator[Tuned]:
    """The search's folder, locked; new, or the one to go on with."""
    from filelock import FileLock, Timeout

    tuned = Tuned(request.runs / request.task.name / name)
    try:
        tuned.folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{tuned.folder}: cannot be made ({error.strerror}). See --runs.") from None
    lock = FileLock(tuned.folder.with_name(f".{name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"{tuned.folder} is in use by another seqapps process; wait for it, or give this "
            "search another --name."
        ) from None
    try:
        record = _record(identity, space)
        if tuned.record.exists() and not request.fresh:
            _refuse_other(tuned, record)
        elif tuned.folder.exists() and any(tuned.folder.iterdir()) and not tuned.record.exists():
            raise UserError(
                f"{tuned.folder} holds files but no {tuned.record.name}, so it is not a search. "
                "Give this search another --name."
            )
        else:
            if not request.fresh:
                _refuse_runs(tuned)
            shutil.rmtree(tuned.folder, ignore_errors=True)
            files.write_text(tuned.record, record)
        yield tuned
    finally:
        lock.release()


def _refuse_runs(tuned: Tuned) -> None:
    """A new search would write over runs of the names that its trials get."""
    name = tuned.folder.name
    there = sorted(file.parent for file in tuned.folder.parent.glob(f"{name}-*/run.toml"))
    taken = [path for path in there if path.name.removeprefix(f"{name}-").isdecimal()]
    if taken:
        raise UserError(
            f"{taken[0]} is a run already, and this search would call its trials so. Give it "
            "another --name, or write over it with --fresh."
        )


def _record(identity: runs.Identity, space: Space) -> str:
    """What the search is: as the record of a run with the settings at the start, and the space."""
    import tomlkit

    searched = tomlkit.dumps({"space": tomllib.loads(space.dumps())})
    return f"{runs.record_text(identity)}\n{searched}"


def _refuse_other(tuned: Tuned, record: str) -> None:
    old, new = tomllib.loads(tuned.record.read_text(encoding="utf-8")), tomllib.loads(record)
    found = runs.differences(old, new)
    if old["space"] != new["space"]:
        found.append("  space: other settings or limits are searched now (see --show-space)")
    if found:
        raise UserError(
            f"{tuned.folder} holds another search:\n" + "\n".join(found) + "\n"
            "Go on with what made it, or search anew, with another --name or with --fresh."
        )


def _processes(request: Request, jobs: int) -> Callable[[], Trainer]:
    entry = registry.find(request.task.name)
    job = Job(
        task=request.task.name,
        plugins=(entry.folder.absolute(),) if entry.origin == "--plugin" else (),
        request={
            field.name: getattr(request, field.name)
            for field in fields(request)
            if field.name not in OWN
        },
        threads=start.cores() // jobs,
    )
    return lambda: Process(job)


def _write(result: Result, request: Request, space: Space, study: Study) -> None:
    """The table, the best settings and the report."""
    from seqapps.report.page import write
    from seqapps.report.tuning import page, table

    if not result.trials:
        return
    files.write_text(result.tuned.table, table(result, space))
    if result.best:
        best = space.settings(result.best.values)
        head = (
            f"# {request.task.name}: the best of {len(result.trials)} trials, chosen by "
            f"{result.monitor} on validation: {result.best.value:.4g} (trial "
            f"{result.best.number}).\n"
        )
        files.write_text(result.tuned.best, head + settings.dumps(best))
    write(result.tuned.report, page(result, request.task, space, importance=study.importance()))
