"""Which cases a reader should see: the best, the worst, and those that were surest but wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqapps.answers import Answers
from seqapps.task import Case, Response, Task

EACH = 5  # cases of a kind


@dataclass(frozen=True)
class Labels:
    """Names of the columns of a task that tells labels: the truth, and the answer's parts."""

    target: str
    label: str
    scores: str
    labels: str

    def true_probability(self, case: Case, response: Response) -> float:
        """What the answer gives the true label; 0 where it does not know it."""
        names = response[self.labels]
        place = names.index(case[self.target]) if case[self.target] in names else None
        return 0.0 if place is None else float(response[self.scores][place])


@dataclass(frozen=True)
class Pick:
    """Cases that belong together, by their place among the judged ones."""

    title: str
    places: list[int]


def labels_of(task: Task) -> Labels | None:
    """The columns of a task that tells labels with scores, or None."""
    names = {output.kind: name for name, output in task.answer.items()}
    targets = [name for name, column in task.targets.items() if column.kind == "category"]
    if not targets or not {"label", "scores", "labels"} <= names.keys():
        return None
    return Labels(targets[0], names["label"], names["scores"], names["labels"])


def pick(task: Task, answers: Answers) -> list[Pick]:
    """The cases to show, kind by kind; a kind without cases is left out."""
    labels = labels_of(task)
    found = _by_label(labels, answers) if labels else _by_metric(task, answers)
    return [Pick(title, [int(place) for place in places]) for title, places in found if len(places)]


def _by_label(labels: Labels, answers: Answers) -> list[tuple[str, np.ndarray]]:
    cases, model = answers.cases, answers.model
    sureness = np.array([max(response[labels.scores]) for response in model])
    right = _right(labels, cases, model)
    surest = np.argsort(-sureness, kind="stable")
    found = [
        ("Surest, and right", surest[right[surest]][:EACH]),
        ("Surest, but wrong", surest[~right[surest]][:EACH]),
        ("Least sure", surest[::-1][:EACH]),
    ]
    if answers.baseline:
        theirs = _right(labels, cases, answers.baseline)
        found += [
            ("Right where the baseline is wrong", surest[(right & ~theirs)[surest]][:EACH]),
            ("Wrong where the baseline is right", surest[(~right & theirs)[surest]][:EACH]),
        ]
    return found


def _right(labels: Labels, cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
    pairs = zip(cases, responses, strict=True)
    return np.array([case[labels.target] == told[labels.label] for case, told in pairs], bool)


def _by_metric(task: Task, answers: Answers) -> list[tuple[str, np.ndarray]]:
    loss = loss_of(task, answers.cases, answers.model)
    order = np.argsort(loss, kind="stable")
    found = [("Best", order[:EACH]), ("Worst", order[::-1][:EACH])]
    if answers.baseline:
        gain = loss_of(task, answers.cases, answers.baseline) - loss
        order = np.argsort(-gain, kind="stable")
        found += [
            ("Furthest ahead of the baseline", order[gain[order] > 0][:EACH]),
            ("Furthest behind the baseline", order[::-1][gain[order[::-1]] < 0][:EACH]),
        ]
    return found


def scores_of(task: Task, cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
    """The task's first metric of each case by itself: float [cases].

    What a metric counts over all cases, such as how rare a word is, is counted over all of them.
    """
    metric = next(iter(task.metrics.values()))
    return np.array([metric.reduce(row) for row in metric.statistics(cases, responses)])


def loss_of(task: Task, cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
    """The same, turned so that more is worse: float [cases]."""
    metric = next(iter(task.metrics.values()))
    values = scores_of(task, cases, responses)
    if metric.aim is not None:
        return np.abs(values - metric.aim)
    return -values if metric.higher_is_better else values
