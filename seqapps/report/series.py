"""Pictures of an answer that tells series or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.metrics.by_step import told_of
from seqapps.report.svg import BASELINE, INK, MODEL, MUTED
from seqapps.task import Case, Figure, Response, Task

MOST_HISTORY = 300  # steps before a forecast; more hide it
YEARS_OF_SECONDS = 10**8  # counted from 1970; seconds of before 1973 are rather steps
BEYOND = (
    3  # times the error of the model and the best baseline: what is above hides how they differ
)
MOST_POINTS = 5000  # of a scatter plot; more make a slow page and no other picture


def series_figures(
    task: Task,
    cases: Sequence[Case],
    model: Sequence[Response],
    baselines: Mapping[str, Sequence[Response]],
    *,
    places: Sequence[tuple[str, int]],
) -> list[Figure]:
    """What followed beside what the model and the baselines told, by name, for the named cases.

    No figure for tasks whose answer and truth are no series of one shape.
    """
    told, target = told_of(task, cases, model) if cases else ("", "")
    if not told:
        return []
    given = next((name for name, column in task.inputs.items() if column.kind == "series"), None)
    times = next((name for name, column in task.targets.items() if column.kind == "time"), None)
    found = []
    for title, place in places:
        case = cases[place]
        lines = {"what followed": case[target], "model": model[place][told]}
        for name, answers in baselines.items():
            if told in answers[place]:
                lines[name] = answers[place][told]
        found.append(
            _forecast(
                f"{title}: case {place + 1}",
                case.get(given or ""),
                lines,
                bands=_bands(task, model[place]),
                times=None if times is None else _moments(np.asarray(case[times])),
            )
        )
    return found


def _moments(times: np.ndarray) -> np.ndarray | None:
    """The times, or None where they number steps, as `--time none` has them."""
    numbers = times[-1] < YEARS_OF_SECONDS and (np.diff(times) == 1).all()
    return None if numbers else times


def _bands(task: Task, response: Response) -> list[tuple[Any, Any]]:
    """The intervals of an answer, which names their ends by turns, the widest first."""
    ends = [response[name] for name, output in task.answer.items() if output.kind == "band"]
    return list(zip(ends[::2], ends[1::2], strict=True))


def error_by_step(evaluation: Mapping[str, Any]) -> list[Figure]:
    """Mean absolute error by step ahead of the model, the best baseline and, in grey, the others.

    No figure where answer and truth are no series.
    """
    if "by_step" not in evaluation:
        return []
    best = evaluation["best_baseline"]
    styles = {"model": (MODEL, 2.0), best: (BASELINE, 1.8)}
    lines = {name: _numbers(found) for name, found in evaluation["by_step"].items() if found}
    good = [lines[name] for name in styles if name in lines]
    top = BEYOND * max((np.nanmax(line) for line in good if np.isfinite(line).any()), default=1.0)
    others = [name for name in lines if name not in styles]
    others.sort(key=lambda name: float(np.nan_to_num(lines[name][-1], nan=np.inf)))
    beyond = [name for name in others if not (lines[name] <= top).any()]

    def draw(axes: Any) -> None:
        for name, values in lines.items():
            colour, width = styles.get(name, (MUTED, 1.0))
            marker, label = ("o", name) if name in styles else ("", "")
            steps = range(1, len(values) + 1)
            axes.plot(steps, values, marker=marker, ms=4, color=colour, lw=width, label=label)
        highest = max(np.nanmax(line, initial=0.0) for line in lines.values())
        axes.set_ylim(0, min(top, 1.05 * highest) or 1)
        axes.set_xlabel("steps ahead")
        axes.set_ylabel("mean absolute error")
        axes.legend()
        axes.set_title("How the error grows")

    inside = [name for name in others if name not in beyond]
    note = f"Grey, best at the last step first: {', '.join(inside)}." if inside else ""
    if beyond:
        note = f"{note} Above the picture: {', '.join(beyond)}.".strip()
    return [Figure(title="Error by step ahead", draw=draw, note=note)]


def _numbers(values: Sequence[float | None]) -> np.ndarray:
    """[horizon]; NaN where no truth is known: no point is drawn."""
    return np.array([np.nan if value is None else value for value in values], "float64")


def number_figures(
    task: Task, cases: Sequence[Case], responses: Sequence[Response]
) -> list[Figure]:
    """Told over true for each numeric target that the answer names too."""
    found = []
    for name, column in task.targets.items():
        if column.kind == "number" and name in task.answer and task.answer[name].kind == "number":
            true = np.array([float(case[name]) for case in cases])
            told = np.array([float(response[name]) for response in responses])
            found.append(_scatter(name, true, told))
    return found


def _forecast(
    title: str,
    history: Any,
    lines: dict[str, Any],
    *,
    bands: Sequence[tuple[Any, Any]] = (),
    times: np.ndarray | None = None,
) -> Figure:
    """`times` are those of the steps that followed; the history is as long before them."""

    def draw(axes: Any) -> None:
        def at(steps: Any) -> Any:
            return list(steps) if times is None else _dates(times, np.asarray(steps))

        if history is not None:
            past = _first_channel(history)[-MOST_HISTORY:]
            axes.plot(at(range(-len(past), 0)), past, color=MUTED, lw=1.4, label="given")
            axes.axvline(at([-0.5])[0], color=MUTED, lw=1, ls=":")
        for number, ends in enumerate(bands):
            low, high = map(_first_channel, ends)
            axes.fill_between(
                at(range(len(low))), low, high, color=MODEL, alpha=0.12 + 0.1 * number, lw=0
            )
        styles = {"what followed": (INK, "-"), "model": (MODEL, "-")}
        for name, values in lines.items():
            colour, dashes = styles.get(name, (BASELINE, "--"))
            shown = _first_channel(values)
            axes.plot(at(range(len(shown))), shown, color=colour, ls=dashes, label=name)
        if times is None:
            axes.set_xlabel("steps from the origin")
        else:
            axes.tick_params(axis="x", labelrotation=20)
        axes.legend(ncols=4, fontsize=7, loc="lower center", bbox_to_anchor=(0.5, 0.98))
        axes.set_title(title, pad=18)

    return Figure(title=title, draw=draw)


def _dates(times: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Dates of steps counted from the first of `times`, evenly spaced outside of them."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
    inside = (steps >= 0) & (steps == np.round(steps)) & (steps < len(times))
    places = np.where(inside, steps, 0).astype(int)
    found = np.where(inside, times[places], times[0] + steps * step)
    return np.asarray(found.astype("int64").astype("datetime64[s]"))


def _scatter(name: str, true: np.ndarray, told: np.ndarray) -> Figure:
    step = max(1, len(true) // MOST_POINTS)

    def draw(axes: Any) -> None:
        ends = [min(true.min(), told.min()), max(true.max(), told.max())]
        axes.plot(ends, ends, color=MUTED, lw=1, ls="--")
        axes.plot(true[::step], told[::step], ".", color=MODEL, alpha=0.5, ms=4)
        axes.set_xlabel(f"true {name}")
        axes.set_ylabel(f"told {name}")
        axes.set_title(f"Told beside true: {name}")

    return Figure(title=f"{name}: told and true", draw=draw)


def _first_channel(values: Any) -> np.ndarray:
    array = np.asarray(values, "float64")
    return array if array.ndim == 1 else array.reshape(len(array), -1)[:, 0]
