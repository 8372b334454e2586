"""The report of a run, made of what its folder holds: one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from seqapps import answers as kept
from seqapps import files, settings
from seqapps.answers import Answers
from seqapps.errors import UserError
from seqapps.export import manifest
from seqapps.export.manifest import EXTRA
from seqapps.report import cases, labels, series, shown, words
from seqapps.report.curves import best_round, curves, read_history
from seqapps.report.gradients import gradient_figures
from seqapps.report.intervals import direction, intervals
from seqapps.report.picks import labels_of
from seqapps.report.serve import serve
from seqapps.report.spent import cost_lines, reading, shown_bytes, speed_lines
from seqapps.report.svg import pictured
from seqapps.report.verdict import chosen_on, lines_of, outcome, signature_lines, verdict
from seqapps.runs import Run
from seqapps.task import Figure, Task

LABEL_ROWS = 12  # labels in the table of the data


def page(run: Run, task: Task) -> str:
    """HTML without script and without outside requests. Raises UserError where parts are absent."""
    _check_whole(run)
    evaluation, record = files.read_json(run.evaluation), run.read_record()
    answers, explained = kept.read(run.answers, task), files.read_json(run.explained)
    history = read_history(run.history)
    best = evaluation["best_baseline"]
    data = files.read_json(run.examined) if run.examined.exists() else None
    proof = files.read_json(run.model / EXTRA / "proof.json")
    table = _label_table(data) if data else []
    figures = _figures(task, record, evaluation, answers, explained, history, _rounds(run))
    own = _own(run, task, first=sum(map(len, figures.values())))
    values = settings.replace(task.settings, record["settings"], where=str(run.record))
    return render(
        "page.jinja",
        evaluation=evaluation,
        task=task,
        run=run.folder.name,
        record=record,
        head=outcome(evaluation, task),
        verdict=verdict(evaluation),
        chosen_on=chosen_on(evaluation),
        sections=_sections(figures, own),
        own=own,
        tiles=_tiles(run, evaluation, history),
        scores=_scores(evaluation, task),
        figures=figures,
        cases=cases.groups(task, answers, explained, best),
        moved=cases.moved(task, answers, explained, best),
        shading=cases.shading(task, values) if explained["weights"] else "",
        each_word=words.EACH,
        shrink=round(words.SHRINK),
        fewest=words.FEWEST,
        rounds=len(history),
        data=data,
        data_labels=table[:LABEL_ROWS],
        data_more=max(0, len(table) - LABEL_ROWS),
        cost=cost_lines(run, history),
        reading=reading(history),
        speed=speed_lines(evaluation),
        serve=serve(run, evaluation, proof),
        proof=proof,
        manifest=manifest.read(run.model),
        settings=_settings(task, record["settings"]),
    )


def render(template: str, **values: Any) -> str:
    """A template of this folder, filled in; every value is escaped."""
    import jinja2

    folder = resources.files("seqapps.report")
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: folder.joinpath(name).read_text("utf-8")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    from markupsafe import Markup

    style = Markup(folder.joinpath("style.css").read_text("utf-8"))
    return environment.get_template(template).render(style=style, **values)


def drawn(figures: Iterable[Figure], *, first: int = 0) -> list[dict[str, str]]:
    """[{"svg", "note"}]; `first` counts on from the figures that the page has already."""
    return [pictured(figure, number=number) for number, figure in enumerate(figures, first)]


def _check_whole(run: Run) -> None:
    if not run.evaluation.exists():
        raise UserError(f"{run.folder}: not evaluated yet; finish it with `seqapps run`.")
    for file in (run.answers, run.explained):
        if not file.exists():
            raise UserError(
                f"{run.folder}: {file.name} is missing, of which a report is made. Make the run "
                "anew: `seqapps run` with --fresh."
            )


def _own(run: Run, task: Task, *, first: int) -> list[dict[str, Any]]:
    """The task's own sections; none of a run from before the task looked at anything."""
    if not run.observed.exists():
        return []
    return shown.sections(task.shown(files.read_json(run.observed)), first=first)


