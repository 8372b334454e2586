"""Whatever a layer or an optimizer remembers goes into a checkpoint and comes back from it.

Every model takes two steps, is saved, and must take the same next steps as a fresh model of another
seed into which it is restored.
"""

import keras
import numpy as np
import pytest

from seqapps.errors import RunError
from seqapps.training import checkpoint
from seqapps.training.checkpoint import Position, restore, save

CASES, TIME, WIDTH = 5, 7, 3
INPUTS = np.random.default_rng(0).normal(size=[CASES, TIME, WIDTH]).astype("float32")
TARGETS = np.random.default_rng(1).normal(size=[CASES, 1]).astype("float32")


class Noise(keras.layers.Layer):
    """Draws without a seed generator of its own, as a plugin's layer may."""

    def call(self, inputs, training=False):
        return inputs + keras.random.normal([WIDTH]) if training else inputs


LAYERS = {
    "dropout": lambda: keras.layers.Dropout(0.5),
    "states carried both ways": lambda: keras.layers.Bidirectional(
        keras.layers.LSTM(2, stateful=True, dropout=0.3)
    ),
    "recurrent dropout": lambda: keras.layers.LSTM(2, dropout=0.3, recurrent_dropout=0.3),
    "a state carried from batch to batch": lambda: keras.layers.GRU(2, stateful=True),
    "moving averages": lambda: keras.layers.BatchNormalization(momentum=0.5),
    "noise without a seed": Noise,
}
OPTIMIZERS = {
    "Adam": lambda: keras.optimizers.Adam(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
    "a schedule": lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 5)),
    "averaged weights": lambda: keras.optimizers.Adam(0.1, use_ema=True, ema_overwrite_frequency=3),
    "gradients summed over 3 steps": lambda: keras.optimizers.Adam(
        0.1, gradient_accumulation_steps=3
    ),
    "loss scaling": lambda: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.1), dynamic_growth_steps=3
    ),
}


def compiled(layer, optimizer):
    model = keras.Sequential(
        [
            keras.Input(batch_shape=[CASES, TIME, WIDTH]),
            layer(),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    model.compile(optimizer(), "mse", run_eagerly=True)
    return model


def model_of(layer, optimizer, *, seed: int):
    """Compiled, with two steps taken."""
    keras.utils.set_random_seed(seed)
    model = compiled(layer, optimizer)
    steps(model, 2)
    return model


def steps(model, count: int) -> list[float]:
    return [model.train_on_batch(INPUTS, TARGETS) for _ in range(count)]


def saved_and_restored(layer, optimizer, folder):
    """(losses of the next four steps, those of another model after it was restored)."""
    model = model_of(layer, optimizer, seed=3)
    save(folder, model, Position(rounds_done=1, best_round=1))
    expected = steps(model, 4)
    keras.utils.set_random_seed(5)
    other = compiled(layer, optimizer)
    restore(folder, 1, other)
    return expected, steps(other, 4)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_what_a_layer_remembers_is_restored(layer, tmp_path):
    expected, received = saved_and_restored(layer, OPTIMIZERS["Adam"], tmp_path)
    assert received == expected


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_what_an_optimizer_remembers_is_restored(optimizer, tmp_path):
    expected, received = saved_and_restored(LAYERS["dropout"], optimizer, tmp_path)
    assert received == expected


@pytest.mark.parametrize(
    ("layer", "forgotten"),
    [
        ("dropout", "seed_generator_state"),
        ("recurrent dropout", "seed_generator_state"),
        ("a state carried from batch to batch", "rnn_state"),
        ("noise without a seed", "seed_generator_state"),
    ],
)
def test_without_it_training_would_go_another_way(layer, forgotten, tmp_path, monkeypatch):
    """The tests above can fail: they do where a checkpoint leaves out what they are about."""
    everything = checkpoint.variables_of

    def all_but_one_kind(model):
        kept = [variable for variable in everything(model) if forgotten not in variable.path]
        assert len(kept) < len(everything(model))
        return kept

    monkeypatch.setattr(checkpoint, "variables_of", all_but_one_kind)
    expected, received = saved_and_restored(LAYERS[layer], OPTIMIZERS["Adam"], tmp_path)
    assert received != expected


def test_a_model_with_other_variables_is_an_error_that_says_so(tmp_path):
    model = model_of(LAYERS["moving averages"], OPTIMIZERS["Adam"], seed=3)
    save(tmp_path, model, Position(rounds_done=1, best_round=1))
    other = compiled(LAYERS["dropout"], OPTIMIZERS["Adam"])
    with pytest.raises(RunError, match=r"holds 17 variables, the model of `build_model` has 10\."):
        restore(tmp_path, 1, other)
