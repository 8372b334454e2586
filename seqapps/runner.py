"""The stages of a run, in order: prepare, train, export, evaluate, report, publish.

Each stage leaves its result in the run's folder and is skipped where that is there already, so
the same command again goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from seqapps import answers, cost, devices, files, runs, settings, start, state
from seqapps.backends import TENSORFLOW, check_installed
from seqapps.cost import Meter
from seqapps.data.load import MOST_REJECTED, Data, check_asked, check_trainable, load, told
from seqapps.data.source import Reading
from seqapps.data.splits import SPLITS
from seqapps.errors import RunError, UserError
from seqapps.interruption import AT_ONCE, Interruption
from seqapps.progress import SILENT, Progress
from seqapps.runs import Run
from seqapps.task import Ask, Case, Surroundings, Task
from seqapps.training.monitor import monitor_of

if TYPE_CHECKING:
    import numpy as np

    from seqapps.training.rate_range import RateRange


EXAMINED = 200_000  # rows; looking at more takes longer than a report is worth


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a run is asked to do; the options of `seqapps run`."""

    task: Task
    settings: Any
    code: Path  # the folder or file that the task's code consists of
    data: Any = None  # what --data takes, or rows from Python: see `seqapps.data.load.load`
    reading: Reading = field(default_factory=Reading)
    most_rejected: float = MOST_REJECTED  # share of rows
    seed: int = 0
    backend: str = TENSORFLOW  # that the model is trained on
    max_memory: int | None = None  # bytes that the training cases' tensors may take
    devices: int | str = 1  # that share its batches; "all" that there are
    name: str | None = None
    runs: Path = Path("runs")
    output: Path = Path("saved_models")
    publish_as: str | None = None
    fresh: bool = False
    require_goal: bool = False


@dataclass(frozen=True)
class Work:
    """An open run with its data."""

    request: Request
    run: Run
    data: Data
    code: str  # digest of all code that the run rests on
    devices: int  # that train
    progress: Progress
    interruption: Interruption
    meter: Meter = field(default_factory=Meter)

    def note_cost(self, stage: str) -> None:
        """What was spent since the last stage ended was spent on this one."""
        cost.note(self.run.cost, self.meter.take(stage))

    def cases(self, split: str) -> Sequence[Case]:
        """The cases of a split; read from the cache one by one where they are the rows."""
        return self.request.task.list_cases(self.data.splits[split], self.request.settings)


def run(
    request: Request, *, progress: Progress = SILENT, interruption: Interruption = AT_ONCE
) -> Run:
    """All stages. Raises UserError, ProofError or RunError; what is done stays done."""
    from seqapps.export.publish import check_name

    check_name(request.publish_as or request.task.name)
    with _prepared(request, progress, interruption) as work:
        if not work.run.model.exists():
            _export(work)
        if not work.run.evaluation.exists():
            _evaluate(work)
        _check_goal(work)
        _publish(work)
        return work.run


def train(
    request: Request, *, progress: Progress = SILENT, interruption: Interruption = AT_ONCE
) -> Run:
    """The first two stages: prepare and train."""
    with _prepared(request, progress, interruption) as work:
        _train(work)
        return work.run


def export(
    request: Request, *, progress: Progress = SILENT, interruption: Interruption = AT_ONCE
) -> Run:
    """Export the best weights of an existing run anew, prove, evaluate and publish."""
    with _prepared(request, progress, interruption) as work:
        work.run.undo_after("train")
    return run(request, progress=progress, interruption=interruption)


