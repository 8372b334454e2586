"""Exposure bias: the same metrics with true tokens before every place, as in training."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import keras

from seqapps.data.batching import plan
from seqapps.metrics.judge import values_of
from seqapps.predict import answers, traced
from seqapps.task import Case

from .task import TASK

WATCHED = ("chrf", "bleu")
_traced: WeakKeyDictionary[Any, Callable[..., Any]] = WeakKeyDictionary()  # by features


def teacher_forced(
    settings: Any, model: Any, features: Any, cases: Sequence[Case]
) -> Mapping[str, float]:
    """{"teacher_forced_chrf": 71.3, ...}.

    A translation that goes on from its own tokens meets its own mistakes, which training never
    showed it (Ranzato et al. 2016); the distance between these scores and those of the answers
    tells how much that costs.
    """
    batches = plan(cases, TASK.batching, settings)
    found = answers(_forced(model, features), cases, TASK.columns, batches)
    values = values_of({name: TASK.metrics[name] for name in WATCHED}, cases, found)
    return {f"teacher_forced_{name}": value for name, value in values.items()}


def _forced(model: Any, features: Any) -> Callable[..., Any]:
    """`features.forced`, traced once for all rounds of a training."""
    if not isinstance(model, keras.Model):  # one on another backend cannot be traced
        return lambda raw: features.forced(model, raw)
    if features not in _traced:
        _traced[features] = traced(features, model, method="forced", inputs=TASK.columns)
    return _traced[features]
