"""What the report shows of a forecaster beside its scores: plain values, asked of the export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.series.grid import steps_from
from seqapps.series.row import names_in
from seqapps.series.windows import Windows, histories
from seqapps.task import DEFAULT, PAST, Ask, Case, Surroundings

STEPS = 5000  # of the training part, at most
RESIDUALS = 500  # forecasts of one step, at most


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """Errors of the first step in their order, shares inside the bands, the series itself."""
    settings = around.settings
    curve = {"learning_curve": _learning_curve(around)} if settings.learning_curve else {}
    return {
        **curve,
        "target": names_in(settings.target)[0],
        "season": settings.season,
        "frequency": settings.frequency,
        "series": _training_part(around, settings),
        "residuals": _residuals(ask, around.test),
        "inside": _inside(ask, around.test),
    }


def _learning_curve(around: Surroundings) -> Mapping[str, Any]:
    from .learning_curve import learning_curve
    from .task import TASK

    return learning_curve(around, TASK)


def _asked(ask: Ask, cases: Sequence[Case]) -> list[tuple[Case, Mapping[str, Any]]]:
    return list(zip(cases, ask(DEFAULT, cases), strict=True))


def _training_part(around: Surroundings, settings: Any) -> dict[str, Any]:
    """The first target of the first series that has a window, from that window on."""
    first = around.train[0]  # its series may not be the first one: one may be too short
    name = first["series"]
    values = histories(around.train)[name][len(first[PAST]) - settings.lookback :]
    shown = values[-STEPS:, 0]
    skipped = len(values) - len(shown)
    times = steps_from(int(first["start"]), len(values), settings.frequency)[skipped:]
    return {"name": name, "times": times.tolist(), "values": _plain(shown)}


def _residuals(ask: Ask, cases: Sequence[Case]) -> list[float | None]:
    """Truth less forecast of the first step of origins that follow one another."""
    if isinstance(cases, Windows):
        cases = cases.every()
    series = cases[0]["series"]
    some = [case for case in cases[:RESIDUALS] if case["series"] == series]
    return _plain(
        np.array(
            [case["truth"][0, 0] - told["mean"][0][0] for case, told in _asked(ask, some)],
            "float64",
        )
    )


def _inside(ask: Ask, cases: Sequence[Case]) -> dict[str, list[float]]:
    """Of each step of the horizon the share of truths inside of the bands."""
    pairs = _asked(ask, cases)
    truth = np.stack([np.asarray(case["truth"], "float64") for case, _ in pairs])
    seen = np.isfinite(truth)
    found = {}
    for level, low, high in (("80 %", "lower_80", "upper_80"), ("95 %", "lower", "upper")):
        ends = [np.stack([np.asarray(told[name]) for _, told in pairs]) for name in (low, high)]
        inside = (ends[0] <= truth) & (truth <= ends[1]) & seen
        counts = np.maximum(seen.sum(axis=(0, 2)), 1)
        found[level] = (inside.sum(axis=(0, 2)) / counts).tolist()
    return found


def _plain(values: np.ndarray) -> list[float | None]:
    """Numbers as JSON has them: None for NaN."""
    return [float(value) if np.isfinite(value) else None for value in values]