def find_learning_rate(request: Request, *, progress: Progress = SILENT) -> tuple[RateRange, Path]:
    """(the learning-rate range test, the picture of it beside the task's runs). Makes no run."""
    task = request.task
    if request.backend != TENSORFLOW:
        raise UserError(
            f"--find-learning-rate runs on TensorFlow; leave out --backend {request.backend}. What "
            "it suggests holds for both."
        )
    data = load(
        task, request.data, request.reading, most_rejected=request.most_rejected, progress=progress
    )
    check_trainable(task, data)
    request = _settled(request, data)
    task = request.task
    start.tensorflow(progress)
    from seqapps.data import fitted
    from seqapps.report.rate_range import rate_picture
    from seqapps.training.rate_range import find_rate

    code = _identity(request, data).code
    with TemporaryDirectory() as aside:
        folder = Path(aside) / "features"
        fitted.fit(task, request.settings, data, code=code, to=folder, progress=progress)
        learnt = state.load(folder)
        cases = task.list_cases(data.splits["train"], request.settings)
        lengths = fitted.lengths(task, request.settings, data, cases, code=code, progress=progress)
        tried = find_rate(
            task,
            request.settings,
            learnt,
            cases=cases,
            seed=request.seed,
            folder=Path(aside),
            lengths=lengths,
            progress=progress,
        )
    picture = request.runs / task.name / "learning-rate.svg"
    title = f"{task.name} on {data.spec}: loss while the learning rate grows"
    files.write_bytes(
        picture,
        rate_picture(tried.rates, tried.losses, tried.smoothed, tried.suggested, title=title),
    )
    return tried, picture


def report(folder: Run, task: Task, *, again: bool = False, progress: Progress = SILENT) -> Path:
    """Write `report.html` from what the run's folder holds, where it is not there or `again`."""
    if again or not folder.report.exists():
        from seqapps.report.page import page

        files.write_text(folder.report, page(folder, task))
        progress.say(f"report: {folder.report}")
    return folder.report


@contextmanager
def _prepared(request: Request, progress: Progress, interruption: Interruption) -> Iterator[Work]:
    """Read the data, open the run's folder and fit the state where that is not done."""
    task, meter = request.task, Meter()
    monitor_of(task, request.settings)  # before anything is made
    check_installed(request.backend)
    count = devices.resolved(request.devices, backend=request.backend)
    data = load(
        task,
        request.data,
        request.reading,
        most_rejected=request.most_rejected,
        progress=progress,
    )
    check_trainable(task, data)
    request = _settled(request, data)
    task = request.task
    identity = _identity(request, data, count)
    with runs.opened(request.runs, identity, name=request.name, fresh=request.fresh) as folder:
        progress.say(f"run: {folder.folder}")
        if count > 1 and not _is_trained(folder):
            devices.check_present(count)  # before anything is made
        for line in [*told(data), *_of_the_grid(request, data)]:
            progress.say(f"data: {line}")
        if data.rejected:
            files.write_bytes(folder.rejected, data.entry.rejected.read_bytes())
            progress.say(f"data: all of them: {folder.rejected}")
        if not folder.features.exists():
            folder.undo_after("prepare")
            start.tensorflow(progress)
            from seqapps.data import fitted

            fitted.fit(
                task,
                request.settings,
                data,
                code=identity.code,
                to=folder.features,
                progress=progress,
            )
            cost.note(folder.cost, meter.take("prepare"))
        yield Work(request, folder, data, identity.code, count, progress, interruption, meter)


def _settled(request: Request, data: Data) -> Request:
    """The request with the settings that only the data tell."""
    check_asked(request.task, data, request.settings)
    values = request.task.settle(
        settings.with_absolute_files(request.settings), data.splits["train"]
    )
    task = request.task.under(values)
    if task.observed:
        for split in ("valid", "test"):
            task.list_cases(data.splits[split], values)  # a part without a window is told now
    return replace(request, task=task, settings=values)


def _of_the_grid(request: Request, data: Data) -> list[str]:
    """What the steps of the settings make of series, in all splits."""
    if not request.task.observed:
        return []
    from seqapps.series.laid import laid

    line = laid(data.everything, request.settings)
    return [line] if line else []


def _is_trained(folder: Run) -> bool:
    from seqapps.training import checkpoint

    position = checkpoint.newest(folder.checkpoints)
    return folder.model.exists() or (position is not None and position.finished)


def _identity(request: Request, data: Data, count: int = 1) -> runs.Identity:
    return runs.identity_of(
        request.task,
        values=request.settings,
        seed=request.seed,
        backend=request.backend,
        devices=count,
        data=data.spec,
        content=data.content,
        fingerprint=data.fingerprint,
        code_folder=request.code,
        group=data.group,
        reading=request.reading,
    )


