"""Training stops where it should, goes on where it stopped, and ends with its best weights.

The model is a small one with dropout: enough to show a random state that is lost, quick to build.
"""

import csv
import dataclasses
import math
import re
import shutil
from collections.abc import Sequence
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from seqapps.errors import RunError, UserError
from seqapps.interruption import AT_ONCE, Interruption
from seqapps.layers.pooling import MaxPooling
from seqapps.metrics.judge import values_of
from seqapps.predict import in_process
from seqapps.progress import Progress
from seqapps.settings import replace
from seqapps.training import checkpoint, rounds
from seqapps.training.train import train, trained


def bag_of_words(settings, features, *, loss="sparse_categorical_crossentropy"):
    ids = keras.Input([None], dtype="int64")  # [batch, time]
    vectors = keras.layers.Embedding(
        features.readers["text"].ids.vocabulary_size(), 5, mask_zero=True
    )(ids)
    summary = MaxPooling()(keras.layers.Dropout(0.3)(vectors))  # [batch, 5]
    scores = keras.layers.Dense(2, activation="softmax")(summary)
    model = keras.Model(ids, scores)
    model.compile(keras.optimizers.Adam(settings.learning_rate), loss)
    return model


@pytest.fixture(scope="module")
def task(sentiment):
    return dataclasses.replace(sentiment, build_model=bag_of_words)


@pytest.fixture(scope="module")
def settings(tiny):
    changes = {"wide": False, "epochs": 3, "patience": 3, "batch_tokens": 211}
    changes |= {"learning_rate": 0.03}
    return replace(tiny, changes, where="test")


@pytest.fixture(scope="module")
def state(task, toy, settings):
    return task.fit(toy.splits["train"], settings)


@pytest.fixture(scope="module")
def fit(task, toy, settings, state):
    """Train in a folder; (weights, history without seconds, model, features)."""

    def fit(folder, *, task=task, seed=0, progress=None, cases=None, lengths=None,
            interruption=AT_ONCE, max_memory=None, **changes):  # fmt: skip
        values = replace(settings, changes, where="test")
        model, features = train(
            task,
            values,
            state,
            cases=toy.splits["train"][:199] if cases is None else cases,
            valid=toy.splits["valid"][:53],
            seed=seed,
            folder=folder / "checkpoints",
            history=folder / "history.csv",
            lengths=lengths,
            max_memory=max_memory,
            progress=progress or Progress(),
            interruption=interruption,
        )
        weights = [np.array(weight) for weight in model.get_weights()]
        return SimpleNamespace(
            weights=weights, history=history_of(folder), model=model, features=features
        )

    return fit


def history_of(folder) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    for line in lines:
        del line["seconds"], line["cpu_seconds"]
    return lines


MADE = "making tensors of the cases"


class Listens(Progress):
    """Remembers what was said, and of every piece of work its total and the steps told."""

    def __init__(self) -> None:
        self.said, self.tracked = [], {}

    def say(self, line: str) -> None:
        self.said.append(line)

    @contextmanager
    def track(self, title, total=None):
        self.tracked[title] = [total, 0]

        def advance(steps=1, **figures):
            self.tracked[title][1] += steps
            assert title == MADE or math.isfinite(figures["loss"])

        yield advance


@pytest.fixture(scope="module")
def undisturbed(fit, tmp_path_factory):
    folder, progress = tmp_path_factory.mktemp("undisturbed"), Listens()
    return SimpleNamespace(folder=folder, progress=progress, **vars(fit(folder, progress=progress)))


class Stop(Exception):  # noqa: N818
    pass


class StopsAfter(Progress):
    """Raises once this many rounds are finished, or in the middle of the one after them."""

    def __init__(self, rounds: int, *, steps: int | None = None) -> None:
        self._left, self._steps = rounds, steps

    def say(self, line: str) -> None:
        self._left -= 1
        if self._left == 0 and self._steps is None:
            raise Stop

    @contextmanager
    def track(self, title, total=None):
        done = 0

        def advance(steps=1, **figures):
            nonlocal done
            done += steps
            if title.startswith("round") and self._left == 0 and done == self._steps:
                raise Stop

        yield advance


