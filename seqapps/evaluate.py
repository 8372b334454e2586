"""Judge the exported artefact beside the baselines, on the same examples."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, cast

import numpy as np

from seqapps.answers import Answers
from seqapps.data.load import Data
from seqapps.errors import UserError
from seqapps.metrics.by_step import errors_by_step
from seqapps.metrics.judge import RESAMPLES, Score, better, judge, signatures_of, usable, values_of
from seqapps.predict import exported
from seqapps.progress import SILENT, Progress
from seqapps.runs import Run
from seqapps.task import Case, Metric, Predict, Response, Task

MODEL = "model"
Scores = dict[str, Score]  # by metric


class Evaluation(TypedDict):
    """The content of `evaluation.json`. It is read by others: docs/compatibility.md."""

    format: int
    task: str
    published_as: str | None
    version: int | None
    split: str
    cases: int
    seed: int
    resampled: str  # "case", "group" or "block"
    block: NotRequired[int]  # how many consecutive ones are drawn together
    resamples: int
    metric_signatures: dict[str, str]  # of the metrics that have one: what they were counted with
    model: Scores
    parts: dict[str, Scores]  # of signatures that answer as the model does
    baselines: dict[str, Scores]
    best_baseline: str | None
    chosen_on: str  # "valid", or "test" where only that tells which baseline is the best
    difference: Scores  # to the best baseline
    differences: dict[str, Scores]
    by_step: NotRequired[dict[str, list[float | None]]]  # of forecasts: error of each step ahead
    goal: dict[str, Any]  # "metric", "reached", "text"
    validation: dict[str, dict[str, float]]
    seconds: dict[str, float]


@dataclass(frozen=True)
class Units:
    """What is resampled: cases, groups, or blocks of consecutive ones of them."""

    kind: str  # "case", "group" or "block"
    groups: list[str] | None = None  # of each case; blocks run in the order of their names
    block: int = 1  # how many consecutive cases or groups are drawn together


def evaluate(
    task: Task,
    settings: Any,
    run: Run,
    data: Data,
    *,
    cases: Mapping[str, Sequence[Case]],
    seed: int,
    progress: Progress = SILENT,
) -> tuple[dict[str, Any], Answers]:
    """(the content of `evaluation.json`, the test cases with their answers).

    The best baseline is chosen on the validation split; the test split is answered once. Where
    validation holds nothing that the score asks for, such as an anomaly, the best one is that of
    the test split: the hardest to beat.
    """
    seconds = {"train": _training_seconds(run)}
    predictors: dict[str, Predict] = {MODEL: exported(run.model, task, settings, progress=progress)}
    parts = parts_of(task, settings)
    for name in parts:
        predictors[name] = exported(run.model, task, settings, signature=name)
    for name, baseline in task.baselines.items():
        with progress.track(f"fitting the baseline {name}"), _timed(seconds, f"fit {name}"):
            predictors[name] = baseline(cases["train"])
    metrics = task.judging(cases["test"])
    validation = {  # answers are not kept longer than they are judged
        name: values_of(metrics, cases["valid"], found)
        for name, found in _answers(predictors, cases["valid"], "valid", seconds, progress)
    }
    first = goal_metric(metrics, data)
    test = dict(_answers(predictors, cases["test"], "test", seconds, progress))
    units = units_of(task, settings, data, cases["test"])
    scores, differences = judge(
        metrics,
        cases["test"],
        test,
        groups=units.groups,
        block=units.block,
        against=(MODEL, list(task.baselines)),
        seed=seed,
    )
    chosen_on = "valid" if first in task.judging(cases["valid"]) else "test"
    values = {"valid": validation, "test": {name: _bare(scores[name]) for name in task.baselines}}
    best = best_of(task, first, {name: values[chosen_on][name] for name in task.baselines})
    difference = differences.get(best or "", {})
    model = scores.pop(MODEL)
    evaluation: Evaluation = {
        "format": 1,
        "task": task.name,
        "published_as": None,
        "version": None,
        "split": "test",
        "cases": len(cases["test"]),
        "seed": seed,
        "resampled": units.kind,
        "resamples": RESAMPLES,
        "metric_signatures": signatures_of(metrics),
        "model": model,
        "parts": {name: scores[name] for name in parts},
        "baselines": {name: scores[name] for name in task.baselines},
        "best_baseline": best,
        "chosen_on": chosen_on,
        "difference": difference,
        "differences": differences,
        "goal": _goal(task, data, first, model, best, difference),
        "validation": validation,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
    }
    if units.kind == "block":
        evaluation["block"] = units.block
    by_step = {name: errors_by_step(task, cases["test"], found) for name, found in test.items()}
    if by_step[MODEL]:
        evaluation["by_step"] = by_step
    answers = Answers(cases["test"], test[MODEL], test[best] if best else None, units.groups)
    return cast("dict[str, Any]", evaluation), answers


def parts_of(task: Task, settings: Any) -> list[str]:
    """The signatures that answer just as the model does: the members of an ensemble."""
    return [
        name
        for name, signature in task.signatures(settings).items()
        if signature.inputs == task.inputs and signature.answer == task.answer
    ]


def groups_of(data: Data, cases: Sequence[Case]) -> list[str] | None:
    """The group of each case, where the data declare one and the cases still carry it."""
    if not data.group or not all(data.group in case for case in cases):
        return None
    return [str(case[data.group]) for case in cases]


def units_of(task: Task, settings: Any, data: Data, cases: Sequence[Case]) -> Units:
    """What is resampled: the groups of the data, else the blocks that the task declares."""
    groups = groups_of(data, cases)
    if groups is not None:
        return Units("group", groups)
    if task.blocks is None:
        return Units("case")
    blocks = task.blocks(settings, cases)
    if blocks.times is None:
        return Units("block", None, usable(blocks.length, len(cases)))
    times, place = np.unique(np.asarray(blocks.times), return_inverse=True)
    # Names in the order of time, as they are kept with the answers.
    names = [f"{number:09}" for number in place]
    return Units("block", names, usable(blocks.length, len(times)))


def check_labels(
    task: Task, cases: Sequence[Case], responses: Sequence[Response], *, source: str
) -> None:
    """Raise UserError where the data hold a label that the model does not know at all."""
    names = [name for name, output in task.answer.items() if output.kind == "labels"]
    for target, column in task.targets.items():
        if column.kind != "category" or not names:
            continue
        known = set(responses[0][names[0]])
        strange = {case[target] for case in cases} - known
        if strange:
            raise UserError(
                f"{source}: the {target} {min(strange)!r} is none of the model's "
                f"({', '.join(sorted(known)[:10])}). Were other names used for the same labels, "
                "or is it another model's data?"
            )


def best_of(task: Task, metric: str, values: Mapping[str, Mapping[str, float]]) -> str | None:
    """The predictor with the best value of `metric`; the earlier one where two are equal."""
    best: str | None = None
    for name, scores in values.items():
        if best is None or better(task.metrics[metric], scores[metric], values[best][metric]):
            best = name
    return best


def _answers(
    predictors: Mapping[str, Predict],
    cases: Sequence[Case],
    split: str,
    seconds: dict[str, float],
    progress: Progress,
) -> Iterator[tuple[str, list[Response]]]:
    """(name, answers) of one predictor after the other."""
    with progress.track(f"answering the {split} split", len(predictors)) as advance:
        for name, predict in predictors.items():
            with _timed(seconds, f"answer {split} {name}"):
                found = predict(cases)
            yield name, found
            advance(1)


def _bare(scores: Mapping[str, Score]) -> dict[str, float]:
    return {name: score["value"] for name, score in scores.items()}


def goal_metric(metrics: Mapping[str, Metric], data: Data) -> str:
    """The sample's, or the first that tells something of the test cases."""
    goal = data.sample.goal if data.sample else None
    return goal.metric if goal else next(iter(metrics))


def _goal(
    task: Task,
    data: Data,
    metric: str,
    model: Mapping[str, Score],
    best: str | None,
    difference: Mapping[str, Score],
) -> dict[str, Any]:
    """The sample's own goal, or on other data: to beat the best baseline."""
    value = model[metric]["value"]
    sign = 1 if task.metrics[metric].higher_is_better else -1
    if data.sample and data.sample.goal:
        wanted = data.sample.goal.value
        text = f"{metric} {value:.3f}, wanted {'at least' if sign > 0 else 'at most'} {wanted:.3f}"
        return {"metric": metric, "reached": sign * (value - wanted) >= 0, "text": text}
    if best is None:
        return {"metric": metric, "reached": True, "text": "no goal and no baseline"}
    gain = difference[metric]["value"]
    text = f"{metric} {gain:+.3f} against {best}, wanted better than it"
    return {"metric": metric, "reached": sign * gain > 0, "text": text}


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started


def _training_seconds(run: Run) -> float:
    with run.history.open(encoding="utf-8") as file:
        return sum(float(row["seconds"]) for row in csv.DictReader(file))