def _train(work: Work) -> tuple[Any, Any]:
    """(model, features) with the best weights; trains where that is not finished."""
    start.tensorflow(work.progress)
    from seqapps.data import fitted
    from seqapps.training import checkpoint, train

    task, settings, folder = work.request.task, work.request.settings, work.run
    learnt, seed = state.load(folder.features), work.request.seed
    position = checkpoint.newest(
        folder.checkpoints, say=lambda line: work.progress.say(f"training: {line}")
    )
    if position:  # a kill may have come between checkpoint and history
        train.write_history(folder.history, position)
    if position and position.finished:
        return train.trained(task, settings, learnt, seed=seed, folder=folder.checkpoints)
    if position:
        work.progress.say(f"training: going on after round {position.rounds_done}")
    cases = work.cases("train")
    lengths = fitted.lengths(
        task, settings, work.data, cases, code=work.code, progress=work.progress
    )
    _say_what_is_cut(settings, lengths, work.progress)
    with work.interruption.deferred():
        if work.request.backend != TENSORFLOW:
            _train_apart(work, learnt, lengths)
            return train.trained(task, settings, learnt, seed=seed, folder=folder.checkpoints)
        return train.train(
            task,
            settings,
            learnt,
            cases=cases,
            valid=work.cases("valid"),
            seed=seed,
            folder=folder.checkpoints,
            history=folder.history,
            lengths=lengths,
            max_memory=work.request.max_memory,
            devices=work.devices,
            progress=work.progress,
            interruption=work.interruption,
        )


def _train_apart(work: Work, learnt: Any, lengths: np.ndarray | None) -> None:
    """Train on the other backend; the run's checkpoints are the result."""
    from seqapps.training import apart

    request, folder = work.request, work.run
    job = apart.Job(
        settings=request.settings,
        state=learnt,
        rows=work.data.splits["train"],
        valid=work.data.splits["valid"],
        seed=request.seed,
        folder=folder.checkpoints.absolute(),
        history=folder.history.absolute(),
        lengths=lengths,
        max_memory=request.max_memory,
    )
    apart.train(
        request.backend,
        request.task,
        job,
        progress=work.progress,
        interruption=work.interruption,
    )


def _say_what_is_cut(settings: Any, lengths: np.ndarray | None, progress: Progress) -> None:
    """How many training cases are longer than the model reads, by the task's own estimate."""
    longest = getattr(settings, "max_tokens", None)
    if lengths is None or longest is None:
        return
    count = int((lengths > longest).sum())
    if count:
        progress.say(
            f"data: about {count:,} of {len(lengths):,} training cases are longer than "
            f"max_tokens = {longest:,} (the longest: {lengths.max():,}); the rest of them is cut"
        )


def _export(work: Work) -> None:
    start.tensorflow(work.progress)
    from seqapps.export import bundle
    from seqapps.series import level

    model, features = _train(work)
    work.meter.take("train")  # `history.csv` has it, round by round, whatever was killed
    valid = work.cases("valid")
    work.request.task.calibrate(work.request.settings, model, features, valid)
    work.run.undo_after("train")
    seen = level.note(work.request.task, work.request.settings, state.load(work.run.features))
    with (
        work.progress.track("exporting and proving"),
        files.full_disk(work.run.model),
        files.whole_folder(work.run.model) as staging,
    ):
        proof = bundle.write(
            staging,
            work.request.task,
            work.request.settings,
            model,
            features,
            cases=valid,
            record={**work.run.read_record(), "run": work.run.folder.name, **seen},
        )
    work.progress.say(
        f"export: proved in a fresh process: {proof.rows} golden answers, largest difference "
        f"{proof.largest_difference:.1e}"
        + (f", {proof.near_ties} near ties" if proof.near_ties else "")
    )
    work.note_cost("export")