@pytest.fixture(scope="module")
def stopped_once(fit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.raises(Stop):
        fit(folder, progress=StopsAfter(2))
    return folder


@pytest.fixture
def stopped(stopped_once, tmp_path):
    """A folder in which training was stopped when two of three rounds were done."""
    return shutil.copytree(stopped_once, tmp_path / "stopped")


def assert_same(received, expected) -> None:
    assert received.history == expected.history
    for weight, other in zip(received.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(weight, other, strict=True)


def test_an_interrupted_training_ends_as_one_never_interrupted(fit, stopped, undisturbed):
    assert history_of(stopped) == undisturbed.history[:2]
    assert_same(fit(stopped), undisturbed)


def test_a_training_interrupted_within_a_round_ends_as_one_never_interrupted(
    fit, undisturbed, tmp_path
):
    with pytest.raises(Stop):
        fit(tmp_path, progress=StopsAfter(1, steps=3))
    assert history_of(tmp_path) == undisturbed.history[:1]
    assert_same(fit(tmp_path), undisturbed)


class OneWordLeftOut(Sequence):
    """Cases that are made while they are read, by a draw from NumPy's own generator."""

    def __init__(self, cases) -> None:
        self._cases = cases

    def __len__(self) -> int:
        return len(self._cases)

    def __getitem__(self, place):
        case = self._cases[place]
        words = case["text"].split()
        del words[np.random.randint(len(words))]
        return {**case, "text": " ".join(words)}


def test_cases_that_are_drawn_while_they_are_read_are_drawn_alike_after_a_stop(
    fit, toy, tmp_path, undisturbed
):
    cases = OneWordLeftOut(toy.splits["train"][:199])
    lengths = np.full(199, 7)
    whole = fit(tmp_path / "whole", cases=cases, lengths=lengths)
    assert whole.history != undisturbed.history
    with pytest.raises(Stop):
        fit(tmp_path / "stopped", cases=cases, lengths=lengths, progress=StopsAfter(2))
    np.random.seed(3)  # another process is in another state
    assert_same(fit(tmp_path / "stopped", cases=cases, lengths=lengths), whole)


def test_patience_goes_on_counting_after_a_stop(fit, tmp_path):
    """Without a step nothing gets better: the second round is the first of three to be waited."""
    with pytest.raises(Stop):
        fit(tmp_path, learning_rate=0.0, epochs=7, patience=3, progress=StopsAfter(3))
    assert checkpoint.newest(tmp_path / "checkpoints").waited == 2
    assert len(fit(tmp_path, learning_rate=0.0, epochs=7, patience=3).history) == 4


class Asked(Interruption):
    """Ctrl-C that is pressed in this round, counted from 1."""

    def __init__(self, number: int) -> None:
        self._left = number

    def check(self) -> None:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1


def test_an_interruption_is_looked_at_between_the_rounds(fit, tmp_path, undisturbed):
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path, interruption=Asked(2))
    assert history_of(tmp_path) == undisturbed.history[:2]
    assert checkpoint.newest(tmp_path / "checkpoints").rounds_done == 2
    assert_same(fit(tmp_path), undisturbed)


def test_rounds_shorter_than_an_epoch_go_on_just_as_well(fit, tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "LONGEST", 7)
    whole = fit(tmp_path / "whole", epochs=1)
    assert len(whole.history) == 2
    with pytest.raises(Stop):
        fit(tmp_path / "stopped", epochs=1, progress=StopsAfter(1))
    assert_same(fit(tmp_path / "stopped", epochs=1), whole)


def test_a_damaged_newest_checkpoint_costs_one_round_and_no_difference(fit, stopped, undisturbed):
    file = stopped / "checkpoints" / "round-00002.checkpoint"
    file.write_bytes(file.read_bytes()[:-7])
    assert_same(fit(stopped), undisturbed)


def test_a_finished_training_is_not_trained_further(fit, undisturbed):
    class Refuses(Progress):
        def say(self, line):
            raise AssertionError(f"trained: {line}")

    assert_same(fit(undisturbed.folder, progress=Refuses()), undisturbed)


def test_another_seed_gives_another_model(fit, undisturbed, tmp_path):
    other = fit(tmp_path, seed=1, epochs=1)
    assert other.history[0] != undisturbed.history[0]


def test_the_history_has_a_line_per_round_with_every_score(undisturbed, task):
    scores = [f"valid_{name}" for name in task.metrics]
    columns = ["round", "steps", "tokens", "padding", "learning_rate", "loss", *scores]
    columns += ["gradient_norm"]
    assert [list(line) for line in undisturbed.history] == [columns] * 3
    assert [line["round"] for line in undisturbed.history] == ["1", "2", "3"]


def test_the_best_round_is_the_one_that_the_monitor_chooses(undisturbed):
    position = checkpoint.newest(undisturbed.folder / "checkpoints")
    values = [float(line["valid_log_loss"]) for line in undisturbed.history]
    assert position.best_value == min(values)
    assert position.best_round == values.index(min(values)) + 1


def uphill(true, told):
    return -keras.losses.sparse_categorical_crossentropy(true, told)


def test_the_weights_are_those_of_the_best_round(task, settings, toy, fit, tmp_path):
    """Trained uphill, every round is worse than the one before."""
    backwards = dataclasses.replace(task, build_model=partial(bag_of_words, loss=uphill))
    made = fit(tmp_path, task=backwards, epochs=2)
    first, second = (float(line["valid_log_loss"]) for line in made.history)
    assert first < second
    valid = toy.splits["valid"][:53]
    predict = in_process(task, settings, made.model, made.features)
    assert values_of(task.metrics, valid, predict(valid))["log_loss"] == first


def test_training_stops_when_patience_is_over(fit, tmp_path):
    """Without a step nothing gets better; the first round stays the best."""
    made = fit(tmp_path, learning_rate=0.0, epochs=7, patience=2)
    assert len(made.history) == 3
    position = checkpoint.newest(tmp_path / "checkpoints")
    assert (position.best_round, position.waited, position.finished) == (1, 2, True)


def test_a_finished_training_is_taken_up_by_the_export(task, settings, state, undisturbed):
    model, _ = trained(task, settings, state, seed=0, folder=undisturbed.folder / "checkpoints")
    for weight, other in zip(model.get_weights(), undisturbed.weights, strict=True):
        np.testing.assert_array_equal(weight, other)


def test_an_unfinished_training_is_not_exported(task, settings, state, stopped):
    with pytest.raises(RunError, match=re.escape(f"{stopped}/checkpoints: the training is not")):
        trained(task, settings, state, seed=0, folder=stopped / "checkpoints")


def test_a_monitor_that_is_no_metric_names_the_nearest(fit, tmp_path):
    message = r"monitor = 'logloss' is no metric of sentiment\. Did you mean 'log_loss'\?"
    with pytest.raises(UserError, match=message):
        fit(tmp_path, monitor="logloss")
    assert list(tmp_path.iterdir()) == []


def not_a_number(true, told):
    return told[:, 0] * math.nan


def test_a_loss_that_is_not_a_number_ends_training_and_keeps_the_last_checkpoint(
    task, fit, stopped
):
    broken = dataclasses.replace(task, build_model=partial(bag_of_words, loss=not_a_number))
    message = (
        r"The loss became nan at batch 1 of \d+ of round 3\. All layers give finite numbers, the "
        r"loss does not\. .* The last good checkpoint is \S*round-00002\.checkpoint\."
    )
    with pytest.raises(RunError, match=message):
        fit(stopped, task=broken)
    assert checkpoint.newest(stopped / "checkpoints").rounds_done == 2


def test_tensors_on_disk_train_the_same(fit, tmp_path, undisturbed):
    """They lie in the folder of the checkpoints, which is not there yet."""
    found = fit(tmp_path, max_memory=0)
    for one, other in zip(found.weights, undisturbed.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_progress_is_told_of_every_step(undisturbed):
    steps = int(undisturbed.history[0]["steps"])
    tracked = dict(undisturbed.progress.tracked)
    total, made = tracked.pop(MADE)
    assert total == made > 0
    assert tracked == {f"round {number} of at most 3": [steps, steps] for number in (1, 2, 3)}


def test_progress_is_told_of_every_round(undisturbed):
    first, *others = undisturbed.progress.said
    assert re.match(r"round 1 of at most 3: loss \d\.\d{4}, valid accuracy .*, best so far", first)
    assert [line.partition(":")[0] for line in others] == [
        f"round {n} of at most 3" for n in (2, 3)
    ]
