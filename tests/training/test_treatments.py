"""Schedules and averaged weights survive an interruption, and do what they say in a training."""

import csv
import dataclasses
import json
import shutil
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from seqapps.layers.pooling import MaxPooling
from seqapps.metrics.judge import values_of
from seqapps.predict import in_process
from seqapps.progress import Progress
from seqapps.settings import replace
from seqapps.training import checkpoint
from seqapps.training.optimizer import optimizer_of
from seqapps.training.train import train, trained


def bag_of_words(settings, features):
    ids = keras.Input([None], dtype="int64")
    size = features.readers["text"].ids.vocabulary_size()
    vectors = keras.layers.Embedding(size, 5, mask_zero=True, name="vectors")(ids)
    summary = MaxPooling()(keras.layers.Dropout(0.3)(vectors))
    model = keras.Model(ids, keras.layers.Dense(2, activation="softmax", name="out")(summary))
    model.compile(optimizer_of(settings), "sparse_categorical_crossentropy")
    return model


class Copies(Progress):
    """Copies the run as it is after some rounds: what a kill at that moment would leave."""

    def __init__(self, folder, to, *, rounds: int) -> None:
        self._folder, self._to, self._left = folder, to, rounds

    def say(self, line: str) -> None:
        self._left -= 1
        if self._left == 0:
            shutil.copytree(self._folder, self._to)


@pytest.fixture(scope="module")
def task(sentiment):
    return dataclasses.replace(sentiment, build_model=bag_of_words)


@pytest.fixture(scope="module")
def settings(tiny):
    changes = {"wide": False, "epochs": 4, "patience": 4, "batch_tokens": 211}
    return replace(tiny, changes | {"learning_rate": 0.03}, where="test")


@pytest.fixture(scope="module")
def state(task, toy, settings):
    return task.fit(toy.splits["train"], settings)


@pytest.fixture
def fit(task, toy, settings, state):
    def fit(folder, *, progress=None, **changes):
        values = replace(settings, changes, where="test")
        cases, valid = toy.splits["train"][:101], toy.splits["valid"][:53]
        model, features = train(
            task, values, state, cases=cases, valid=valid, seed=0,
            folder=folder / "checkpoints", history=folder / "history.csv",
            progress=progress or Progress(),
        )  # fmt: skip
        return SimpleNamespace(
            model=model, features=features, settings=values, valid=valid, history=history(folder)
        )

    return fit


def history(folder) -> list[dict[str, float]]:
    with (folder / "history.csv").open(newline="") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    for row in rows:
        del row["seconds"], row["cpu_seconds"]
    return rows


def gradients(folder) -> list[dict]:
    return json.loads((folder / "gradients.json").read_text())["rounds"]


STOPPED = [
    {"schedule": "constant", "warm_up": 0.6},
    {"schedule": "linear"},
    {"schedule": "cosine", "warm_up": 0.1, "gradient_batches": 1},
    {"schedule": "inverse_square_root", "warm_up": 0.1},
    {"schedule": "plateau", "learning_rate": 0.9},
    {"weight_averaging": 0.9, "optimizer": "sgd", "weight_decay": 0.01},
]


@pytest.mark.parametrize(
    "changes",
    [
        # A schedule that looks back at scores, and averaged weights; the others in make test-all.
        pytest.param(
            changes,
            id=str(next(iter(changes.values()))),
            marks=() if {"plateau", 0.9} & {*changes.values()} else pytest.mark.long,
        )
        for changes in STOPPED
    ],
)
def test_stopped_after_two_rounds_it_ends_as_if_never_stopped(changes, fit, tmp_path):
    stopped = tmp_path / "stopped"
    copies = Copies(tmp_path / "whole", stopped, rounds=2)
    whole = fit(tmp_path / "whole", progress=copies, **changes)
    assert len(history(stopped)) == 2
    resumed = fit(stopped, **changes)
    assert resumed.history == whole.history
    assert len(whole.history) == 4
    for one, other in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    seen, again = (gradients(run) for run in (tmp_path / "whole", stopped))
    assert seen == again
    assert [found["round"] for found in seen] == [1, 2, 3, 4]
    rates = [row["learning_rate"] for row in whole.history]
    assert len(set(rates)) > 1 or "weight_averaging" in changes, rates
    if changes.get("schedule") == "plateau":
        assert rates[3] < rates[1], "the plateau must go on over the interruption to show it"


def test_the_history_tells_the_rate_of_the_last_step(fit, tmp_path):
    made = fit(tmp_path, schedule="linear", learning_rate=0.08, epochs=2)
    steps = int(made.history[0]["steps"])
    expected = [0.08 * (steps + 1) / (2 * steps), 0.08 / (2 * steps)]
    assert [row["learning_rate"] for row in made.history] == pytest.approx(expected, rel=1e-6)


def test_averaged_weights_are_judged_kept_and_taken_up_by_the_export(fit, task, state, tmp_path):
    """The score of the best round is that of the returned weights, which are its averages."""
    made = fit(tmp_path, weight_averaging=0.97)
    position = checkpoint.newest(tmp_path / "checkpoints")
    predict = in_process(task, made.settings, made.model, made.features)
    score = values_of(task.metrics, made.valid, predict(made.valid))["log_loss"]
    assert score == position.best_value
    averages = made.model.optimizer._model_variables_moving_average
    for variable, average in zip(made.model.trainable_variables, averages, strict=True):
        np.testing.assert_array_equal(variable, average)
    again, _ = trained(task, made.settings, state, seed=0, folder=tmp_path / "checkpoints")
    for one, other in zip(again.get_weights(), made.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_averaging_does_not_change_how_the_raw_weights_go(fit, tmp_path):
    """The loss in training is that of the raw weights, the same with averaging and without."""
    plain, averaged = fit(tmp_path / "plain"), fit(tmp_path / "averaged", weight_averaging=0.97)
    assert [row["loss"] for row in averaged.history] == [row["loss"] for row in plain.history]
    assert averaged.history[0]["valid_log_loss"] != plain.history[0]["valid_log_loss"]


def test_a_training_that_looks_at_its_gradients_ends_as_one_that_does_not(fit, tmp_path):
    looks, does_not = (
        fit(tmp_path / str(batches), gradient_batches=batches, epochs=2) for batches in (1, 0)
    )
    assert looks.history == does_not.history
    for one, other in zip(looks.model.get_weights(), does_not.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    _, found = gradients(tmp_path / "1")
    assert set(found["layers"]) == {"vectors", "out"}
    assert all(norm > 0 for norm in found["layers"].values())


def test_the_share_of_clipped_steps_is_told(fit, tmp_path):
    none, all_ = (
        fit(tmp_path / str(norm), clip_norm=norm, epochs=1).history[0] for norm in (1e3, 1e-3)
    )
    assert (none["clipped"], all_["clipped"]) == (0.0, 1.0)
    assert "clipped" not in fit(tmp_path / "off", clip_norm=0.0, epochs=1).history[0]
