"""How good forecasts are: errors, scaled errors, intervals, direction; in all and by horizon.

A case holds `truth` [horizon, targets], in the units of the user, and what a score asks for beside
it: `scale` [targets], the mean absolute error of the seasonal naive forecast in training;
`deviation` [targets], the standard deviation of the training part; `values` [lookback, channels],
whose first channels are the targets. A response holds `mean`, and for the scores of intervals
`lower`, `upper` (95 %), `lower_80` and `upper_80`, each [horizon][targets].

A truth that is NaN counts nowhere, neither in a sum nor in a number. Scores are sums over all
steps of all cases divided by their number. NumPy is imported where it is used: tasks import this
module, and listing tasks must be instant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from seqapps.task import Case, Example, Metric, Response

if TYPE_CHECKING:
    import numpy as np

# One case and its answer -> (number of each step, whether it counts), each [horizon, targets].
Steps = Callable[[Case, Response], "tuple[np.ndarray, np.ndarray]"]
QUANTILES = {"lower": 0.025, "lower_80": 0.1, "mean": 0.5, "upper_80": 0.9, "upper": 0.975}


@dataclass(frozen=True, kw_only=True)
class ForecastMetric(Metric):
    """A metric that can also be told for each step of the horizon, see `by_horizon`."""

    steps: Steps


def by_horizon(
    metric: ForecastMetric, cases: Sequence[Case], responses: Sequence[Response]
) -> np.ndarray:
    """The score of each step ahead over all cases: float [horizon], NaN where nothing counts."""
    import numpy as np

    sums = sum(
        np.stack([number.sum(axis=1), counted.sum(axis=1)], axis=1)  # [horizon, 2]
        for number, counted in map(metric.steps, cases, responses)
    )
    return np.array([metric.reduce(row) for row in np.asarray(sums)])


def mae() -> ForecastMetric:
    """Mean absolute error, in the units of the data."""
    return _mean_of(lambda case, response: abs(_error(case, response)), value=5 / 3)


def rmse() -> ForecastMetric:
    """Root of the mean squared error, in the units of the data."""
    return _mean_of(
        lambda case, response: _error(case, response) ** 2, value=math.sqrt(3), then=math.sqrt
    )


def smape() -> ForecastMetric:
    """Symmetric absolute percentage error, 0 to 200 % (Makridakis et al. 2020, M4).

    The mean of 200 |y - f| / (|y| + |f|); 0 where both are 0.
    """

    def number(case: Case, response: Response) -> np.ndarray:
        import numpy as np

        whole = abs(_truth(case)) + abs(_told(response, "mean"))
        return 200 * abs(_error(case, response)) / np.where(whole == 0, 1.0, whole)

    return _mean_of(number, value=60.0, unit="%")


def mase() -> ForecastMetric:
    """Absolute error in units of the seasonal naive forecast's in training: under 1 beats that.

    Hyndman and Koehler 2006. A target without a scale, because it was constant in training, counts
    nowhere.
    """
    return _mean_of(
        lambda case, response: abs(_error(case, response)) / _positive(case["scale"]), value=0.75
    )


def mse_standardised() -> ForecastMetric:
    """Squared error in units of the training part's variance, as papers on ETT report it.

    Zhou et al. 2021 (Informer). A target that was constant in training counts nowhere.
    """
    return _mean_of(
        lambda case, response: (_error(case, response) / _positive(case["deviation"])) ** 2,
        value=0.6875,
    )


def mae_standardised() -> ForecastMetric:
    """Absolute error in units of the training part's standard deviation, as papers on ETT do."""
    return _mean_of(
        lambda case, response: abs(_error(case, response)) / _positive(case["deviation"]),
        value=0.75,
    )


def pinball() -> ForecastMetric:
    """The mean quantile loss of the five quantiles 0.025, 0.1, 0.5, 0.9 and 0.975.

    Koenker and Bassett 1978: q (y - f) where the truth y lies above the quantile f, (1 - q) (f - y)
    where it lies below; not doubled. It rewards intervals that are both narrow and right.
    """

    def number(case: Case, response: Response) -> np.ndarray:
        import numpy as np

        truth = _truth(case)
        losses = [
            np.maximum(quantile * gap, (quantile - 1) * gap)
            for name, quantile in QUANTILES.items()
            for gap in [truth - _told(response, name)]
        ]
        return np.asarray(sum(losses) / len(losses))

    return _mean_of(number, value=6.85 / 15, calibrated=True)


def coverage_95() -> ForecastMetric:
    """The share of truths inside the 95 % interval: neither more nor less than 0.95 is right."""
    return _coverage("lower", "upper", aim=0.95, value=2 / 3)


