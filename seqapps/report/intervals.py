"""Scores as dots with their intervals, one line a predictor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seqapps.report.svg import BASELINE, MODEL, MUTED, THIRD
from seqapps.task import Figure, Metric, Task


def intervals(evaluation: Mapping[str, Any], task: Task) -> Figure:
    """The score that the verdict speaks of, of model, parts and baselines."""
    metric = evaluation["goal"]["metric"]
    colours = {"model": MODEL}
    colours |= dict.fromkeys(evaluation.get("parts", {}), THIRD)
    colours |= dict.fromkeys(evaluation["baselines"], BASELINE)
    everyone = {"model": evaluation["model"], **evaluation.get("parts", {})}
    everyone |= evaluation["baselines"]
    scores = [(name, found[metric]) for name, found in everyone.items()]
    note = f"{metric} with 95 % intervals; the line is the model's."
    return dots(scores, title=_title(metric, task), colours=colours, note=note)


def dots(
    scores: Sequence[tuple[str, Mapping[str, float]]],
    *,
    title: str,
    colours: Mapping[str, str],
    note: str = "",
    zero: bool = False,
) -> Figure:
    """[(name, {"value", "low", "high"})] as dots; `zero` puts the line at 0, else at the first."""

    def draw(axes: Any) -> None:
        line = 0.0 if zero else scores[0][1]["value"]
        axes.axvline(line, color=MUTED, lw=1, ls="--")
        for row, (name, score) in enumerate(scores):
            colour = colours.get(name, MODEL)
            axes.plot([score["low"], score["high"]], [row, row], color=colour, lw=2.2)
            axes.plot(score["value"], row, "o", color=colour, ms=6)
        axes.set_yticks(range(len(scores)), [name for name, _ in scores])
        axes.set_ylim(len(scores) - 0.5, -0.5)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_title(title)

    return Figure(title=title, draw=draw, note=note, height=0.8 + 0.36 * len(scores))


def _title(metric: str, task: Task) -> str:
    better = direction(task.metrics[metric])
    return ", ".join(part for part in (metric.replace("_", " "), better) if part)


def direction(metric: Metric) -> str:
    """Which scores are the better ones, where it is not the higher: nothing to say then."""
    if metric.aim is not None:
        return f"best at {metric.aim:g}"
    return "" if metric.higher_is_better else "less is better"
