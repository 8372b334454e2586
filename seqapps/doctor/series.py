"""What the series of a training part are like, on the grid that a run lays them on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from seqapps.errors import UserError
from seqapps.report.described import described_figures
from seqapps.report.described_lines import described_lines
from seqapps.series.describe import Description, describe
from seqapps.series.grid import ROWS, Grid, frequency_of
from seqapps.series.laid import Laid
from seqapps.task import Figure, Row

AUTO = "auto"  # a setting `frequency` that says this, or none, is found in the times
SERIES = 3  # that are described, the first ones
CHANNELS = 9  # that are described, of all these series together
LISTED = 5  # series that do not fit the grid


@dataclass(frozen=True)
class Channel:
    """One channel of one series on its grid."""

    series: str
    channel: str
    times: np.ndarray | None  # int64 [time]; None where lines are steps
    values: np.ndarray  # float64 [time], NaN where nothing was observed
    description: Description

    @property
    def name(self) -> str:
        """`AAPL, return`; the channel alone where the series has no other name."""
        return (
            self.channel if self.series in ("", self.channel) else f"{self.series}, {self.channel}"
        )

    @property
    def lines(self) -> list[str]:
        """What it is like, for the terminal; the first line names it."""
        return list(described_lines(self.description, name=self.name, times=self.times))

    @property
    def figures(self) -> list[Figure]:
        """What it is like, in pictures."""
        return described_figures(self.values, self.times, self.description, name=self.name)


@dataclass
class Looked:
    """What was found of all series, and the first few of them."""

    laid: Laid
    given: bool  # whether the settings say the frequency of the grid
    series: int = 0
    channels: int = 0  # of all series together
    off_grid: list[str] = field(default_factory=list)  # why series do not fit, by series
    seen: list[Channel] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Plain values, as JSON holds them; `described` holds `Description.plain()` of each."""
        return {
            **asdict(self.laid),
            "frequencies": dict(self.laid.frequencies),
            "given": self.given,
            "series": self.series,
            "channels": self.channels,
            "off_grid": self.off_grid,
            "described": [
                {"series": each.series, "channel": each.channel, "lines": each.lines,
                 **each.description.plain()}
                for each in self.seen
            ],
            "not_described": self.channels - len(self.seen),
        }  # fmt: skip


def look(rows: Sequence[Row], settings: Any) -> Looked:
    """The series of these rows, which are a training part; the first few of them described.

    Frequency and season are those of the settings, where these have and say them. A frequency that
    is to be found is that of the longest series, as in a run.
    """
    wanted = getattr(settings, "frequency", AUTO)
    given = wanted != AUTO
    longest = max((row["times"] for row in rows), key=len, default=np.empty(0, "int64"))
    found = Looked(Laid(wanted if given else frequency_of(longest)), given)
    season = getattr(settings, "season", 0) or None
    each = CHANNELS // max(1, min(SERIES, len(rows)))
    for row in rows:
        channels = _targets_first(row["names"].split("\n"), settings)
        found.series += 1
        found.channels += len(channels)
        grid = _laid(row, found)
        if grid is not None and found.series <= SERIES:
            found.seen += [_channel(row, grid, place, season=season) for place in channels[:each]]
    return found


def _targets_first(names: Sequence[str], settings: Any) -> list[int]:
    """The places of the channels, those that the settings name as targets first."""
    targets = {name.strip() for name in getattr(settings, "target", "").split(",")}
    return sorted(range(len(names)), key=lambda place: names[place] not in targets)


def _laid(row: Row, found: Looked) -> Grid | None:
    """The series on the grid, and counted; None where it does not fit."""
    try:
        return found.laid.add(row["times"])
    except UserError as error:
        if len(found.off_grid) < LISTED:
            found.off_grid.append(f"{row['series'] or 'the series'}: {error}")
        return None


def _channel(row: Row, grid: Grid, place: int, *, season: int | None) -> Channel:
    values = np.array(row["values"][:, place], "float64")
    if grid.place is not None:
        values = np.append(values, np.nan)[grid.place]  # place -1: the step of a gap
    are_steps = np.array_equal(grid.times, np.arange(len(grid.times)))  # as with --time none
    return Channel(
        series=row["series"],
        channel=row["names"].split("\n")[place],
        times=None if are_steps else np.asarray(grid.times),
        values=values,
        description=describe(values, season=season),
    )


def told(facts: dict[str, Any]) -> Iterable[str]:
    """The grid, in sentences."""
    frequency, others = facts["frequency"], facts["frequencies"]
    how = "as the settings say" if facts["given"] else "found in the times of the longest series"
    step = "each observation is a step" if frequency == ROWS else f"a step each {frequency}"
    yield f"{step}, {how}"
    if not facts["given"] and len(others) > 1:
        each = ", ".join(f"{name} in {count:,}" for name, count in sorted(others.items()))
        yield f"the series differ: {each}. --set frequency=... decides"
    counts = Laid(**{field.name: facts[field.name] for field in fields(Laid)})
    yield from counts.lines()
    yield from facts["off_grid"]
