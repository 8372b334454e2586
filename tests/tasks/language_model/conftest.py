"""Small language models with weights drawn at random: lively, and ready at once."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from seqapps.tasks.language_model.task import TASK

from seqapps import registry
from seqapps.checks import Trial
from seqapps.predict import answer_raw, input_signature
from seqapps.training.train import build

TEXTS = {
    "Ann": "The cat sat on the mat. The mat was flat, and that was that.\n\nA cat is a cat. ",
    "Bob": "한국어 texts, too: 고양이가 앉았다. Is that a hat? No, that is a cat!\n",
}
ROWS = [
    {"text": text * times, "follows": 0.0, "author": author}
    for author, text in TEXTS.items()
    for times in (1, 2, 3)
]
SMALL = {
    "units": 11, "embedding": 7, "heads": 3, "batch_size": 5, "steps": 13, "longest": 41,
    "length": 17, "vocabulary": 331,
}  # fmt: skip


@dataclass
class Made:
    """A model that is asked by the names of its signatures."""

    settings: Any
    seed: int = 0

    @cached_property
    def task(self):
        return TASK.under(self.settings)

    @cached_property
    def state(self):
        return self.task.fit(ROWS, self.settings)

    @cached_property
    def built(self):
        model, features = build(self.task, self.settings, self.state, seed=self.seed)
        random = np.random.default_rng(self.seed)
        for variable in model.trainable_variables:
            variable.assign(random.normal(size=variable.shape, scale=0.6))
        return model, features

    def __post_init__(self):
        self._serves = {}

    @property
    def model(self):
        return self.built[0]

    @property
    def features(self):
        return self.built[1]

    def ask(self, name, *rows):
        """The answers to rows, in one batch, as an export gives them."""
        inputs = self.task.declared(self.settings)[name].inputs
        if name not in self._serves:
            answer = getattr(self.features, "respond" if name == TASK.exported_as else name)
            self._serves[name] = tf.function(
                lambda raw: answer(self.model, raw),
                input_signature=[input_signature(inputs)],
            )
        return answer_raw(self._serves[name], [{**ASKED, **row} for row in rows], inputs)

    def ids(self, text):
        """int [time], without a boundary."""
        return self.features.codec.encode(tf.constant([text])).flat_values.numpy()

    def logits(self, ids, author="Ann"):
        """What the whole model says of ids [time]: [time, vocab]."""
        inputs = {"ids": tf.constant([ids], tf.int32), "keep": tf.zeros([1, 1])}
        if self.settings.condition:
            known = self.state["styles"]
            inputs["style"] = tf.constant([1 + known.index(author) if author in known else 0])
        return self._whole(inputs)[0].numpy()

    @cached_property
    def _whole(self):
        return tf.function(self.model, reduce_retracing=True)


ASKED = {
    "text": "", "context": "", "prompt": "", "written": "", "author": "Ann",
    "max_tokens": 11, "temperature": 0.0, "top_k": 0, "top_p": 1.0, "seed": 0,
}  # fmt: skip
_made = {}


@pytest.fixture(scope="session")
def made():
    """Made once for the same settings."""

    def make(**changes):
        key = tuple(sorted(changes.items()))
        if key not in _made:
            _made[key] = Made(replace(TASK.tiny, **SMALL, **changes))
        return _made[key]

    return make


@pytest.fixture(scope="session")
def language_model():
    return registry.load("language_model")


@pytest.fixture(scope="session")
def trial(language_model, tmp_path_factory):
    task = language_model.under(language_model.tiny)
    return Trial(task, None, tmp_path_factory.mktemp("language_model"))