def _sections(
    figures: Mapping[str, Any], own: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    found = [("scores", "Scores"), *((each["id"], each["title"]) for each in own)]
    if figures["answers"]:
        found.append(("answers", "Right and wrong"))
    found.append(("cases", "Cases"))
    if figures["words"]:
        found.append(("words", "Words"))
    return [
        *found,
        ("training", "Training"), ("data", "Data"), ("cost", "Cost"), ("serve", "Serving"),
        ("settings", "Settings"),
    ]  # fmt: skip


def _figures(
    task: Task,
    record: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    answers: Answers,
    explained: Mapping[str, Any],
    history: Sequence[dict[str, float]],
    rounds: Sequence[Mapping[str, Any]],
) -> dict[str, list[dict[str, str]]]:
    """Every picture of the page, by section."""
    monitor = record["settings"]["monitor"]
    best = best_round(history, monitor, higher=task.metrics[monitor].higher_is_better)
    sections: dict[str, list[Figure]] = {
        "scores": [intervals(evaluation, task)],
        "answers": [*_by_kind(task, evaluation, answers, explained),
                    *task.figures(answers.cases, answers.model)],
        "words": words.figures(explained["effects"]),
        "curves": curves(history, best=best),
        "gradients": gradient_figures(history, rounds, best=best),
    }  # fmt: skip
    found: dict[str, list[dict[str, str]]] = {}
    for name, figures in sections.items():
        found[name] = drawn(figures, first=sum(map(len, found.values())))
    return found


def _rounds(run: Run) -> list[dict[str, Any]]:
    """What was seen of the gradients in each round; nothing of a run that did not look."""
    if not run.gradients.exists():
        return []
    rounds: list[dict[str, Any]] = files.read_json(run.gradients)["rounds"]
    return rounds


def _by_kind(
    task: Task, evaluation: Mapping[str, Any], answers: Answers, explained: Mapping[str, Any]
) -> list[Figure]:
    """What the kinds of the answer give, whatever the task."""
    names = labels_of(task)
    if names is None:
        places = [(each["title"], each["places"][0]) for each in explained["picks"]]
        theirs = {evaluation["best_baseline"]: answers.baseline} if answers.baseline else {}
        return [
            *series.error_by_step(evaluation),
            *series.series_figures(task, answers.cases, answers.model, theirs, places=places),
            *series.number_figures(task, answers.cases, answers.model),
        ]
    truth = [case[names.target] for case in answers.cases]
    told = [response[names.label] for response in answers.model]
    by = {"model": answers.model}
    if answers.baseline and all(names.scores in response for response in answers.baseline):
        by[evaluation["best_baseline"]] = answers.baseline
    sureness = {
        who: (
            np.array([max(response[names.scores]) for response in responses]),
            np.array([true == r[names.label] for true, r in zip(truth, responses, strict=True)]),
        )
        for who, responses in by.items()
    }
    return [labels.confusion(truth, told), labels.reliability(sureness)]


def _tiles(
    run: Run, evaluation: Mapping[str, Any], history: Sequence[dict[str, float]]
) -> list[dict[str, str]]:
    metric, best = evaluation["goal"]["metric"], evaluation["best_baseline"]
    score = evaluation["model"][metric]
    found = [
        {
            "value": f"{score['value']:.3f}",
            "name": f"{metric}, 95 % interval {score['low']:.3f} to {score['high']:.3f}",
        }
    ]
    if best:
        gain = evaluation["difference"][metric]
        interval = f"{gain['low']:+.3f} to {gain['high']:+.3f}"
        found.append({"value": f"{gain['value']:+.3f}", "name": f"against {best}, {interval}"})
    spent = cost_lines(run, history)[-1]
    answering = 1000 * evaluation["seconds"]["answer test model"] / evaluation["cases"]
    size = sum(file.stat().st_size for file in (run.model / "variables").glob("*"))
    found += [
        {"value": f"{spent['wall']} s", "name": f"the whole run; {spent['cpu']} CPU-seconds"},
        {"value": f"{answering:.2f} ms", "name": "to answer a case, in batches"},
        {"value": shown_bytes(size), "name": "of weights in the export"},
    ]
    return found


def _scores(evaluation: Mapping[str, Any], task: Task) -> dict[str, Any]:
    metric = evaluation["goal"]["metric"]
    notes = {
        name: ", ".join(part for part in (each.unit, direction(each)) if part)
        for name, each in task.metrics.items()
    }
    return {
        "metrics": [{"title": name, "note": notes[name]} for name in evaluation["model"]],
        "goal": metric,
        "lines": lines_of(evaluation),
        "signatures": signature_lines(evaluation.get("metric_signatures", {})),
    }


def _label_table(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of each label by split, with shares; the most frequent in training first."""
    found = []
    for target, by_split in data["labels"].items():
        names = sorted({name for counts in by_split.values() for name in counts})
        names.sort(key=lambda name: -by_split["train"].get(name, 0))
        for name in names:
            counts = {split: counted.get(name, 0) for split, counted in by_split.items()}
            totals = {split: sum(counted.values()) for split, counted in by_split.items()}
            cells = [
                f"{counts[split]:,} ({counts[split] / max(1, totals[split]):.0%})"
                for split in data["splits"]["rows"]
            ]
            found.append({"name": f"{target} {name}", "cells": cells})
    return found


def _settings(task: Task, values: Mapping[str, Any]) -> list[dict[str, str]]:
    meanings = {each.name: each.metadata.get("meaning", "") for each in fields(task.settings)}
    return [
        {"name": name, "value": str(value), "meaning": meanings.get(name, "")}
        for name, value in values.items()
    ]


def write(path: Path, content: str) -> None:
    """Write a page. Raises UserError where that cannot be."""
    try:
        files.write_text(path, content)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}).") from None