def _evaluate(work: Work) -> None:
    start.tensorflow(work.progress)
    from seqapps.evaluate import evaluate
    from seqapps.predict import asking
    from seqapps.report.explained import explained

    request, folder = work.request, work.run
    folder.undo_after("export")
    cases = {split: work.cases(split) for split in SPLITS}
    evaluation, judged = evaluate(
        request.task,
        request.settings,
        folder,
        work.data,
        cases=cases,
        seed=request.seed,
        progress=work.progress,
    )
    evaluation["published_as"] = request.publish_as or request.task.name
    answers.write(folder.answers, judged)
    ask = asking(folder.model, request.task, request.settings)
    told = explained(request.task, request.settings, ask, judged, progress=work.progress)
    files.write_json(folder.explained, told)
    _observe(work, ask, cases)
    if work.data.rows <= EXAMINED:
        files.write_json(folder.examined, _examined(work))
    work.note_cost("evaluate")
    files.write_json(folder.evaluation, evaluation)  # the last: it says that the stage is done


def _observe(work: Work, ask: Ask, cases: Mapping[str, Sequence[Case]]) -> None:
    """Keep what the task itself asks the export, for its own sections of the report."""
    request, folder = work.request, work.run
    if request.task.observe is None:
        return
    around = Surroundings(settings=request.settings, state=state.load(folder.features), **cases)
    with work.progress.track("looking at what it does"):
        files.write_json(folder.observed, dict(request.task.observe(ask, around)))


def _examined(work: Work) -> dict[str, Any]:
    """The doctor's findings, for the report."""
    from seqapps.doctor.examine import examine

    request = work.request
    return examine(
        request.task,
        request.settings,
        work.data,
        reading=request.reading,
        most_rejected=request.most_rejected,
        progress=work.progress,
    )


def _check_goal(work: Work) -> None:
    goal = files.read_json(work.run.evaluation)["goal"]
    if work.request.require_goal and not goal["reached"]:
        drawn = report(work.run, work.request.task, progress=work.progress)
        raise RunError(
            f"The goal is missed, so nothing is published (--require-goal): {goal['text']}. "
            f"See {drawn}."
        )


def _publish(work: Work) -> None:
    """Publish the candidate, once for each output folder and name."""
    from seqapps.export.publish import publish

    request, folder = work.request, work.run
    name = request.publish_as or request.task.name
    place = (request.output / name).absolute()
    if folder.published.exists():
        there = files.read_json(folder.published)
        if there["place"] == str(place) and (place / str(there["version"])).is_dir():
            report(folder, request.task, progress=work.progress)
            return
    version = _same_version(folder.model, place) or publish(folder.model, request.output, name)
    evaluation = files.read_json(folder.evaluation)
    files.write_json(folder.evaluation, {**evaluation, "published_as": name, "version": version})
    report(folder, request.task, again=True, progress=work.progress)  # it tells the model's place
    files.write_json(folder.published, {"place": str(place), "version": version})
    work.progress.say(f"published: {request.output / name / str(version)}")


def _same_version(candidate: Path, place: Path) -> int | None:
    """The newest version where it is this very candidate: a kill came between rename and note."""
    numbers = [int(path.name) for path in place.glob("*") if path.name.isdecimal()]
    if not numbers:
        return None
    newest = place / str(max(numbers))
    same = files.digest_of_tree(newest, "*") == files.digest_of_tree(candidate, "*")
    return max(numbers) if same else None


def request_of(
    folder: Run, task: Task, *, code: Path, output: Path, publish_as: str | None
) -> Request:
    """The request that made an existing run, from what it noted."""
    record = folder.read_record()
    if record["task"] != task.name:
        raise UserError(f"{folder.folder} is a run of the task {record['task']!r}.")
    values = settings.replace(task.settings, record["settings"], where=str(folder.record))
    return Request(
        task=task.under(values),
        settings=values,
        code=code,
        data=record["data"]["source"],
        reading=runs.reading_of(record),
        most_rejected=1.0,  # it was accepted when the run was made
        seed=record["seed"],
        backend=record.get("backend", TENSORFLOW),
        devices=record.get("devices", 1),
        name=folder.folder.name,
        runs=folder.folder.parent.parent,
        output=output,
        publish_as=publish_as,
    )
