"""The mean of a number per case, which is what most metrics are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from seqapps.task import Case, Example, Metric, Response

if TYPE_CHECKING:
    import numpy as np


def mean_of(
    per_case: Callable[[Case, Response], float],
    *,
    example: Example,
    higher_is_better: bool = True,
    unit: str = "",
) -> Metric:
    """The mean of a number per case: accuracy, exact match, absolute error."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        values = [per_case(case, response) for case, response in zip(cases, responses, strict=True)]
        return np.stack([values, np.ones(len(values))], axis=1)  # [cases, 2]: value, count

    return Metric(
        statistics=statistics,
        reduce=lambda sums: float(sums[0] / sums[1]),
        example=example,
        higher_is_better=higher_is_better,
        unit=unit,
    )
