"""Training in 16 bits: right within what they tell apart, and never seen outside."""

import csv
import dataclasses

import keras
import numpy as np
import pytest

from seqapps.errors import RunError
from seqapps.layers.recurrent import GRU, LSTM
from seqapps.progress import Progress
from seqapps.settings import replace
from seqapps.training.precision import computing_in
from seqapps.training.train import train, trained

MIXED = {"mixed_float16": 3e-3, "mixed_bfloat16": 3e-2}  # what they may differ by
CHANGES = {"wide": False, "epochs": 2, "batch_tokens": 211, "units": 7, "dropout": 0.0}


@pytest.fixture(scope="module")
def settings(sentiment):
    return replace(sentiment.tiny, CHANGES, where="test")


@pytest.fixture(scope="module")
def state(sentiment, toy, settings):
    return sentiment.fit(toy.splits["train"], settings)


@pytest.fixture(scope="module")
def fit(sentiment, settings, state, toy):
    """Train in a folder; the model that answers."""

    def fit(folder, *, build_model=sentiment.build_model, progress=None, **changes):
        model, _ = train(
            dataclasses.replace(sentiment, build_model=build_model),
            replace(settings, changes, where="test"),
            state,
            cases=toy.splits["train"][:199],
            valid=toy.splits["valid"][:31],
            seed=3,
            folder=folder / "checkpoints",
            history=folder / "history.csv",
            progress=progress or Progress(),
        )
        return model

    return fit


def history_of(folder) -> list[dict[str, float]]:
    with (folder / "history.csv").open(newline="") as file:
        return [{k: float(v) for k, v in line.items()} for line in csv.DictReader(file)]


@pytest.mark.parametrize("precision", MIXED)
@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_recurrent_layers_give_the_numbers_and_gradients_of_float32(kind, precision):
    import tensorflow as tf

    random = np.random.default_rng(1)
    inputs = tf.constant(random.normal(size=[5, 11, 3]), "float32")
    mask = tf.sequence_mask([11, 7, 0, 1, 3], 11)
    exact, mixed = kind(7, return_sequences=True), kind(7, return_sequences=True, dtype=precision)
    exact.build(inputs.shape), mixed.build(inputs.shape)
    mixed.set_weights(exact.get_weights())
    told, slopes = [], []
    for layer in (exact, mixed):
        with tf.GradientTape() as tape:
            output = tf.cast(layer(inputs, mask=mask, training=True), "float32")
            loss = tf.reduce_mean(output**2)
        told.append(output.numpy())
        slopes.append([each.numpy() for each in tape.gradient(loss, layer.trainable_variables)])
    assert np.abs(told[0]).max() > 0.1
    np.testing.assert_allclose(told[1], told[0], atol=MIXED[precision])
    assert not (told[0] == told[1]).all()
    for received, expected in zip(slopes[1], slopes[0], strict=True):
        assert received.dtype == np.float32
        np.testing.assert_allclose(received, expected, atol=MIXED[precision] / 10)


class Listens(Progress):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)


@pytest.mark.parametrize(
    "precision", ["mixed_float16", pytest.param("mixed_bfloat16", marks=pytest.mark.long)]
)
def test_a_training_ends_near_that_in_float32_and_answers_in_float32(
    fit, sentiment, settings, state, tmp_path, precision
):
    exact = fit(tmp_path / "exact")
    listens = Listens()
    seen = []

    def build_model(settings, features):
        seen.append(sentiment.build_model(settings, features))
        return seen[-1]

    changes = {"precision": precision, "weight_averaging": 0.9}
    mixed = fit(tmp_path / "mixed", build_model=build_model, progress=listens, **changes)
    assert seen[0].dtype_policy.name == precision
    assert seen[0].get_layer("text_logits").compute_dtype == precision.removeprefix("mixed_")
    assert mixed is seen[1]
    assert {layer.compute_dtype for layer in mixed.layers} <= {"float32", "int64"}
    assert mixed.output.dtype == exact.output.dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"
    for line, other in zip(history_of(tmp_path / "mixed"), history_of(tmp_path / "exact"),
                           strict=True):  # fmt: skip
        # Of true gradients: the scale of the loss is 32768.
        assert line["gradient_norm"] == pytest.approx(other["gradient_norm"], rel=0.05)
        assert line["loss"] == pytest.approx(other["loss"], rel=0.05)
    assert ("skipped" in line) == (precision == "mixed_float16")
    assert f"training: precision = '{precision}' gains nothing without a GPU" in listens.said[0]
    values = replace(settings, changes, where="test")
    again, _ = trained(sentiment, values, state, seed=3, folder=tmp_path / "mixed" / "checkpoints")
    for received, expected in zip(again.get_weights(), mixed.get_weights(), strict=True):
        np.testing.assert_array_equal(received, expected)


def scaled(build, scale: float):
    """`build_model` with another first scale of the loss."""

    def build_model(settings, features):
        model = build(settings, features)
        inner = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=scale)
        model.compile(optimizer, "sparse_categorical_crossentropy")
        return model

    return build_model


def test_steps_that_overflow_are_skipped_and_the_scale_finds_its_size(fit, sentiment, tmp_path):
    fit(
        tmp_path,
        build_model=scaled(sentiment.build_model, 2.0**24),
        precision="mixed_float16",
        learning_rate=0.05,
    )
    first, second = history_of(tmp_path)
    assert second["skipped"] < first["skipped"] < 1
    assert second["loss"] < first["loss"]
    assert 0 < first["gradient_norm"] < 10


def test_a_gradient_that_breaks_at_any_scale_stops_training(fit, sentiment, tmp_path):
    """Its loss is finite, and Keras would skip every step of the training."""

    def build_model(settings, features):
        model = sentiment.build_model(settings, features)
        nothing = keras.ops.sqrt(0.0 * model.output)  # with an infinite slope
        broken = keras.Model(model.input, model.output + nothing)
        broken.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        return broken

    with pytest.raises(RunError, match=r"The gradient is not finite at batch \d+ of \d+ of round"):
        fit(tmp_path, build_model=scaled(build_model, 4.0), precision="mixed_float16")


def test_the_policy_of_the_process_is_put_back_after_an_error():
    with pytest.raises(ValueError, match="on purpose"), computing_in("mixed_float16"):
        raise ValueError("on purpose")
    assert keras.config.dtype_policy().name == "float32"
