"""Series whose every value tells its column and its step, and small forecasters of them."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from seqapps.tasks.forecasting.settle import settle
from seqapps.tasks.forecasting.task import TASK

from seqapps.predict import answer_raw, input_signature
from seqapps.training.train import build

DAY = 86400
START = 17897 * DAY  # the first of January 2019, a Tuesday
SMALL = {
    "horizon": 5, "lookback": 29, "segment": 7, "units": 12, "heads": 3, "dropout": 0.0,
    "season": 7, "origins": 13, "gradient_batches": 0, "batch_size": 17,
}  # fmt: skip


def row_of(columns, *, times=None, series="mill", **facts):
    """One row as the cache gives it; of days where no times are given."""
    values = np.stack(list(columns.values()), axis=1).astype("float32")
    if times is None:
        times = START + DAY * np.arange(len(values))
    names = "\n".join(columns)
    return {"series": series, "times": times, "values": values, "names": names, **facts}


def settings_of(*rows, **options):
    """Small settings, settled on these rows."""
    return settle(replace(TASK.settings, **{**SMALL, **options}), rows)


def sine(steps=211, *, period=13, level=50.0, height=7.0, phase=0.0):
    return level + height * np.sin(2 * np.pi * (np.arange(steps) + phase) / period)


def everything(steps=101, seed=0):
    """Two targets, a covariate and a plan, by chance, with gaps; columns in no good order."""
    random = np.random.default_rng(seed)
    columns = {name: 10 + random.normal(size=steps) for name in ("plan", "b", "other", "a")}
    for name in ("a", "b", "other"):
        columns[name][random.random(steps) < 0.1] = np.nan
    return row_of(columns)


NAMED = {"target": "a,b", "covariates": "other", "future": "plan"}


@dataclass
class Made:
    """A forecaster with weights drawn at random, asked by the names of its signatures."""

    rows: tuple[Any, ...]
    settings: Any

    def __post_init__(self):
        self._serves = {}
        self.task = TASK.under(self.settings)

    @cached_property
    def state(self):
        return TASK.fit(iter(self.rows), self.settings)

    @cached_property
    def features(self):
        return TASK.features(self.settings, self.state)

    @cached_property
    def model(self):
        model, _ = build(self.task, self.settings, self.state, seed=0)
        random = np.random.default_rng(0)
        for variable in model.trainable_variables:
            variable.assign(random.normal(size=variable.shape, scale=0.3))
        return model

    @cached_property
    def cases(self):
        return TASK.cases(self.rows, self.settings)

    def ask(self, rows, name="serving_default"):
        """The answers of a signature, traced once."""
        inputs = self.task.declared(self.settings)[name].inputs
        if name not in self._serves:
            method = getattr(self.features, "respond" if name == "serving_default" else name)
            self._serves[name] = tf.function(
                lambda raw: method(self.model, raw), input_signature=[input_signature(inputs)]
            )
        return answer_raw(self._serves[name], rows, inputs)
