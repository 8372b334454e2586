"""ARIMA with a season: of states up to 24 steps, of sines and cosines above."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.arima_fit import LEAST, Order, best, fitted, seasonal_orders
from seqapps.baselines.forecasts.classic import Fitted, cleaned, unfit
from seqapps.baselines.forecasts.fallback import checked


@dataclass(frozen=True)
class SeasonalArima:
    """Box and Jenkins 1970, chapter 9; the best AICc of eight orders.

    A season of up to 24 steps is differenced where it is strong, and has terms of its own. A longer
    one would need as many states; there the errors of a regression on sines and cosines are ARIMA
    (Hyndman and Athanasopoulos 2021, section 10.5). Otherwise as `Arima`.
    """

    order: Order | None = None  # the only one that is tried

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        values = cleaned(training)
        return checked(
            "seasonal ARIMA", values, horizon=horizon, least=LEAST,
            make=lambda: fitted(values, seasonal_orders, self.order, season=season,
                                horizon=horizon),
        )  # fmt: skip

    def form_of(self, training: np.ndarray, *, season: int) -> Order | None:
        values = cleaned(training)
        return None if unfit(values, LEAST) else best(values, seasonal_orders, season=season)

    def with_form(self, form: Hashable) -> SeasonalArima:
        return SeasonalArima(form)  # type: ignore[arg-type]
