"""Exposure bias: the same metrics with true tokens before every place, as in training."""

from collections.abc import Mapping, Sequence
from typing import Any

from seqapps.data.batching import plan
from seqapps.metrics.judge import values_of
from seqapps.predict import answers
from seqapps.task import Case

from .task import TASK

WATCHED = ("chrf", "bleu")


def teacher_forced(
    settings: Any, model: Any, features: Any, cases: Sequence[Case]
) -> Mapping[str, float]:
    """{"teacher_forced_chrf": 71.3, ...}.

    A translation that goes on from its own tokens meets its own mistakes, which training never
    showed it (Ranzato et al. 2016); the distance between these scores and those of the answers
    tells how much that costs.
    """
    found = answers(
        lambda raw: features.forced(model, raw),
        cases,
        TASK.columns,
        plan(cases, TASK.batching, settings),
    )
    values = values_of({name: TASK.metrics[name] for name in WATCHED}, cases, found)
    return {f"teacher_forced_{name}": value for name, value in values.items()}
