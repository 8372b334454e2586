"""Runs beside each other: settings that differ, scores, paired differences, spread over seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqapps import answers as kept
from seqapps import files
from seqapps.answers import Answers
from seqapps.data.splits import key_of
from seqapps.errors import UserError
from seqapps.metrics.judge import Score, judge
from seqapps.report.intervals import dots
from seqapps.report.svg import MODEL, THIRD
from seqapps.report.verdict import shown
from seqapps.runs import Run
from seqapps.task import Figure, Task


@dataclass(frozen=True)
class Comparison:
    """What `seqapps compare` shows. The first run is the one that the others are measured by."""

    task: Task
    names: list[str]
    differing: dict[str, list[str]]  # setting, data or seed -> its value in every run
    scores: list[dict[str, Score]]  # of every run
    cases: list[int]
    differences: list[dict[str, Score]] | None  # of every run but the first, minus the first
    seeds: list[tuple[list[str], dict[str, tuple[float, float]]]]  # runs, metric -> mean and s.d.
    answers: list[Answers]  # of every run, to the same cases; none where the runs are not paired
    why_unpaired: str = ""


def compare(runs: Sequence[Run], task: Task) -> Comparison:
    """Runs of one task that are evaluated (see `check_comparable`), beside each other."""
    names = _names(runs)
    records = [run.read_record() for run in runs]
    evaluations = [files.read_json(run.evaluation) for run in runs]
    facts = [
        {
            "data": f"{record['data']['source']} ({record['data']['fingerprint'][:8]})",
            "seed": record["seed"],
            **record["settings"],
        }
        for record in records
    ]
    keys = dict.fromkeys(key for each in facts for key in each)
    values = {key: [str(each.get(key, "-")) for each in facts] for key in keys}
    answers, why = _same_cases(runs, task)
    # Blocks are those of the first run: equal cases ask for equal ones.
    differences = _differences(answers, task, evaluations[0].get("block", 1)) if answers else None
    # Runs of an earlier version may lack a metric.
    told = [evaluation["model"] for evaluation in evaluations]
    metrics = [name for name in told[0] if all(name in each for each in told)]
    scores = [{name: each[name] for name in metrics} for each in told]
    return Comparison(
        task=task,
        names=names,
        differing={key: found for key, found in values.items() if len(set(found)) > 1},
        scores=scores,
        cases=[evaluation["cases"] for evaluation in evaluations],
        differences=differences,
        seeds=_over_seeds(names, facts, scores),
        answers=answers,
        why_unpaired=why,
    )


def check_comparable(runs: Sequence[Run]) -> str:
    """The task of the runs. Raises UserError where they cannot be compared."""
    for run in runs:
        if not run.evaluation.exists():
            raise UserError(f"{run.folder}: not evaluated yet; finish it with `seqapps run`.")
    tasks = {run.read_record()["task"] for run in runs}
    if len(tasks) > 1:
        raise UserError(
            f"The runs are of different tasks ({', '.join(sorted(tasks))}); their scores do not "
            "compare."
        )
    return str(next(iter(tasks)))


def table(found: Comparison) -> list[list[str]]:
    """Header, what differs, then every score with its interval and its difference."""
    lines = [["", *found.names]]
    lines += [[key, *values] for key, values in found.differing.items()]
    for metric in found.scores[0]:
        lines.append([metric, *(shown(scores[metric]) for scores in found.scores)])
        if found.differences:
            gains = [signed(gain[metric]) for gain in found.differences]
            aim = found.task.metrics[metric].aim
            nearness = "" if aim is None else f", in distance to {aim:g}"
            lines.append([f"  minus {found.names[0]}{nearness}", "", *gains])
    return [*lines, ["test cases", *(f"{count:,}" for count in found.cases)]]


def seed_lines(found: Comparison) -> list[str]:
    """One line for each set of runs that differ by nothing but the seed."""
    return [
        f"Over the {len(names)} seeds of {', '.join(names)}, mean and standard deviation: "
        + ", ".join(f"{metric} {mean:.3f} ± {spread:.3f}" for metric, (mean, spread) in by.items())
        for names, by in found.seeds
    ]


def figures(found: Comparison) -> list[Figure]:
    """Scores of the first metric, how far each run is from the first, and what the task draws."""
    metric = next(iter(found.task.metrics))
    pairs = zip(found.names, found.scores, strict=True)
    scores = [(name, each[metric]) for name, each in pairs]
    title = metric.replace("_", " ")
    colours = {found.names[0]: THIRD}
    note = "95 % intervals over the test cases; the line is the first run's."
    figures = [dots(scores, title=title, colours=colours, note=note)]
    if found.differences:
        pairs = zip(found.names[1:], found.differences, strict=True)
        gains = [(name, each[metric]) for name, each in pairs]
        note = (
            "Paired: both runs on the same resamples. An interval without 0 is a clear difference."
        )
        figures.append(
            dots(
                gains, title=f"{title}, minus {found.names[0]}", note=note, zero=True,
                colours=dict.fromkeys(found.names, MODEL),
            )
        )  # fmt: skip
    if found.answers:
        told = {name: each.model for name, each in zip(found.names, found.answers, strict=True)}
        figures += found.task.compared(found.answers[0].cases, told)
    return figures


def signed(score: Mapping[str, float]) -> str:
    """A difference with its interval, every number with its sign.

    >>> signed({"value": 0.0213, "low": -0.004, "high": 0.05})
    '+0.021 (-0.004 to +0.050)'
    """
    return f"{score['value']:+.3f} ({score['low']:+.3f} to {score['high']:+.3f})"


def _names(runs: Sequence[Run]) -> list[str]:
    """The folders' names; with the folder above where two are called the same."""
    short = [run.folder.name for run in runs]
    if len(set(short)) == len(runs):
        return short
    return [str(run.folder) for run in runs]


