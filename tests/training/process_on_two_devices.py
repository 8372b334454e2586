"""Tests that need two devices: `test_replicas.py` runs this file in a process of its own.

TensorFlow takes one CPU for two devices, where it is told so before anything is computed.
"""

import csv
import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.errors import RunError
from seqapps.interruption import AT_ONCE, Interruption
from seqapps.settings import replace
from seqapps.training import backend
from seqapps.training.checkpoint import _read, newest
from seqapps.training.replicas import strategy_of
from seqapps.training.train import train, trained

(CPU, *_) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(CPU, [tf.config.LogicalDeviceConfiguration()] * 2)

CHANGES = {"wide": False, "epochs": 2, "batch_tokens": 37, "units": 7, "learning_rate": 0.02}


@pytest.fixture(scope="module")
def settings(sentiment):
    return replace(sentiment.tiny, CHANGES, where="test")


@pytest.fixture(scope="module")
def state(sentiment, toy, settings):
    return sentiment.fit(toy.splits["train"], settings)


@pytest.fixture(scope="module")
def fit(sentiment, settings, state, toy):
    """Train in a folder on so many devices; the model."""

    def fit(folder, devices, *, task=sentiment, interruption=AT_ONCE, **changes):
        model, _ = train(
            task,
            replace(settings, changes, where="test"),
            state,
            cases=toy.splits["train"][:113],
            valid=toy.splits["valid"][:31],
            seed=3,
            folder=folder / "checkpoints",
            history=folder / "history.csv",
            devices=devices,
            interruption=interruption,
        )
        return model

    return fit


def history_of(folder) -> list[dict[str, float]]:
    with (folder / "history.csv").open(newline="") as file:
        return [
            {name: float(value) for name, value in line.items() if "seconds" not in name}
            for line in csv.DictReader(file)
        ]


def arrays_of(folder) -> list[np.ndarray]:
    """All variables of the newest checkpoint: the model's, the optimizer's, random states."""
    arrays = _read(folder / "checkpoints", newest(folder / "checkpoints").rounds_done)
    del arrays["position"]
    return list(arrays.values())


def assert_alike(tmp_path, fit, *, atol=1e-4, **changes) -> dict[str, float]:
    """One device and two give the same weights, moments, averages and counters, and history.

    Returns the last line of the history of two.
    """
    one, two = tmp_path / "one", tmp_path / "two"
    alone = fit(one, 1, dropout=0.0, **changes)
    shared = fit(two, 2, dropout=0.0, **changes)
    for received, expected in zip(shared.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(received, expected, atol=atol)
    for received, expected in zip(arrays_of(two), arrays_of(one), strict=True):
        np.testing.assert_allclose(received, expected, atol=atol)
    for received, expected in zip(history_of(two), history_of(one), strict=True):
        assert received.keys() == expected.keys()
        assert received["gradient_norm"] == pytest.approx(expected["gradient_norm"], rel=10 * atol)
        # The mean loss of a round counts rows that were added to a batch.
        assert received["loss"] == pytest.approx(expected["loss"], rel=0.02)
    found = [(folder / "gradients.json").read_text() for folder in (one, two)]
    assert found[0].count("lag") == found[1].count("lag") > 0
    return history_of(two)[-1]


def test_the_steps_are_those_of_one_device(fit, tmp_path):
    """Batches of 5 cases do not divide by 2."""
    changes = {"clip_norm": 0.1, "weight_decay": 0.01, "weight_averaging": 0.9}
    assert assert_alike(tmp_path, fit, **changes)["clipped"] > 0.2


def test_a_batch_smaller_than_the_devices_is_one_step_of_its_own_loss(fit, tmp_path):
    """Not clipped: rows of an embedding, of which one is there twice, go to Adam as they are."""
    last = assert_alike(tmp_path, fit, batch_tokens=1, clip_norm=0.0, epochs=1)
    assert last["steps"] == 113


@pytest.mark.long
def test_in_16_bits_they_are_those_of_one_device_too(fit, tmp_path):
    """But for the rounding of sums over a batch and over its halves."""
    changes = {"precision": "mixed_float16", "optimizer": "sgd"}
    assert assert_alike(tmp_path, fit, atol=1e-3, **changes)["skipped"] == 0


class StopsAfterOne(Interruption):
    asked = 0

    def check(self) -> None:
        self.asked += 1
        if self.asked == 2:
            raise KeyboardInterrupt


def test_a_stopped_training_ends_with_the_same_bits(fit, sentiment, settings, state, tmp_path):
    """With dropout, and restored on one device as an export does."""
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    expected = fit(whole, 2, dropout=0.3)
    assert expected.distribute_strategy.num_replicas_in_sync == 1  # what answers has no copies
    assert type(expected.weights[0].value).__name__ == "ResourceVariable"
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, 2, dropout=0.3, interruption=StopsAfterOne())
    assert len(history_of(stopped)) == 1
    fit(stopped, 2, dropout=0.3)
    assert history_of(stopped) == history_of(whole)
    for received, value in zip(arrays_of(stopped), arrays_of(whole), strict=True):
        np.testing.assert_array_equal(received, value)
    values = replace(settings, {"dropout": 0.3}, where="test")
    again, _ = trained(sentiment, values, state, seed=3, folder=stopped / "checkpoints")
    for received, value in zip(again.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(received, value)


def watched(optimizer):
    """(model on two devices, its Watch, a step of given gradients, one for each device)."""
    strategy = strategy_of(2)
    with strategy.scope():
        model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2, use_bias=False)])
        model.compile(optimizer(), "mse")
        model.optimizer.build(model.trainable_variables)
    watch = backend.watch(model)
    watch.start()

    @tf.function
    def step(values):
        def of_replica():
            here = tf.distribute.get_replica_context().replica_id_in_sync_group
            gradient = tf.fill([3, 2], tf.gather(values, here))
            model.optimizer.apply([gradient], model.trainable_variables)

        strategy.run(of_replica)

    return model, watch, lambda *values: step(tf.constant(values))


