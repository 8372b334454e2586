"""How the error of a forecast grows with the steps ahead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqapps.task import Case, Response, Task


def told_of(task: Task, cases: Sequence[Case], answers: Sequence[Response]) -> tuple[str, str]:
    """(series that is told, series that it is told of), where they are of one shape; else empty."""
    told = next((name for name, output in task.answer.items() if output.kind == "series"), "")
    target = next((name for name, column in task.targets.items() if column.kind == "series"), "")
    if not told or not target or told not in answers[0]:
        return "", ""
    alike = np.shape(cases[0][target]) == np.shape(answers[0][told])
    return (told, target) if alike else ("", "")


def errors_by_step(
    task: Task, cases: Sequence[Case], answers: Sequence[Response]
) -> list[float | None]:
    """The mean absolute error of each step ahead over cases and channels, in the series' units.

    None for a step of which no truth is known; nothing at all where answer and truth are no series.
    """
    told, target = told_of(task, cases, answers)
    if not told:
        return []
    errors = np.stack(
        [
            np.abs(np.asarray(case[target], "float64") - np.asarray(answer[told], "float64"))
            for case, answer in zip(cases, answers, strict=True)
        ]
    )  # [cases, horizon, ...]
    rows = np.moveaxis(errors, 1, 0).reshape(errors.shape[1], -1)
    seen = np.isfinite(rows)
    total = np.where(seen, rows, 0.0).sum(axis=1)
    means = np.where(seen.any(axis=1), total / np.maximum(seen.sum(axis=1), 1), np.nan)
    return [float(mean) if np.isfinite(mean) else None for mean in means]