def coverage_80() -> ForecastMetric:
    """The share of truths inside the 80 % interval: neither more nor less than 0.8 is right."""
    return _coverage("lower_80", "upper_80", aim=0.8, value=1 / 3)


def direction(of: Literal["level", "change"] = "level") -> ForecastMetric:
    """How often the sign of the change is foreseen.

    Of a `level`, the change since the last given value, at each step of the horizon; of a `change`,
    such as a return, the forecast itself. Where nothing changed there was no direction to foresee,
    and the step counts nowhere; a forecast of no change is half right, as a guess would be.
    """

    def number(case: Case, response: Response) -> np.ndarray:
        import numpy as np

        base = _last_given(case) if of == "level" else 0.0
        true, told = np.sign(_truth(case) - base), np.sign(_told(response, "mean") - base)
        right = np.where(told == 0, 0.5, (told == true).astype("float64"))
        return np.where((true == 0) | np.isnan(true) | np.isnan(told), np.nan, right)

    return _mean_of(number, value=0.5 if of == "level" else 1.0, higher_is_better=True)


def _coverage(low: str, high: str, *, aim: float, value: float) -> ForecastMetric:
    def number(case: Case, response: Response) -> np.ndarray:
        truth = _truth(case)
        inside = (_told(response, low) <= truth) & (truth <= _told(response, high))
        return inside.astype("float64")

    return _mean_of(number, value=value, aim=aim, calibrated=True)


def _mean_of(
    number: Callable[[Case, Response], np.ndarray],
    *,
    value: float,
    then: Callable[[float], float] = lambda mean: mean,
    higher_is_better: bool = False,
    unit: str = "",
    aim: float | None = None,
    calibrated: bool = False,
) -> ForecastMetric:
    """The mean over all steps whose truth is known of `number` [horizon, targets]."""

    def steps(case: Case, response: Response) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np

        found = number(case, response)
        # A forecast that is NaN is no reason to leave a step out, but what a case lacks is.
        missing = np.isnan(found) & ~np.isnan(_told(response, "mean"))
        counted = ~(np.isnan(_truth(case)) | missing)
        return np.where(counted, found, 0.0), counted

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        pairs = [steps(case, told) for case, told in zip(cases, responses, strict=True)]
        return np.array([[each.sum(), counted.sum()] for each, counted in pairs])  # [cases, 2]

    def reduce(sums: np.ndarray) -> float:
        total, count = map(float, sums)
        return then(total / count) if count else math.nan  # a resample of unknown truths only

    return ForecastMetric(
        statistics=statistics,
        reduce=reduce,
        example=Example(_CASES, _RESPONSES, value),
        higher_is_better=higher_is_better,
        unit=unit,
        aim=aim,
        calibrated=calibrated,
        steps=steps,
    )


def _truth(case: Case) -> np.ndarray:
    import numpy as np

    return np.asarray(case["truth"], "float64")  # [horizon, targets]


def _told(response: Response, name: str) -> np.ndarray:
    import numpy as np

    return np.asarray(response[name], "float64")  # [horizon, targets]


def _error(case: Case, response: Response) -> np.ndarray:
    import numpy as np

    return np.asarray(_truth(case) - _told(response, "mean"))


def _positive(scale: Sequence[float]) -> np.ndarray:
    import numpy as np

    found = np.asarray(scale, "float64")  # [targets]
    return np.where(found > 0, found, np.nan)


def _last_given(case: Case) -> np.ndarray:
    """The last value that was observed of each target: float [targets], NaN where none was."""
    import numpy as np

    values = np.asarray(case["values"], "float64")[:, : _truth(case).shape[1]]
    known = np.isfinite(values)
    place = len(values) - 1 - known[::-1].argmax(axis=0)
    return np.where(known.any(axis=0), values[place, np.arange(values.shape[1])], np.nan)


# Two cases of one target, two steps ahead; the truth of one step is not known. Errors 2, -2 and 1.
_CASES: list[Case] = [
    {"values": [[1.0], [2.0]], "truth": [[4.0], [1.0]], "scale": [2.0], "deviation": [2.0]},
    {"values": [[5.0], [math.nan]], "truth": [[math.nan], [8.0]], "scale": [4.0],
     "deviation": [4.0]},
]  # fmt: skip
_RESPONSES: list[Response] = [
    {"mean": [[2.0], [3.0]], "lower": [[0.0], [2.0]], "upper": [[5.0], [4.0]],
     "lower_80": [[1.0], [2.5]], "upper_80": [[3.0], [3.5]]},
    {"mean": [[6.0], [7.0]], "lower": [[1.0], [4.0]], "upper": [[8.0], [9.0]],
     "lower_80": [[2.0], [6.0]], "upper_80": [[7.0], [8.5]]},
]  # fmt: skip
