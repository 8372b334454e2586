"""Small captioners that have seen a few pictures a few times: they write what can be read."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import keras
import pytest
import tensorflow as tf
from drawn_pictures import CHANNELS, ROWS, save
from seqapps.tasks.captioning.task import TASK

from seqapps.data.batching import batch_of
from seqapps.predict import answer_raw, input_signature
from seqapps.training.train import build

SMALL = {
    "image_size": 32, "captions": 3, "units": 14, "embedding": 7, "heads": 2, "beam": 3,
    "max_tokens": 11, "length_penalty": 0.7, "label_smoothing": 0.0, "word_noise": 0.0,
    "learning_rate": 0.02, "schedule": "constant",
}  # fmt: skip
STEPS = 60


@dataclass
class Made:
    """A captioner that is asked by the names of its signatures."""

    settings: Any

    def __post_init__(self):
        self._serves = {}

    @cached_property
    def state(self):
        return TASK.fit(iter(ROWS), self.settings)

    @cached_property
    def built(self):
        model, features = build(TASK, self.settings, self.state, seed=0)
        pair = features.pair(batch_of(ROWS, TASK.columns))
        for _ in range(STEPS):
            model.train_on_batch(*pair)
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
    """`made(looks="before")`: a captioner with these settings, made once."""
    known = {}

    def find(**options):
        key = tuple(sorted(options.items()))
        if key not in known:
            known[key] = Made(replace(TASK.settings, **{**SMALL, **options}))
        return known[key]

    return find


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    """The path of a saved encoder with a map of features."""
    file = tmp_path_factory.mktemp("encoder") / "encoder.keras"
    keras.utils.set_random_seed(0)
    pictures = keras.Input([None, None, 3])
    values = keras.layers.Rescaling(1 / 255)(pictures)
    values = keras.layers.Conv2D(CHANNELS, 8, strides=8, padding="same")(values)
    save(keras.Model(pictures, values), file)
    return str(file)


@pytest.fixture(scope="session")
def deep_encoder(tmp_path_factory):
    """The path of a saved encoder that has a finer map inside."""
    file = tmp_path_factory.mktemp("deep_encoder") / "encoder.keras"
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(CHANNELS, 4, strides=4, padding="same"),
        keras.layers.Conv2D(CHANNELS + 1, 2, strides=2, padding="same"),
    ]
    save(keras.Sequential([keras.Input([None, None, 3]), *layers]), file)
    return str(file)
