"""Small monitors that have seen a made-up machine for a moment, calibrated."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import machine
import pytest
from seqapps.tasks.monitoring.task import TASK

from seqapps.data.batching import batch_of
from seqapps.predict import in_process
from seqapps.training.train import build

STEPS = 30  # of training


@dataclass
class Monitor:
    """A monitor under some settings: untrained, trained, and what it was made of."""

    settings: Any

    @cached_property
    def task(self):
        return TASK.under(self.settings)

    @cached_property
    def rows(self):
        return {
            "train": [machine.row(number) for number in range(5)],
            "valid": [machine.row(number, held_out=True) for number in range(5, 8)],
            "test": [machine.row(11, fault=(1, 151), held_out=True)],
        }

    def cases(self, split):
        return list(self.task.cases(self.rows[split], self.settings))

    @cached_property
    def state(self):
        return self.task.fit(iter(self.rows["train"]), self.settings)

    @cached_property
    def trained(self):
        """(model, features, loss before, loss after)."""
        model, features = build(self.task, self.settings, self.state, seed=0)
        pair = features.pair(batch_of(self.cases("train"), self.task.columns))
        before = float(model.test_on_batch(*pair))
        for _ in range(STEPS):
            model.train_on_batch(*pair)
        after = float(model.test_on_batch(*pair))
        self.task.calibrate(self.settings, model, features, self.cases("valid"))
        return model, features, before, after

    @cached_property
    def predict(self):
        return in_process(self.task, self.settings, *self.trained[:2])


@pytest.fixture(scope="session")
def made():
    """`made(cell="gru")`: a monitor with these settings, made once."""
    known = {}

    def find(**options):
        key = tuple(sorted(options.items()))
        if key not in known:
            known[key] = Monitor(replace(TASK.settings, **{**machine.SMALL, **options}))
        return known[key]

    return find
