"""The report of a search: its trials, the best value so far, what mattered, which settings won."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqapps import settings
from seqapps.report import tuning_figures
from seqapps.report.intervals import direction
from seqapps.report.page import drawn, render
from seqapps.report.svg import pictured
from seqapps.task import Task
from seqapps.tuning.space import Space
from seqapps.tuning.trial import DONE, FAILED, PRUNED, STOPPED, Trial

if TYPE_CHECKING:
    from seqapps.tuning.tune import Result

STATES = {DONE: "", PRUNED: "ended early"}
WIDE = 9.0  # inches, for figures of a page's whole width


def table(result: Result, space: Space) -> str:
    """`trials.csv`: a line for each trial, by number."""
    searched = [each.name for each in space.dimensions]
    facts = ["trial", "state", "how", result.monitor, "epochs", "seconds", "run"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*facts, *searched, "reason"])
    for each in result.trials:
        value = "" if each.value is None else each.value
        told = [each.number, each.state, each.how, value, len(each.epochs), each.seconds, each.run]
        writer.writerow([*told, *(each.values.get(name, "") for name in searched), each.reason])
    return text.getvalue()


def best_beside_start(result: Result) -> list[list[str]]:
    """Header, the value, then the settings, of the first trial and of the best one."""
    start, best = result.trials[0], result.best
    assert best is not None
    value = "failed" if start.state == FAILED else start.state
    if start.value is not None:
        value = f"{start.value:.4g}" + ("" if start.state == DONE else f" ({start.state})")
    lines = [["", "start", f"trial {best.number}"]]
    lines.append([f"{result.monitor} (validation)", value, f"{best.value:.4g}"])
    lines += [[name, shown(start.values[name]), shown(best.values[name])] for name in best.values]
    return lines


def page(result: Result, task: Task, space: Space, *, importance: Mapping[str, float]) -> str:
    """HTML without script and without outside requests."""
    metric = task.metrics[result.monitor]
    trials = _in_order(result, task)
    figures = drawn(
        [
            tuning_figures.history(result, metric),
            tuning_figures.curves(result),
            *([tuning_figures.importance(importance)] if importance else []),
        ]
    )
    wide = []
    done = [each for each in result.trials if each.state == DONE]
    if len(done) > 1:
        figure = tuning_figures.parallel(done, space, result)
        wide.append(pictured(figure, number=len(figures), width=WIDE))
    return render(
        "tuning.jinja",
        task=task.name,
        name=result.tuned.folder.name,
        monitor=result.monitor,
        better=direction(metric) or "more is better",
        verdict=verdict(result),
        tiles=_tiles(result),
        beside=best_beside_start(result) if result.best else [],
        best=result.best,
        start_run=result.trials[0].run,
        figures=figures,
        wide=wide,
        few=not importance,
        searched=[each.name for each in space.dimensions],
        lines=[_line(each, result) for each in trials],
        failed=[each for each in result.trials if each.state == FAILED],
        folder=str(result.tuned.folder.parent),
        best_file=str(result.tuned.best),
        space=[(each.name, _limits(each.told())) for each in space.dimensions],
        meanings={
            each.name: each.metadata.get("meaning", "") for each in settings.fields_of(space.base)
        },
    )


def verdict(result: Result) -> dict[str, str]:
    """{"title", "text", "side"}: the best trial beside the start, on validation."""
    best, start = result.best, result.trials[0]
    if best is None:
        return {"title": "No trial was trained to its end", "text": "", "side": ""}
    name = result.monitor.replace("_", " ")
    if best.number == start.number:
        return {
            "title": "No trial is better than the start", "side": "",
            "text": f"Validation {name} {best.value:.4g}.",
        }  # fmt: skip
    if start.value is None or start.state != DONE:
        text = f"Validation {name} {best.value:.4g}; the start was not trained to its end."
        return {"title": f"Trial {best.number} is the best", "text": text, "side": ""}
    return {
        "title": f"Trial {best.number} is better than the start", "side": "better",
        "text": f"Validation {name} {best.value:.4g}, the start's {start.value:.4g}.",
    }  # fmt: skip


def shown(value: Any) -> str:
    """A setting as a table has it: 0.00213 -> "0.00213", True -> "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _limits(told: Mapping[str, Any]) -> str:
    if "choices" in told:
        return " | ".join(map(shown, told["choices"]))
    scale = ", by ratio" if told.get("log") else ""
    return f"{shown(told['low'])} to {shown(told['high'])}{scale}"


def _in_order(result: Result, task: Task) -> Sequence[Trial]:
    """Trained ones by value, then the others by number."""
    from seqapps.metrics.judge import better

    done = [each for each in result.trials if each.state == DONE]
    metric, ordered = task.metrics[result.monitor], []
    while done:
        first = done[0]
        for each in done[1:]:
            if better(metric, each.value or 0.0, first.value or 0.0):
                first = each
        done.remove(first)
        ordered.append(first)
    return [*ordered, *(each for each in result.trials if each.state != DONE)]


def _line(trial: Trial, result: Result) -> dict[str, Any]:
    best = result.best is not None and trial.number == result.best.number
    return {
        "number": trial.number,
        "best": best,
        "state": "best" if best else STATES.get(trial.state, trial.state),
        "how": trial.how if trial.like is None else f"the same as {trial.like}",
        "value": "" if trial.value is None else f"{trial.value:.4g}",
        "epochs": len(trial.epochs),
        "cells": [shown(value) for value in trial.values.values()],
        "run": trial.run,
    }


def _tiles(result: Result) -> list[dict[str, str]]:
    count = dict.fromkeys((DONE, PRUNED, FAILED, STOPPED), 0)
    for each in result.trials:
        count[each.state] = count.get(each.state, 0) + 1
    epochs = sum(len(each.epochs) for each in result.trials)
    tiles = [
        {"value": str(len(result.trials)), "name": "trials"},
        {"value": str(count[DONE]), "name": "trained to their end"},
        {"value": str(count[PRUNED]), "name": "ended early, behind others"},
        {"value": str(count[FAILED]), "name": "failed"},
        {"value": f"{epochs:,}", "name": "epochs trained"},
    ]
    if count[STOPPED]:
        tiles.append({"value": str(count[STOPPED]), "name": "stopped, to be gone on with"})
    return tiles
