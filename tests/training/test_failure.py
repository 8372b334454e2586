"""What is not finite is found where it starts."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.errors import RunError
from seqapps.training.failure import Guard, find
from seqapps.training.watch import Watch

INPUTS = np.random.default_rng(0).normal(size=[5, 3]).astype("float32")
TARGETS = np.random.default_rng(1).normal(size=[5, 2]).astype("float32")


class Through(keras.layers.Layer):
    """A function of its input, as a layer."""

    def __init__(self, function, **options):
        super().__init__(**options)
        self.function = function

    def call(self, inputs):
        return self.function(inputs)


@tf.custom_gradient
def broken_slope(values):
    return values, lambda upstream: upstream * np.nan


def model_of(function=None, *, loss="mse"):
    keras.utils.set_random_seed(3)
    layers = [keras.Input([3]), keras.layers.Dense(7, name="below")]
    if function:
        layers.append(Through(function, name="odd"))
    model = keras.Sequential([*layers, keras.layers.Dense(2, name="above")])
    model.compile(keras.optimizers.Adam(0.1), loss)
    return model


def test_a_value_in_the_data():
    inputs = INPUTS.copy()
    inputs[2, 1] = np.nan
    found = find(model_of(), inputs, TARGETS)
    assert found.where.startswith("The inputs of the batch")
    assert "data" in found.cause
    assert find(model_of(), INPUTS, TARGETS * np.inf).where.startswith("The targets of the batch")


def test_weights_that_are_broken_already():
    model = model_of()
    model.get_layer("above").bias.assign([0.0, np.inf])
    assert "above/bias are not finite" in find(model, INPUTS, TARGETS).where


def test_the_layer_that_gives_it_first_and_none_after_it():
    found = find(model_of(lambda x: x / 0.0), INPUTS, TARGETS)
    assert "odd (Through) is the first" in found.where
    assert "learning_rate" in found.cause


def test_the_loss():
    model = model_of(loss=lambda true, told: told[:, 0] * np.nan)
    assert "the loss does not" in find(model, INPUTS, TARGETS).where


def test_the_gradient_that_breaks_between_two_layers():
    """It comes from the loss, so "above" has a good one and "below" none."""
    found = find(model_of(broken_slope), INPUTS, TARGETS)
    assert "The loss is finite" in found.where
    assert "/below (Dense)" in found.where


def test_nothing_is_said_to_be_found_where_all_is_well():
    assert "is finite" in find(model_of(), INPUTS, TARGETS).where


def stopped(model, tmp_path, *, round_: int, inputs=INPUTS) -> str:
    watch = Watch(model)
    watch.start()
    guard = Guard(
        watch, round_=round_, batches=5, folder=tmp_path,
        again=lambda place: (inputs[place : place + 1], TARGETS[place : place + 1]),
    )  # fmt: skip
    with pytest.raises(RunError) as error:
        model.fit(inputs, TARGETS, batch_size=1, shuffle=False, verbose=0, callbacks=[guard])
    return str(error.value)


def test_training_stops_in_the_batch_whose_loss_breaks(tmp_path):
    inputs = INPUTS.copy()
    inputs[3] = np.nan
    message = stopped(model_of(), tmp_path, round_=3, inputs=inputs)
    assert message.startswith(
        "The loss became nan at batch 4 of 5 of round 3. The inputs of the batch hold it already."
    )
    assert message.endswith(f"The last good checkpoint is {tmp_path}/round-00002.checkpoint.")


def test_training_stops_in_the_batch_whose_gradient_breaks_before_the_weights_do(tmp_path):
    model = model_of(broken_slope)
    before = [np.array(weight) for weight in model.get_weights()]
    message = stopped(model, tmp_path, round_=1)
    assert message.startswith("The gradient is not finite at batch 1 of 5 of round 1. ")
    assert message.endswith("There is no checkpoint yet: this was the first round.")
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
