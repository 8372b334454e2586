"""What the export says of its own answers, for the report: kept in the run, made while it judges.

Drawing needs no model then, so that `seqapps report` is instant.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from seqapps.answers import Answers
from seqapps.progress import SILENT, Progress
from seqapps.report import words
from seqapps.report.cases import explaining
from seqapps.report.picks import Labels, Pick, labels_of, pick
from seqapps.task import Ask, Predict, Task

MOVED = 2  # kinds of picked cases whose words are left out one by one: the surest ones


def explained(
    task: Task, settings: Any, ask: Ask, answers: Answers, *, progress: Progress = SILENT
) -> dict[str, Any]:
    """The content of `explained.json`.

    - picks: [{"title", "places"}], places among the judged cases
    - weights: {place: [[token, weight], ...]}, where a signature of the export tells them
    - shades: {place: [[stretch of the text, effect or null], ...]}, of the surest answers
    - effects: {label: [[word, effect, texts], ...]}
    """
    picks = pick(task, answers)
    found: dict[str, Any] = {
        "picks": [{"title": each.title, "places": each.places} for each in picks],
        "weights": {},
        "shades": {},
        "effects": {},
    }
    found["weights"] = _weights(task, settings, ask, answers, picks)
    texts = [name for name, column in task.inputs.items() if column.kind == "text"]
    labels = labels_of(task)
    if labels and list(task.inputs) == texts and len(texts) == 1:
        with progress.track("leaving words out"):
            predict = partial(ask, task.exported_as)
            _leave_words_out(predict, answers, picks, labels, texts[0], found)
    return found


def _leave_words_out(
    ask: Predict,
    answers: Answers,
    picks: list[Pick],
    labels: Labels,
    column: str,
    found: dict[str, Any],
) -> None:
    found["effects"] = words.effects(labels, column, answers.cases, answers.model, ask)
    for place in [place for each in picks[:MOVED] for place in each.places]:
        found["shades"][str(place)] = words.shades(
            labels, column, answers.cases[place], answers.model[place], ask
        )


def _weights(
    task: Task, settings: Any, ask: Ask, answers: Answers, picks: list[Pick]
) -> dict[str, list[list[Any]]]:
    found = explaining(task, settings)
    if found is None:
        return {}
    name, declared = found
    names = declared.outputs
    places = sorted({place for each in picks for place in each.places})
    cases = [answers.cases[place] for place in places]
    return {
        str(place): [
            [token, round(weight, 5)]
            for token, weight in zip(
                response[names["tokens"]], response[names["weights"]], strict=True
            )
            if token
        ]
        for place, response in zip(places, ask(name, cases), strict=True)
    }
