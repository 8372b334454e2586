"""Small translators with weights drawn at random: lively, and ready at once."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from seqapps.tasks.translation.task import TASK

from seqapps.predict import answer_raw, input_signature
from seqapps.training.train import build

ROWS = [
    {"source": "나는 고양이를 봤다.", "target": "I saw a cat."},
    {"source": "나는 책을 읽었다.", "target": "I read a book."},
    {"source": "너는 고양이를 그렸다.", "target": "You drew a cat."},
    {"source": "우리는 집에 갔다.", "target": "We went home."},
    {"source": "그는 물을 마셨다.", "target": "He drank water."},
]
SMALL = {
    "units": 14, "embedding": 7, "heads": 2, "window": 2, "beam": 3, "max_tokens": 23,
    "vocabulary": 331, "length_penalty": 0.7,
}  # fmt: skip


@dataclass
class Made:
    """A translator that is asked by the names of its signatures."""

    settings: Any
    seed: int = 0

    def __post_init__(self):
        self._serves = {}

    @cached_property
    def state(self):
        return TASK.fit(iter(ROWS), self.settings)

    @cached_property
    def built(self):
        model, features = build(TASK, self.settings, self.state, seed=self.seed)
        random = np.random.default_rng(self.seed)
        for variable in model.trainable_variables:
            variable.assign(random.normal(size=variable.shape, scale=0.7))
        return model, features

    @property
    def model(self):
        return self.built[0]

    @property
    def features(self):
        return self.built[1]

    def ask(self, name, rows):
        """The answers of a signature, traced once."""
        inputs = TASK.declared(self.settings)[name].inputs
        if name not in self._serves:
            method = getattr(self.features, "respond" if name == "serving_default" else name)
            self._serves[name] = tf.function(
                lambda raw: method(self.model, raw), input_signature=[input_signature(inputs)]
            )
        return answer_raw(self._serves[name], rows, inputs)


@pytest.fixture(scope="session")
def made():
    """`made(attention="dot")`: a translator with these settings, made once."""
    known = {}

    def find(**options):
        key = tuple(sorted(options.items()))
        if key not in known:
            known[key] = Made(replace(TASK.settings, **{**SMALL, **options}))
        return known[key]

    return find
