"""Pictures of what a series is like: trend and season, spectrum, correlations, outliers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seqapps.report.svg import BAD, BASELINE, GOOD, INK, MODEL, MUTED
from seqapps.report.timeline import dated, envelope, moment, span
from seqapps.series.autocorrelation import Autocorrelation
from seqapps.series.decomposition import Decomposition
from seqapps.series.describe import Description
from seqapps.series.outliers import Outlier
from seqapps.series.spectrum import Spectrum
from seqapps.task import Figure

NAMED = 5  # outliers that are marked with their score, periods with their length
MOST_BARS = 100  # lags that are drawn one by one


def described_figures(
    values: np.ndarray, times: np.ndarray | None, description: Description, *, name: str
) -> list[Figure]:
    """What can be drawn of a series [time]; `times` are int64 seconds since 1970 [time].

    No figure of what `description` lacks: of a series without any observed value there is none.
    """
    array = np.where(np.isfinite(values), values, np.nan).astype("float64")
    if not description.numbers.observed:
        return []
    found = [_series(array, times, description, name)]
    if description.decomposition is not None:
        found.append(_decomposition(description.decomposition, times, name))
    if description.spectrum is not None:
        found.append(_spectrum(description.spectrum, times, description, name))
    if description.autocorrelation is not None:
        found.append(_correlations(description, description.autocorrelation, name))
    if description.outliers.found:
        found.append(_outliers(array, times, description, name))
    return found


def _series(
    values: np.ndarray, times: np.ndarray | None, description: Description, name: str
) -> Figure:
    parts, numbers = description.decomposition, description.numbers

    def draw(axes: Any) -> None:
        axes.plot(*dated(times, *envelope(values)), color=MUTED, lw=0.9, label="observed")
        if parts is not None:
            trend = dated(times, *envelope(parts.trend, first=parts.first))
            axes.plot(*trend, color=MODEL, label="trend")
        _finish(axes, times, f"{name}: {numbers.steps:,} steps")
        _legend_above(axes)

    note = ""
    if numbers.missing:
        note = f"{numbers.missing:,} steps are missing; {numbers.interpolated:,} of them lie "
        note += "between observed ones and are interpolated for the analyses. "
    if parts is not None and len(parts.values) < numbers.observed:
        note += f"The trend is that of the last {len(parts.values):,} steps."
    return Figure(title=f"{name} over time", draw=draw, note=note.strip())


def _decomposition(parts: Decomposition, times: np.ndarray | None, name: str) -> Figure:
    def draw(axes: Any) -> None:
        rows = [("observed", parts.values, INK), ("trend", parts.trend, MODEL)]
        if parts.season > 1:
            rows.append((f"season of {parts.season:,}", parts.seasonal, BASELINE))
        rows.append(("remainder", parts.remainder, MUTED))
        panels = _panels(axes, len(rows))
        for panel, (label, values, colour) in zip(panels, rows, strict=True):
            line = dated(times, *envelope(values, first=parts.first, blocks=300))
            panel.plot(*line, color=colour, lw=0.9)
            panel.set_title(label, loc="left", fontsize=8)
            panel.tick_params(labelsize=7)
        _finish(panels[-1], times, "")

    strengths = f"Strength of the trend {parts.trend_strength:.2f}"
    if parts.season > 1:
        strengths += f", of the season {parts.seasonal_strength:.2f}"
    note = f"{strengths}; 1 is all there is. The rows have scales of their own."
    rows = 4 if parts.season > 1 else 3
    return Figure(title=f"{name}: trend, season and rest", draw=draw, note=note, height=1.1 * rows)


def _spectrum(
    seen: Spectrum, times: np.ndarray | None, description: Description, name: str
) -> Figure:
    def draw(axes: Any) -> None:
        periods = seen.time / seen.cycles
        total = seen.power.sum()
        places, power = envelope(np.log10(seen.power / total))
        axes.plot(periods[places], 10**power, color=MUTED, lw=0.8, label="power")
        limit = seen.background * seen.threshold / total
        axes.plot(periods, limit, color=BASELINE, lw=1.2, ls="--", label="noise reaches")
        for each in description.periods[:NAMED]:
            place = min(max(round(seen.time / each.steps), 1), len(periods)) - 1
            height = seen.power[max(0, place - 1) : place + 2].max() / total
            axes.plot(each.steps, height, "o", ms=4, color=MODEL)
            axes.annotate(
                f"{each.steps:.4g}", (each.steps, height), xytext=(4, 3),
                textcoords="offset points", color=MODEL, fontsize=8,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(max(1e-12, np.quantile(seen.power, 0.02) / total), 3.0)
        axes.set_xlabel("steps of a period")
        axes.set_ylabel("share of the variance")
        axes.set_title(f"{name}: spectrum")
        _legend_above(axes)

    named = ", ".join(
        f"{each.steps:.4g} steps{span(each.steps, times)} ({each.share:.1%} of the variance)"
        for each in description.periods[:NAMED]
    )
    note = f"Periods: {named}." if named else "No period stands out over noise."
    note += " Red noise of the same kind stays below the dashed line, but for a chance of 1 %."
    return Figure(title=f"{name}: periods", draw=draw, note=note)


def _correlations(description: Description, found: Autocorrelation, name: str) -> Figure:
    season, still = description.season, description.stationarity

    def draw(axes: Any) -> None:
        panels = _panels(axes, 2)
        lags = np.arange(1, len(found.acf))
        for panel, label, values in zip(
            panels, ("autocorrelation", "partial"), (found.acf[1:], found.pacf[1:]), strict=True
        ):
            panel.axhspan(-found.bound, found.bound, color=MUTED, alpha=0.2, lw=0)
            if len(lags) <= MOST_BARS:
                panel.vlines(lags, 0, values, color=MODEL, lw=1)
            else:
                panel.fill_between(lags, 0, values, step="mid", color=MODEL, lw=0)
            panel.axhline(0, color=MUTED, lw=0.8)
            if 1 < season < len(found.acf):
                panel.axvline(season, color=GOOD, lw=1, ls=":")
            panel.set_title(label, loc="left", fontsize=8)
        panels[-1].set_xlabel("lag, steps")

    note = "Of noise 95 % of the lines would end in the grey band."
    if 1 < season < len(found.acf):
        note += f" Dotted: the season of {season:,} steps."
    if still is not None and still.differences:
        note += " Of a series that wanders all are high; difference it before reading more."
    return Figure(title=f"{name}: correlation by lag", draw=draw, note=note)


def _outliers(
    values: np.ndarray, times: np.ndarray | None, description: Description, name: str
) -> Figure:
    found = description.outliers

    def draw(axes: Any) -> None:
        axes.plot(*dated(times, *envelope(values)), color=MUTED, lw=0.8)
        places = np.array([each.place for each in found.found])
        heights = np.array([each.value for each in found.found])
        axes.plot(*dated(times, places, heights), "o", ms=3.5, color=BAD, mfc="none")
        for each in found.found[:NAMED]:
            at = dated(times, np.array([each.place]), np.array([each.value]))
            axes.annotate(
                f"{each.score:+.1f}", (at[0][0], at[1][0]), xytext=(4, 3),
                textcoords="offset points", color=BAD, fontsize=7,
            )  # fmt: skip
        many = "1 outlier" if len(found.found) == 1 else f"{len(found.found):,} outliers"
        _finish(axes, times, f"{name}: {many}")

    note = (
        f"Further than {found.threshold:.1f} robust standard deviations from {found.basis}. "
        f"The furthest: {named_outliers(found.found[:NAMED], times)}."
    )
    if found.many:
        note += " They are so many that the noise itself has heavy tails, or comes in bursts."
    return Figure(title=f"{name}: outliers", draw=draw, note=note)


def named_outliers(found: Sequence[Outlier], times: np.ndarray | None) -> str:
    """When, how much, and how far from what was expected.

    `1998-03-01: 8.3 for 2.1 (+6.2)`, one after the other.
    """
    return "; ".join(
        f"{moment(each.place, times)}: {each.value:.4g} for {each.expected:.4g} ({each.score:+.1f})"
        for each in found
    )


def _panels(axes: Any, rows: int) -> list[Any]:
    """So many axes, one above the other with a common x, in the place of `axes`."""
    figure, spec = axes.figure, axes.get_subplotspec()
    axes.set_axis_off()
    inside = spec.subgridspec(rows, 1)
    panels = [figure.add_subplot(inside[0])]
    panels += [figure.add_subplot(inside[row], sharex=panels[0]) for row in range(1, rows)]
    for panel in panels[:-1]:
        panel.tick_params(labelbottom=False)
    return panels


def _legend_above(axes: Any) -> None:
    axes.legend(ncols=2, fontsize=7, loc="lower center", bbox_to_anchor=(0.5, 0.98))
    axes.set_title(axes.get_title(), pad=18)


def _finish(axes: Any, times: np.ndarray | None, title: str) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    if times is None:
        axes.set_xlabel("step")
    else:
        locator = AutoDateLocator(maxticks=6)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    if title:
        axes.set_title(title)
