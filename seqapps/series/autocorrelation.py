"""How much a step tells of the steps after it, and whether residuals still tell anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seqapps.series.gapless import without_gaps

MOST_STEPS = 2**18  # the last ones of a longer series are looked at
MOST_LAGS = 400
FEWEST_LAGS = 40  # where the series is long enough
LEVEL = 0.05


@dataclass(frozen=True)
class Autocorrelation:
    """Correlations by lag; number k is that of values k steps apart, number 0 is 1."""

    acf: np.ndarray  # float64 [1 + lags]
    pacf: np.ndarray  # float64 [1 + lags], what lag k adds to those before it
    bound: float  # 95 % of those of noise are nearer to 0


@dataclass(frozen=True)
class LjungBox:
    """Whether residuals are more correlated over all lags up to `lags` than noise would be."""

    lags: int
    statistic: float
    p_value: float

    @property
    def sentence(self) -> str:
        """What the test says, in words."""
        shown = f"{self.p_value:.2g}" if self.p_value >= 1e-6 else "0.000001 or less"
        test = f"(Ljung-Box over {self.lags} lags, p = {shown})"
        if self.p_value < LEVEL:
            return (
                f"the residuals are correlated {test}: a better model could still learn from them"
            )
        return f"the residuals look like noise {test}"


def autocorrelation(
    values: np.ndarray, *, season: int | None = None, lags: int | None = None
) -> Autocorrelation | None:
    """ACF and PACF of values [time], NaN in gaps; None of a constant or very short series.

    Without `lags`, two and a half seasons, at least 40 and at most 400, and never more than half of
    the series.
    """
    from statsmodels.tsa.stattools import acf, levinson_durbin

    whole = without_gaps(values)
    shown = whole.values[-MOST_STEPS:]
    if len(shown) < 4 or np.ptp(shown) == 0:
        return None
    wanted = lags or min(MOST_LAGS, max(FEWEST_LAGS, int(2.5 * (season or 1))))
    kept = max(1, min(wanted, len(shown) // 2 - 1))
    by_lag = np.asarray(acf(shown, nlags=kept, fft=True))
    # `pacf` of statsmodels does the same, but makes its ACF without FFT: 17 seconds for 40,000.
    return Autocorrelation(
        acf=by_lag,
        pacf=np.asarray(levinson_durbin(by_lag, nlags=kept, isacov=True)[2]),
        bound=float(1.96 / np.sqrt(len(shown))),
    )


def ljung_box(
    residuals: np.ndarray, *, season: int | None = None, fitted: int = 0
) -> LjungBox | None:
    """The test of residuals [time], NaN in gaps; None where they are too few or constant.

    Over twice the season, or 10 lags, and at most a fifth of the series (Hyndman and
    Athanasopoulos, section 5.4). `fitted` is the number of parameters of the model, such as p + q
    of an ARMA. Ljung and Box 1978: Q = n (n + 2) sum over lags of r_k^2 / (n - k).
    """
    from scipy.stats import chi2
    from statsmodels.tsa.stattools import acf

    shown = without_gaps(residuals).values[-MOST_STEPS:]
    count = len(shown)
    wanted = min(2 * season, MOST_LAGS) if season and season > 1 else 10
    lags = max(min(wanted, count // 5), fitted + 1)
    if count < max(8, lags + 2) or np.ptp(shown) == 0:
        return None
    by_lag = np.asarray(acf(shown, nlags=lags, fft=True))[1:]
    terms = np.square(by_lag) / (count - np.arange(1, lags + 1))
    statistic = float(count * (count + 2) * terms.sum())
    return LjungBox(lags, statistic, float(chi2.sf(statistic, lags - fitted)))
