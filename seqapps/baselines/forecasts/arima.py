"""ARIMA without a season: what a series of levels or of changes remembers of itself."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from seqapps.baselines.forecasts.arima_fit import LEAST, Order, best, fitted, plain_orders
from seqapps.baselines.forecasts.classic import Fitted, cleaned, unfit
from seqapps.baselines.forecasts.fallback import checked


@dataclass(frozen=True)
class Arima:
    """Box and Jenkins 1970; differenced as KPSS tests ask, then the best AICc of eight orders,
    and of that one with a drift.

    On at most the last 2,000 steps of the training part. Parameters are fitted once; the filter
    goes on as the history grows, with gaps left out.
    """

    order: Order | None = None  # the only one that is tried

    def fit(self, training: np.ndarray, *, season: int, horizon: int) -> Fitted:
        values = cleaned(training)
        return checked(
            "ARIMA", values, horizon=horizon, least=LEAST,
            make=lambda: fitted(values, plain_orders, self.order, season=1, horizon=horizon),
        )  # fmt: skip

    def form_of(self, training: np.ndarray, *, season: int) -> Order | None:
        values = cleaned(training)
        return None if unfit(values, LEAST) else best(values, plain_orders, season=1)

    def with_form(self, form: Hashable) -> Arima:
        return Arima(form)  # type: ignore[arg-type]
