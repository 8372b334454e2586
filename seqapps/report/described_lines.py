"""What a series is like, in lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seqapps.report.described import named_outliers
from seqapps.report.timeline import moment, span
from seqapps.series.describe import Description

NAMED = 3  # periods, outliers


def described_lines(
    description: Description, *, name: str, times: np.ndarray | None = None
) -> Iterator[str]:
    """The series in at most ten lines without colours; the first one names it.

    `times` are int64 seconds since 1970 [time], which give steps their dates and lengths.
    """
    numbers = description.numbers
    line = f"{name}: {numbers.steps:,} steps"
    if times is not None and len(times):
        line += f", {moment(0, times)} to {moment(len(times) - 1, times)}"
    yield line
    if numbers.missing:
        yield _missing(description)
    if numbers.observed:
        yield (
            f"values: mean {numbers.mean:.4g}, standard deviation "
            f"{numbers.standard_deviation:.4g}, from {numbers.least:.4g} to {numbers.most:.4g}"
        )
    if description.why_not_more:
        yield f"no more can be told: {description.why_not_more}"
        return
    yield _season(description, times)
    parts = description.decomposition
    if parts is not None:
        strength = f"strength of the trend {parts.trend_strength:.2f}"
        if parts.season > 1:
            strength += f", of the season {parts.seasonal_strength:.2f}"
        yield strength + " (0 to 1)"
    if description.stationarity is not None:
        yield _stationarity(description)
    if description.residuals is not None:
        taken = "trend and season" if description.season > 1 else "the trend"
        yield f"after {taken}, {description.residuals.sentence}"
    yield _outliers(description, times)


def _missing(description: Description) -> str:
    numbers = description.numbers
    line = f"missing: {numbers.missing:,} ({numbers.missing / numbers.steps:.1%})"
    if numbers.infinite:
        line += f", of which {numbers.infinite:,} are infinite"
    if numbers.interpolated:
        line += (
            f"; {numbers.interpolated:,} between observed ones, the longest gap "
            f"{numbers.longest_gap:,} steps, are interpolated for what follows"
        )
    return line


def _season(description: Description, times: np.ndarray | None) -> str:
    if description.given_season:
        season = description.season
        if season == 1:
            return "season, as given: none"
        return f"season, as given: {season:,} steps{span(season, times)}"
    if not description.periods:
        return "periods: none stands out over noise"
    named = "; ".join(
        f"{each.steps:.4g} steps{span(each.steps, times)}, {each.share:.1%} of the variance about "
        "the trend"
        for each in description.periods[:NAMED]
    )
    return f"periods: {named}. Season: {description.season:,} steps"


def _stationarity(description: Description) -> str:
    found = description.stationarity
    assert found is not None
    return f"{found.sentence} (ADF p = {found.adf:.2g}, KPSS p = {_bounded(found.kpss)})"


def _bounded(p_value: float) -> str:
    """The table of KPSS ends at 0.01 and 0.1."""
    if p_value <= 0.01:
        return "0.01 or less"
    return "0.1 or more" if p_value >= 0.1 else f"{p_value:.2g}"


def _outliers(description: Description, times: np.ndarray | None) -> str:
    found = description.outliers
    if not found.found:
        return "outliers: none"
    line = (
        f"outliers: {len(found.found):,} beyond {found.threshold:.1f} robust standard deviations "
        f"from {found.basis}: {named_outliers(found.found[:NAMED], times)}"
    )
    if len(found.found) > NAMED:
        line += "; ..."
    return line + (" (so many: the noise has heavy tails or comes in bursts)" if found.many else "")
