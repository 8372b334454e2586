"""Detectors of what is not normal: windows to errors."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from seqapps.layers.recurrent import GRU, LSTM
from seqapps.training.optimizer import optimizer_of

RECURRENT = {"lstm": LSTM, "gru": GRU}
DECODER = 64  # units of the layer that makes a step of its code


@keras.saving.register_keras_serializable(package="seqapps.monitoring")
class Judge(keras.layers.Layer):
    """Passes errors [batch, steps, detectors, channels] on, and holds what they are judged by.

    `usual` and `spread` [detectors, channels] are of smoothed errors of normal operation,
    `threshold` is of their score. They are no part of the training, but set after it.
    """

    def build(self, errors_shape: Any) -> None:
        shape = list(errors_shape[2:])
        self.usual = self.add_weight(
            name="usual", shape=shape, initializer="zeros", trainable=False
        )
        self.spread = self.add_weight(
            name="spread", shape=shape, initializer="ones", trainable=False
        )
        self.threshold = self.add_weight(
            name="threshold", shape=[], initializer="ones", trainable=False
        )
        self.built = True

    def call(self, errors: Any) -> Any:
        return errors

    def compute_output_shape(self, errors_shape: Any) -> Any:
        return errors_shape


def build_model(settings: Any, features: Any) -> Any:
    """A model of scaled windows and what of them was observed -> errors [batch, steps,
    detectors, channels]: steps of sensors, or frames of bands.
    """
    shape = [features.steps, features.channels]
    inputs = {name: keras.Input(shape, name=name) for name in ("values", "seen")}
    detectors = {"autoencoder": [_restored], "forecaster": [_foretold]}
    chosen = detectors.get(settings.detector, [_restored, _foretold])
    values = keras.layers.Dropout(settings.dropout)(inputs["values"])
    told = [detect(values, settings) for detect in chosen]
    errors = [(inputs["values"] - each) * inputs["seen"] for each in told]
    errors = Judge(name="judge")(ops.stack(errors, axis=2))
    model = keras.Model(inputs, errors, name="monitoring")
    model.compile(optimizer_of(settings), error)
    return model


def error(wanted: Any, errors: Any) -> Any:
    """The mean square of errors: [batch, steps]; `wanted` is 0."""
    return ops.mean(ops.square(errors), axis=(2, 3)) - wanted


def _restored(values: Any, settings: Any) -> Any:
    """What an autoencoder makes of a window from a few numbers a step.

    An LSTM reads the window; what it keeps is a code of each step and not of the window (as in
    Malhotra et al. 2016), from which a dense decoder makes the step again. So relations between
    sensors are what has to be learnt, a change of load is no anomaly, and no step's score waits for
    later ones.
    """
    states = RECURRENT[settings.cell](settings.units, return_sequences=True, name="encoder")(values)
    code = keras.layers.Dense(settings.code, name="code")(states)  # [batch, steps, code]
    states = keras.layers.Dense(DECODER, activation="relu", name="decoder")(code)
    return keras.layers.Dense(values.shape[-1], name="restored")(states)


def _foretold(values: Any, settings: Any) -> Any:
    """What the steps before each one let expect; the first step is expected to be as it is."""
    layer = RECURRENT[settings.cell]
    states = layer(settings.units, return_sequences=True, name="reader")(values[:, :-1])
    change = keras.layers.Dense(values.shape[-1], name="foretold")(states)
    return ops.concatenate([values[:, :1], values[:, :-1] + change], axis=1)
