"""The classic methods that a forecaster is compared with, the trivial one first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seqapps.baselines.forecasts.adapter import forecasts
from seqapps.baselines.forecasts.arima import Arima
from seqapps.baselines.forecasts.classic import Classic
from seqapps.baselines.forecasts.drift import Drift
from seqapps.baselines.forecasts.ets import Ets
from seqapps.baselines.forecasts.exponential import Exponential
from seqapps.baselines.forecasts.last_value import LastValue
from seqapps.baselines.forecasts.moving_average import MovingAverage
from seqapps.baselines.forecasts.ridge import Ridge
from seqapps.baselines.forecasts.seasonal_arima import SeasonalArima
from seqapps.baselines.forecasts.seasonal_naive import SeasonalNaive
from seqapps.baselines.forecasts.theta import Theta
from seqapps.series.row import names_in
from seqapps.task import Case, Predict

CLASSIC: dict[str, Classic] = {
    "last_value": LastValue(),
    "drift": Drift(),
    "seasonal_naive": SeasonalNaive(),
    "moving_average": MovingAverage(),
    "exponential": Exponential(),
    "ridge": Ridge(),
    "theta": Theta(),
    "ets": Ets(),
    "arima": Arima(),
    "seasonal_arima": SeasonalArima(),
}


def classic(name: str, cases: Sequence[Case], settings: Any) -> Predict:
    """A classic method, fitted on the training cases, under these settings."""
    return forecasts(
        CLASSIC[name],
        season=settings.season,
        horizon=settings.horizon,
        targets=len(names_in(settings.target)),
    )(cases)
