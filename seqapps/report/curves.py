"""Learning curves, from a run's history."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqapps.report.svg import BASELINE, GOOD, MODEL, MUTED
from seqapps.task import Figure

NO_CURVE = (
    "round", "steps", "tokens", "padding", "learning_rate", "gradient_norm", "clipped", "seconds",
    "cpu_seconds",
)  # fmt: skip


def read_history(file: Path) -> list[dict[str, float]]:
    """A line of `history.csv` for each round."""
    with file.open(encoding="utf-8") as text:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(text)]


def curves(history: Sequence[dict[str, float]], *, best: int) -> list[Figure]:
    """The losses, and a figure for each validation metric; `best` is the round that was kept.

    What the task watched beside a metric, such as teacher_forced_bleu, is drawn in that figure.
    """
    names = [name for name in history[0] if name not in NO_CURVE]
    metrics = [name.removeprefix("valid_") for name in names if name.startswith("valid_")]
    figures: dict[str, dict[str, list[float]]] = {}
    for name in names:
        part = "validation" if name.startswith("valid_") else "training"
        title = name.removeprefix("valid_")
        if part == "training" and title.endswith("_loss") and title != "loss":
            title, part = "loss", title.removesuffix("_loss").removesuffix("_scores")
        for metric in metrics:
            if part == "training" and title.endswith(f"_{metric}"):
                title, part = metric, title.removesuffix(f"_{metric}").replace("_", " ")
        figures.setdefault(title, {})[part] = [row[name] for row in history]
    return [_curve(title, series, best) for title, series in figures.items()]


def best_round(history: Sequence[dict[str, float]], monitor: str, *, higher: bool) -> int:
    """The round, counted from 1, with the best value of the watched metric."""
    values = [row[f"valid_{monitor}"] for row in history]
    return values.index(max(values) if higher else min(values)) + 1


def _curve(title: str, series: dict[str, list[float]], best: int) -> Figure:
    def draw(axes: Any) -> None:
        from matplotlib.ticker import MaxNLocator

        axes.axvline(best, color=GOOD, lw=1, ls=":")
        for name, values in series.items():
            colour = {"training": MUTED, "validation": MODEL}.get(name, BASELINE)
            if len(series) == 1:
                colour = BASELINE if name == "training" else MODEL
            rounds = range(1, len(values) + 1)
            axes.plot(rounds, values, marker="o", ms=3.5, color=colour, label=name)
        axes.set_title(f"{title} ({', '.join(series)})".replace("_", " "))
        axes.set_xlabel("round")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if len(series) > 1:
            axes.legend()

    return Figure(title=f"{title} by round", draw=draw)
