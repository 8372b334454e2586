"""What only the data tell: columns, frequency, season."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seqapps.errors import UserError, nearest
from seqapps.series.grid import check_frequency, common_frequency, on_grid
from seqapps.series.row import names_in
from seqapps.task import Row

from .windows import windows_of

ALL, NONE, AUTO = "all", "none", "auto"


def settle(settings: Any, rows: Sequence[Row]) -> Any:
    """The settings with all of it said. Raises UserError where they do not fit the data."""
    row = max(rows, key=lambda row: len(row["times"]))  # the one that tells most
    settings = _columns(settings, row["names"].split("\n"))
    frequency = settings.frequency
    if frequency == AUTO:
        frequency = common_frequency(rows, needed=settings.lookback + settings.horizon)
    settings = replace(settings, frequency=check_frequency(frequency))
    _check_calendar(settings)
    if settings.season == 0:
        settings = replace(settings, season=_season(row, settings))
    _check_season(settings)
    _check_transform(settings)
    windows_of(rows, settings)
    return settings


def _check_calendar(settings: Any) -> None:
    """Raise UserError where the calendar tells nothing of steps of this frequency."""
    if settings.calendar:
        from seqapps.series import calendar

        if not calendar.size(settings.frequency):
            raise UserError(
                f"calendar = true: steps of {settings.frequency} are all at the same place of the "
                "year. Set calendar = false."
            )


def _check_season(settings: Any) -> None:
    """Raise UserError where windows cannot be measured from the season before."""
    if settings.window != "season":
        return
    if settings.season < 2:
        raise UserError(
            "window = 'season': the series shows no season. Set season to the steps after which "
            "it repeats itself, or window = 'last'."
        )
    if settings.lookback < 2 * settings.season:
        raise UserError(
            f"window = 'season': lookback = {settings.lookback} holds no change from one season of "
            f"{settings.season} steps to the next. Set lookback to {2 * settings.season} or more."
        )


def _check_transform(settings: Any) -> None:
    """Raise UserError where windows are too short for wavelets."""
    if settings.transform not in ("wavelet", "bands"):
        return
    from seqapps.series.transforms import wavelets

    if settings.lookback < wavelets.shortest():
        raise UserError(
            f"transform = {settings.transform!r}: lookback = {settings.lookback} is too short for "
            f"wavelets. Set lookback to {wavelets.shortest()} or more, or transform = 'none'."
        )


def _columns(settings: Any, there: Sequence[str]) -> Any:
    """Targets, covariates and what is known in advance, by name; no column twice."""
    for key in ("target", "covariates", "future"):
        for name in names_in(getattr(settings, key)):
            if name not in there and not (key == "covariates" and name in (ALL, NONE)):
                raise UserError(
                    f"{key} = {getattr(settings, key)!r}: no column of numbers {name!r}. "
                    f"{nearest(name, there)}"
                )
    future = names_in(settings.future)
    target = names_in(settings.target) or [name for name in there if name not in future]
    if not target:
        raise UserError(
            f"future = {settings.future!r}: no column of numbers is left to forecast. Known: "
            f"{', '.join(there)}."
        )
    if {*target} & {*future}:
        raise UserError(
            f"future = {settings.future!r}: {min({*target} & {*future})!r} is forecast, so it is "
            "not known in advance."
        )
    covariates = names_in(settings.covariates)
    if covariates == [ALL]:
        covariates = [name for name in there if name not in (*target, *future)]
    elif covariates == [NONE]:
        covariates = []
    return replace(
        settings,
        target=",".join(target),
        covariates=",".join(name for name in covariates if name not in (*target, *future)),
        future=",".join(future),
    )


def _season(row: Row, settings: Any) -> int:
    """The season that shows in the first target of a training part."""
    from seqapps.series.periods import season_of

    channel = row["names"].split("\n").index(names_in(settings.target)[0])
    grid = on_grid(row["times"], settings.frequency)
    values = row["values"][:, channel].astype("float64")
    if grid.place is not None:
        values = np.append(values, np.nan)[grid.place]
    return season_of(values)
