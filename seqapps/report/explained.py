"""What the export says of its own answers, for the report: kept in the run, made while it judges.

Drawing needs no model then, so that `seqapps report` is instant.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seqapps.answers import Answers
from seqapps.data.batching import plan
from seqapps.predict import answers as answers_of
from seqapps.predict import exported, load_signature
from seqapps.progress import SILENT, Progress
from seqapps.report import words
from seqapps.report.picks import Labels, Pick, labels_of, pick
from seqapps.task import Task

MOVED = 2  # kinds of picked cases whose words are left out one by one: the surest ones


def explained(
    task: Task, settings: Any, model: Path, answers: Answers, *, progress: Progress = SILENT
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
        "weights": _weights(task, settings, model, answers, picks),
        "shades": {},
        "effects": {},
    }
    texts = [name for name, column in task.inputs.items() if column.kind == "text"]
    labels = labels_of(task)
    if labels and list(task.inputs) == texts and len(texts) == 1:
        with progress.track("leaving words out"):
            _leave_words_out(task, settings, model, answers, picks, labels, texts[0], found)
    return found


def _leave_words_out(
    task: Task,
    settings: Any,
    model: Path,
    answers: Answers,
    picks: list[Pick],
    labels: Labels,
    column: str,
    found: dict[str, Any],
) -> None:
    ask = exported(model, task, settings)
    found["effects"] = words.effects(labels, column, answers.cases, answers.model, ask)
    for place in [place for each in picks[:MOVED] for place in each.places]:
        found["shades"][str(place)] = words.shades(
            labels, column, answers.cases[place], answers.model[place], ask
        )


def _weights(
    task: Task, settings: Any, model: Path, answers: Answers, picks: list[Pick]
) -> dict[str, list[list[Any]]]:
    for name, signature in task.signatures(settings).items():
        kinds = {output.kind: key for key, output in signature.answer.items()}
        if signature.inputs != task.inputs or not {"tokens", "weights"} <= kinds.keys():
            continue
        places = sorted({place for each in picks for place in each.places})
        cases = [answers.cases[place] for place in places]
        serve = load_signature(model, name)
        told = answers_of(serve, cases, task.inputs, plan(cases, task.batching, settings))
        return {
            str(place): [
                [token, round(weight, 5)]
                for token, weight in zip(
                    response[kinds["tokens"]], response[kinds["weights"]], strict=True
                )
                if token
            ]
            for place, response in zip(places, told, strict=True)
        }
    return {}
