"""Tests that need Keras on JAX: `test_backend.py` runs this file in a process of its own."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.data.batching import pipeline
from seqapps.errors import RunError
from seqapps.layers import recurrent
from seqapps.training import backend
from seqapps.training.losses import token_cross_entropy
from seqapps.training.replicas import row_weights
from seqapps.training.rounds import Rounds
from seqapps.training.schedule import SetsRate
from seqapps.training.train import build, train

SETTINGS = {
    "dropout": 0.0,
    "wide": False,
    "calibrate": False,
    "learning_rate": 0.05,
    "batch_tokens": 37,
}


@pytest.fixture(scope="module")
def settings(sentiment):
    from seqapps.settings import replace

    return replace(sentiment.tiny, SETTINGS, where="test")


@pytest.fixture(scope="module")
def state(sentiment, toy, settings):
    return sentiment.fit(toy.splits["train"], settings)


@pytest.fixture
def built(sentiment, settings, state):
    return build(sentiment, settings, state, seed=3)


@pytest.fixture(scope="module")
def cases(toy):
    return list(toy.splits["train"])[:113]


def test_keras_is_on_jax():
    assert backend.on_jax()


def read_by_fit(sentiment, settings, cases, built):
    """(batches as they are, the same as JAX gets them, Rounds)."""
    model, features = built
    rounds = Rounds(sentiment, cases, settings, seed=5)
    batches = rounds.batches(0)
    plain = pipeline(cases, lambda: batches, sentiment.columns, features.pair)
    filled = backend.batches_of(
        lambda wanted: pipeline(cases, wanted, sentiment.columns, features.pair),
        lambda: batches,
        model=model,
        rounds=rounds,
    )
    return list(plain), list(filled), rounds


def test_filled_batches_have_the_loss_and_the_gradients_of_the_batches(
    sentiment, settings, cases, built
):
    """By the optimizer that moves weights by the gradient itself."""
    model, _ = built
    plain, filled, _ = read_by_fit(sentiment, settings, cases, built)
    assert any(len(one[1]) < len(other[1]) for one, other in zip(plain, filled, strict=True))
    model.compile(keras.optimizers.SGD(1.0), "sparse_categorical_crossentropy")
    start = model.get_weights()
    for (inputs, targets), given in zip(plain, filled, strict=True):
        results = []
        for batch in ((inputs.numpy(), targets.numpy()), tuple(each.numpy() for each in given)):
            model.set_weights(start)
            loss = float(model.train_on_batch(*batch))
            moved = [new - old for new, old in zip(model.get_weights(), start, strict=True)]
            results.append((loss, np.concatenate([each.ravel() for each in moved])))
        (loss, moved), (filled_loss, filled_moved) = results
        assert np.abs(moved).max() > 1e-3
        assert filled_loss == pytest.approx(loss, rel=1e-5)
        np.testing.assert_allclose(filled_moved, moved, atol=1e-6)


@pytest.mark.parametrize("several", [[], [2]])
def test_rows_that_were_added_count_nothing_in_the_loss_of_tokens(several):
    """Losses are [batch, time] there, of several captions [batch, time, 2]. The cases have as many
    tokens each, so it is the same."""
    taken = keras.Input([None, *several, 3])
    model = keras.Model(taken, keras.layers.Dense(5)(taken))
    model.compile(keras.optimizers.SGD(0.0), token_cross_entropy)
    random = np.random.default_rng(0)
    values = random.normal(size=(4, 11, *several, 3)).astype("float32")
    targets = random.integers(1, 5, size=(4, 11, *several))
    targets[:, 7:] = 0
    loss = float(model.train_on_batch(values, targets))
    filled = (
        np.resize(values, (7, 11, *several, 3)),
        np.resize(targets, (7, 11, *several)),
        row_weights(4, 7),
    )
    assert float(model.train_on_batch(*filled)) == pytest.approx(loss, rel=1e-5)


def test_filled_batches_have_few_shapes_and_every_case(sentiment, settings, cases, built):
    plain, filled, rounds = read_by_fit(sentiment, settings, cases, built)
    for (_, targets), (ids, _, weights) in zip(plain, filled, strict=True):
        assert ids.shape[1] % 8 == 0
        assert int(tf.reduce_sum(tf.cast(weights > 0, "int32"))) == len(targets)
        assert float(tf.reduce_sum(weights)) == pytest.approx(len(weights))
    assert sum(len(targets) for _, targets in plain) == len(cases)
    whole = {rounds.whole(batch)[0] for batch in rounds.batches(0)}
    assert {len(weights) for *_, weights in filled} == whole


def test_the_predictor_answers_what_the_model_says(sentiment, settings, cases, built):
    """To a batch that is filled up and to the same as it is."""
    model, features = built
    found = backend.predictor(sentiment, settings, model, features)(cases[:3])
    ids = features.encode(tf.constant([case["text"] for case in cases[:3]])).numpy()
    assert ids.shape[1] % 8
    for response, told in zip(found, np.asarray(model(ids)), strict=True):
        np.testing.assert_allclose(response["scores"], told, atol=1e-5)
        assert response["label"] == response["labels"][int(told.argmax())]


def test_an_output_with_steps_has_those_of_its_input():
    taken = keras.Input([None, 3])
    model = keras.Model(taken, [keras.layers.Dense(5)(taken), keras.ops.sum(taken, axis=1)])
    values = np.random.default_rng(0).normal(size=(7, 11, 3)).astype("float32")
    steps, sums = backend.InTensors(model)(tf.constant(values))
    assert steps.shape == (7, 11, 5)
    np.testing.assert_allclose(sums, values.sum(axis=1), atol=1e-5)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("options", [{}, {"return_sequences": True, "go_backwards": True}])
def test_our_recurrent_layers_give_the_numbers_of_keras(kind, options):
    ours = getattr(recurrent, kind)(7, **options)
    theirs = getattr(keras.layers, kind)(7, **options)
    random = np.random.default_rng(1)
    values = random.normal(size=(5, 11, 3)).astype("float32")
    mask = np.arange(11)[None, :] < np.array([11, 7, 0, 1, 3])[:, None]
    ours.build(values.shape), theirs.build(values.shape)
    theirs.set_weights(ours.get_weights())
    told, wanted = (np.asarray(layer(values, mask=mask)) for layer in (ours, theirs))
    assert np.abs(wanted).max() > 0.05
    np.testing.assert_allclose(told, wanted, atol=1e-6)


def test_a_rate_that_is_set_in_a_round_is_the_one_that_a_step_takes():
    """Keras on JAX keeps the optimizer's variables out of the model while it fits."""
    model = keras.Sequential([keras.Input([1]), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(123.0), "mse")
    model.set_weights([np.zeros([1, 1])])
    rates = [0.0, 0.25, 0.0, 0.125]
    seen = []

    class Notes(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(float(backend.optimizer_now(self.model).learning_rate))

    ones = np.ones([4, 1], "float32")
    callbacks = [SetsRate(lambda batch: rates[batch]), Notes()]
    model.fit(ones, ones, batch_size=1, shuffle=False, verbose=0, callbacks=callbacks)
    assert seen == rates
    # d/dw (w - 1)^2 = 2 (w - 1): 0 -> 0 -> 0.5 -> 0.5 -> 0.625
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(0.625)


def broken_by(change, sentiment, settings, state, splits, folder):
    """Train the task's model with weights that are changed before."""

    def build_model(settings, features):
        model = sentiment.build_model(settings, features)
        change(model)
        return model

    return train(
        dataclasses.replace(sentiment, build_model=build_model),
        settings,
        state,
        cases=list(splits["train"]),
        valid=list(splits["valid"]),
        seed=0,
        folder=folder / "checkpoints",
        history=folder / "history.csv",
    )


def test_a_loss_that_is_not_finite_stops_training(sentiment, settings, state, toy, tmp_path):
    def change(model):
        model.set_weights([weights * np.nan for weights in model.get_weights()])

    says = r"The loss became nan at batch 1 of \d+ of round 1. Which layer broke is looked for on"
    with pytest.raises(RunError, match=says):
        broken_by(change, sentiment, settings, state, toy.splits, tmp_path)
    assert not (tmp_path / "checkpoints").exists()


def test_weights_that_broke_in_the_last_step_are_never_saved(
    sentiment, settings, state, toy, tmp_path
):
    """One batch: its loss is finite, and the step breaks what no further loss can tell."""
    settings = dataclasses.replace(settings, learning_rate=float("inf"), batch_tokens=10**6)

    few = {split: rows[:1] for split, rows in toy.splits.items()}
    with pytest.raises(RunError, match="Weights are not finite after round 1"):
        broken_by(lambda model: None, sentiment, settings, state, few, tmp_path)
    assert not (tmp_path / "checkpoints").exists()