def _same_cases(runs: Sequence[Run], task: Task) -> tuple[list[Answers], str]:
    """(the answers of all runs to the same cases, "") or ([], why there are none)."""
    if len(runs) < 2:
        return [], ""
    for run in runs:
        if not run.answers.exists():
            return [], f"{run.folder} holds no answers ({run.answers.name})"
    found = [kept.read(run.answers, task) for run in runs]
    keys = [_keys(each, task) for each in found]
    if any(other != keys[0] for other in keys[1:]):
        return [], "the runs were judged on different test cases"
    return found, ""


def _differences(found: Sequence[Answers], task: Task, block: int) -> list[dict[str, Score]]:
    """Of every run but the first to the first."""
    names = [str(number) for number in range(len(found))]
    responses = {name: each.model for name, each in zip(names, found, strict=True)}
    _, gains = judge(
        task.judging(found[0].cases), found[0].cases, responses,
        groups=found[0].groups, block=block, against=(names[0], names[1:]),
    )  # fmt: skip
    return [{metric: _turned(score) for metric, score in gains[name].items()} for name in names[1:]]


def _keys(found: Answers, task: Task) -> list[str]:
    return [key_of(case, columns=list(task.columns)) for case in found.cases]


def _turned(score: Score) -> Score:
    """First - other -> other - first; 0.0 + keeps a minus from a zero."""
    return {
        "value": 0.0 - score["value"],
        "low": 0.0 - score["high"],
        "high": 0.0 - score["low"],
    }


def _over_seeds(
    names: Sequence[str], facts: Sequence[Mapping[str, Any]], scores: Sequence[dict[str, Score]]
) -> list[tuple[list[str], dict[str, tuple[float, float]]]]:
    """Runs that differ by the seed alone, with mean and standard deviation of every metric."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(facts):
        groups[str(sorted((k, str(v)) for k, v in each.items() if k != "seed"))].append(number)
    found = []
    for members in groups.values():
        if len({facts[number]["seed"] for number in members}) < 2:
            continue
        spread = {}
        for metric in scores[0]:
            values = [scores[number][metric]["value"] for number in members]
            spread[metric] = (float(np.mean(values)), float(np.std(values, ddof=1)))
        found.append(([names[number] for number in members], spread))
    return found
