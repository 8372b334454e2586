"""What was observed of a forecaster, as sections of the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.report.svg import BASELINE, MODEL, MUTED
from seqapps.series.grid import ROWS
from seqapps.task import Figure, Section

LAGS = 40
Values = Mapping[str, Any]


def shown(observed: Values) -> Iterable[Section]:
    """The sections in their order."""
    residuals = _array(observed["residuals"])
    enough = np.isfinite(residuals).sum() > LAGS
    yield Section(
        title="Can it be trusted?",
        parts=[_inside(observed["inside"]), *(_residuals(residuals, observed) if enough else ())],
        note=(
            "Bands are set by errors on validation data, which came before the test data. Errors "
            "are those of forecasts from one origin after the other: what still correlates in them "
            "could have been foreseen, and a histogram beside 0 tells of a forecast that leans."
        ),
    )
    if "learning_curve" in observed:
        from .curve_shown import how_much_history

        yield how_much_history(observed["learning_curve"])
    yield _series(observed)


def _inside(inside: Mapping[str, Sequence[float]]) -> Figure:
    def draw(axes: Any) -> None:
        for (level, shares), colour in zip(inside.items(), (BASELINE, MODEL), strict=True):
            steps = np.arange(1, len(shares) + 1)
            axes.plot(steps, shares, color=colour, label=f"inside the {level} band")
            axes.axhline(float(level[:2]) / 100, color=colour, ls=":", lw=1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("steps ahead")
        axes.set_ylabel("share of truths")
        axes.legend(loc="lower left")

    return Figure(
        title="Share inside the bands by step ahead",
        draw=draw,
        note="Dotted: what the bands promise. Below it they are too narrow, above it too wide.",
    )


def _residuals(residuals: np.ndarray, observed: Values) -> list[Figure]:
    from seqapps.series.autocorrelation import autocorrelation, ljung_box

    found = autocorrelation(residuals, season=observed["season"])
    tested = ljung_box(residuals, season=observed["season"])

    def correlations(axes: Any) -> None:
        lags = np.arange(1, min(LAGS, len(found.acf) - 1) + 1)
        axes.bar(lags, found.acf[1 : len(lags) + 1], color=MODEL, width=0.7)
        for sign in (-1, 1):
            axes.axhline(sign * found.bound, color=MUTED, ls="--", lw=1)
        axes.set_xlabel("lag in steps")
        axes.set_ylabel("autocorrelation")

    def histogram(axes: Any) -> None:
        seen = residuals[np.isfinite(residuals)]
        axes.hist(seen, bins=min(40, max(10, len(seen) // 10)), color=MODEL, alpha=0.7)
        axes.axvline(0, color=MUTED, lw=1)
        axes.set_xlabel(f"truth less forecast, {observed['target']}")
        axes.set_ylabel("origins")

    return [
        Figure(
            title="Autocorrelation of the errors one step ahead",
            draw=correlations,
            note=tested.sentence if tested else "",
        ),
        Figure(title="Errors one step ahead", draw=histogram),
    ]


def _series(observed: Values) -> Section:
    from seqapps.report.described import described_figures
    from seqapps.report.described_lines import described_lines
    from seqapps.series.describe import describe

    part = observed["series"]
    values = _array(part["values"])
    times = None if observed["frequency"] == ROWS else np.array(part["times"])
    description = describe(values, season=observed["season"])
    name = f"{part['name']}, {observed['target']}" if part["name"] else observed["target"]
    return Section(
        title="What the series is like",
        parts=described_figures(values, times, description, name=name),
        note=". ".join(described_lines(description, name=name, times=times)) + ".",
    )


def _array(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], "float64")
