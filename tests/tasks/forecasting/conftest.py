"""Small forecasters with weights drawn at random: ready at once."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hand_made_series import settings_of
from seqapps.tasks.forecasting.task import TASK

from seqapps.predict import answer_raw, input_signature
from seqapps.training.train import build


@dataclass
class Made:
    """A forecaster of some rows that is asked by the names of its signatures."""

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


@pytest.fixture
def made():
    """`made(row, encoder="gru")`: a forecaster with these settings."""
    return lambda *rows, **options: Made(rows, settings_of(*rows, **options))
