"""Rounds of streams, and a training on streams that is stopped and gone on with."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from seqapps import registry
from seqapps.data.streams import KEEP, LENGTH, Documents
from seqapps.errors import UserError
from seqapps.progress import Progress
from seqapps.training import checkpoint, rounds
from seqapps.training.feed import feed_of
from seqapps.training.rounds import LONGEST, StreamRounds
from seqapps.training.train import build, train

ROWS, STEPS = 3, 5


def rounds_of(batches, *, epochs=2):
    """Of a single document, of which the last window has two steps."""
    length = (batches * ROWS - 1) * STEPS + 2
    documents = Documents(np.array([length]), np.array([False]), rows=ROWS, steps=STEPS, seed=7)
    settings = SimpleNamespace(batch_size=ROWS, steps=STEPS, epochs=epochs)
    return StreamRounds(documents, settings), documents


@pytest.mark.parametrize(
    ("batches", "parts"), [(1, 1), (499, 1), (500, 1), (501, 2), (1000, 2), (1001, 3)]
)
def test_an_epoch_is_cut_into_as_few_rounds_as_500_steps_allow(batches, parts):
    found, documents = rounds_of(batches)
    assert (found.steps_per_epoch, found.per_epoch, found.total) == (batches, parts, 2 * parts)
    for epoch in (0, 1):
        numbers = range(epoch * parts, (epoch + 1) * parts)
        cut = [found.batches(number) for number in numbers]
        sizes = [len(part) for part in cut]
        assert max(sizes) <= LONGEST == 500
        assert max(sizes) - min(sizes) <= 1
        batch = documents.epoch(epoch)
        np.testing.assert_array_equal(
            np.concatenate(cut), [batch(number) for number in range(batches)]
        )


def test_a_later_round_of_an_epoch_goes_on_with_its_states_and_an_epoch_begins_without():
    found, _ = rounds_of(501)
    keeps = [found.batches(number)[0][:, KEEP].tolist() for number in range(4)]
    assert keeps == [[0] * ROWS, [1] * ROWS] * 2


def test_steps_and_padding_of_batches_are_counted():
    found, _ = rounds_of(2)
    real, whole = found.filled(found.batches(0))
    assert real.tolist() == [ROWS * STEPS, 2 * STEPS + 2]
    assert whole.tolist() == [ROWS * STEPS] * 2
    assert found.whole(found.batches(0)[1]) == (ROWS, STEPS)


def test_long_trainings_compile_and_short_ones_do_not():
    assert not rounds_of(100, epochs=199)[0].pays_to_compile
    assert rounds_of(100, epochs=200)[0].pays_to_compile  # 100,000 steps one after the other


# A training of the language model.

TEXT = "Pat a cake, pat a cake, baker's man; bake me a cake as fast as you can. "
SETTINGS = {
    "embedding": 5, "units": 7, "batch_size": ROWS, "steps": STEPS, "epochs": 2, "patience": 2,
    "dropout": 0.3, "weight_dropout": 0.2,
}  # fmt: skip


@pytest.fixture(scope="module")
def task():
    return registry.load("language_model")


@pytest.fixture(scope="module")
def cases(task):
    """Documents of 31 to 53 characters, of which an epoch has 13 batches."""
    rows = [{"text": TEXT[number : number + size]} for number, size in enumerate((31, 53, 43, 47))]
    return task.list_cases(rows, task.tiny)


@pytest.fixture(params=["lstm", pytest.param("gru", marks=pytest.mark.long)])
def settings(task, request, monkeypatch):
    """With two rounds in an epoch."""
    monkeypatch.setattr(rounds, "LONGEST", 7)
    return replace(task.tiny, **SETTINGS, encoder=request.param)


@pytest.fixture
def state(task, cases, settings):
    return task.fit(cases, settings)


class Stop(Exception):  # noqa: N818
    pass


class StopsAfter(Progress):
    """Raises once this many rounds are finished."""

    def __init__(self, rounds):
        self._left = rounds

    def say(self, line):
        self._left -= line.startswith("round")
        if self._left == 0:
            raise Stop


@pytest.fixture
def fit(task, cases, settings, state):
    def fit(folder, **options):
        return train(
            task, settings, state, cases=cases, valid=cases[:1], seed=3,
            folder=folder / "checkpoints", history=folder / "history.csv", **options,
        )  # fmt: skip

    return fit


def carried(model):
    return [state.numpy() for state in model.get_layer("reader_1").carried]


def told(folder):
    return [
        {name: value for name, value in entry.items() if "seconds" not in name}
        for entry in checkpoint.newest(folder / "checkpoints").history
    ]


def test_a_training_stopped_between_rounds_ends_as_one_never_stopped(
    task, settings, state, fit, tmp_path
):
    whole, _ = fit(tmp_path / "whole")
    assert [entry["steps"] for entry in told(tmp_path / "whole")] == [6, 7] * 2
    every = (1, 2, 3) if settings.encoder == "gru" else (1,)  # 1 and 3 are within an epoch
    for number in every:
        with pytest.raises(Stop):
            fit(tmp_path / "stopped", progress=StopsAfter(1))
        assert checkpoint.newest(tmp_path / "stopped" / "checkpoints").rounds_done == number
    stopped, _ = fit(tmp_path / "stopped")
    assert told(tmp_path / "stopped") == told(tmp_path / "whole")
    for one, other in zip(stopped.variables, whole.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    restored, _ = build(task, settings, state, seed=5)
    checkpoint.restore(tmp_path / "stopped" / "checkpoints", 3, restored)
    assert all(np.any(value) for value in carried(restored))


def test_the_states_of_a_checkpoint_are_those_after_the_last_batch(
    task, cases, settings, state, tmp_path
):
    """Judging and the probes of gradients, which train nothing, leave them as they are.

    The tensors lie on disk, in a folder that training makes.
    """
    still = replace(
        settings, dropout=0.0, weight_dropout=0.0, learning_rate=0.0, epochs=1, gradient_batches=2
    )
    folder = tmp_path / "checkpoints"
    train(
        task, still, state, cases=cases, valid=cases, seed=3,
        folder=folder, history=tmp_path / "history.csv", max_memory=0,
    )  # fmt: skip
    found, _ = build(task, still, state, seed=5)
    checkpoint.restore(folder, 2, found)
    model, features = build(task, still, state, seed=3)
    feed = feed_of(task, still, features, cases, seed=3, folder=tmp_path)
    for number in range(feed.rounds.total):
        for batch in feed.rounds.batches(number):
            assert batch[:, LENGTH].max() <= STEPS
            model(feed.pair(batch)[0], training=True)
    for one, other in zip(carried(found), carried(model), strict=True):
        assert np.any(other)
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_several_devices_are_refused_before_anything_is_made(fit, tmp_path):
    with pytest.raises(UserError, match=r"--devices 2: language_model carries a state .* out\."):
        fit(tmp_path, devices=2)
    assert list(tmp_path.iterdir()) == []