def copies(model) -> list[np.ndarray]:
    """The weights as each device has them."""
    return [value.numpy() for value in model.trainable_variables[0].value.values]


def test_the_norm_is_that_of_the_sum_and_so_is_what_is_clipped():
    model, watch, step = watched(lambda: keras.optimizers.SGD(1.0, global_clipnorm=1.0))
    before = copies(model)[0]
    step(4.0, -3.0)  # their sum is 1 in each of 6 places; clipped one by one they would cancel
    assert watch.columns(1) == pytest.approx({"gradient_norm": 6**0.5, "clipped": 1.0})
    for now in copies(model):
        np.testing.assert_allclose(before - now, np.full([3, 2], 6**-0.5), rtol=1e-5)


@pytest.mark.parametrize("place", [0, 1])
def test_a_gradient_that_breaks_on_one_device_changes_nothing_on_any(place):
    model, watch, step = watched(lambda: keras.optimizers.Adam(1.0))
    before = copies(model)[0]
    step(*[np.nan if place == here else 1.0 for here in range(2)])
    assert watch.broken
    for now in copies(model):
        np.testing.assert_array_equal(now, before)


@pytest.mark.parametrize("place", [0, 1])
def test_an_overflow_on_one_device_skips_the_step_and_halves_the_scale(place):
    """Keras alone asks the first device only."""
    model, watch, step = watched(
        lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1.0), initial_scale=8.0)
    )
    before = copies(model)[0]
    step(*[np.inf if place == here else 1.0 for here in range(2)])
    assert not watch.broken
    assert float(model.optimizer.dynamic_scale.numpy()) == 4.0
    for now in copies(model):
        np.testing.assert_array_equal(now, before)
    step(3.0, 5.0)
    for now in copies(model):
        np.testing.assert_allclose(before - now, np.full([3, 2], 2.0), rtol=1e-5)
    assert watch.columns(2) == pytest.approx({"gradient_norm": 24**0.5, "skipped": 0.5})


@pytest.mark.long
def test_a_loss_that_breaks_on_one_device_stops_training(fit, sentiment, tmp_path):
    """The scores of one case alone are not numbers, and it is in the second share."""

    class Breaks(keras.layers.Layer):
        def call(self, scores):
            context = tf.distribute.get_replica_context()
            if context is None or context.num_replicas_in_sync == 1:
                return scores
            here = tf.cast(context.replica_id_in_sync_group, "float32")
            return scores / (1 - here)

    def build_model(settings, features):
        model = sentiment.build_model(settings, features)
        broken = keras.Model(model.input, Breaks()(model.output))
        broken.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        return broken

    task = dataclasses.replace(sentiment, build_model=build_model)
    with pytest.raises(RunError, match=r"at batch 1 of \d+ of round 1"):
        fit(tmp_path, 2, task=task)
    assert not (tmp_path / "checkpoints").exists()
