"""Classic forecasters as baselines: training cases -> Predict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from seqapps.baselines.forecasts.classic import Choosing, Classic, Fitted, logger
from seqapps.series.windows import histories
from seqapps.task import Case, Predict, Response

Z95, Z80 = 1.959963984540054, 1.2815515655446004  # quantiles 0.975 and 0.9 of the normal
MOST_CHOICES = 30  # pairs of series and target of which each may choose its own form
FEW = 5  # of more pairs, so many choose, and the others take what most of them chose

Key = tuple[str, int]  # series, target


def forecasts(
    classic: Classic,
    *,
    season: int | Callable[[np.ndarray], int],
    horizon: int,
    targets: int,
) -> Callable[[Sequence[Case]], Predict]:
    """A baseline with a model for each series and target.

    A case holds `past` [time, channels], all that was observed of its series up to its origin, the
    first `targets` channels of which are forecast, and `series`, its name, where there are several.
    A series that training did not show is learnt from the past of its first case. `season` is a
    number of steps, or finds it in the training part of a series [time].

    Up to 30 pairs of series and target choose their own form, in at most 30 fits of each form. Of
    more, five evenly spread ones choose, and all are fitted with the form that most of these chose:
    five fits of each form, and one for each pair.

    Responses hold `mean` and the 95 % and 80 % intervals of a normal distribution with the model's
    deviation: `lower`, `upper`, `lower_80`, `upper_80`, each float64 [horizon, targets].
    """

    def fit(cases: Sequence[Case]) -> Predict:
        parts = {
            (name, target): np.asarray(values[:, target], "float64")
            for name, values in histories(cases).items()
            for target in range(targets)
        }

        def season_in(values: np.ndarray) -> int:
            return int(season(values)) if callable(season) else season

        own = _narrowed(classic, parts, season_in)
        models: dict[Key, Fitted] = {
            key: own.fit(values, season=season_in(values), horizon=horizon)
            for key, values in parts.items()
        }

        def answer(case: Case) -> Response:
            found = []
            for target in range(targets):
                key = str(case.get("series", "")), target
                past = np.asarray(case["past"][:, target], "float64")
                if key not in models:
                    models[key] = own.fit(past, season=season_in(past), horizon=horizon)
                found.append(models[key].forecast(past))
            mean, deviation = (np.stack(each, axis=1) for each in zip(*found, strict=True))
            return response(mean, deviation)

        return lambda cases: [answer(case) for case in cases]

    return fit


def response(mean: np.ndarray, deviation: np.ndarray) -> Response:
    """Mean and deviation [horizon, targets] as an answer with intervals.

    Arrays, as lists of numbers take four times the memory: every window of ten methods is a lot.
    """
    return {
        "mean": mean,
        "lower": mean - Z95 * deviation,
        "upper": mean + Z95 * deviation,
        "lower_80": mean - Z80 * deviation,
        "upper_80": mean + Z80 * deviation,
    }


def _narrowed(
    classic: Classic, parts: Mapping[Key, np.ndarray], season_in: Callable[[np.ndarray], int]
) -> Classic:
    """The forecaster as it is, or with one form where there are many series."""
    if len(parts) <= MOST_CHOICES or not isinstance(classic, Choosing):
        return classic
    keys = list(parts)
    few = [keys[place] for place in np.linspace(0, len(keys) - 1, FEW).round().astype(int)]
    forms = [classic.form_of(parts[key], season=season_in(parts[key])) for key in few]
    found = Counter(form for form in forms if form is not None)
    if not found:
        return classic
    form = found.most_common(1)[0][0]
    logger.info("%d series and targets: all are fitted as %s.", len(parts), form)
    return classic.with_form(form)
