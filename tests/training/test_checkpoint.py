"""A checkpoint holds everything that decides how training goes on."""

import dataclasses
import errno
from itertools import pairwise

import keras
import numpy as np
import pytest

from seqapps import files
from seqapps.training import checkpoint
from seqapps.training.checkpoint import Position, newest, restore, save

INPUTS = np.random.default_rng(0).normal(size=[7, 3])
TARGETS = np.random.default_rng(1).normal(size=[7, 1])


def fresh_model(seed: int):
    """Two layers with dropout between them, so that a seed generator has a state."""
    keras.utils.set_random_seed(seed)
    layers = [keras.Input([3]), keras.layers.Dense(5), keras.layers.Dropout(0.5)]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.1), "mse", run_eagerly=True)
    return model


def step(model) -> float:
    return model.fit(INPUTS, TARGETS, epochs=1, shuffle=False, verbose=0).history["loss"][0]


def variables_of(model) -> dict[str, np.ndarray]:
    """Copies: a variable's own array changes in training."""
    variables = checkpoint.variables_of(model)
    return {variable.path: np.asarray(variable.value).copy() for variable in variables}


def assert_same(received: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert len(received) == len(expected)
    for (path, value), other in zip(received.items(), expected.values(), strict=True):
        np.testing.assert_array_equal(value, other, strict=True, err_msg=path)


@pytest.fixture
def model():
    model = fresh_model(seed=3)
    step(model)
    return model


def test_a_checkpoint_covers_weights_optimizer_and_the_state_of_dropout(model):
    """What the next test compares: moments, the step counter and the seed generator among it."""
    names = " ".join(variables_of(model))
    for part in ("kernel", "momentum", "velocity", "iteration", "seed_generator_state"):
        assert part in names


def test_everything_is_restored_bit_for_bit(model, tmp_path):
    save(tmp_path, model, Position(rounds_done=1, best_round=1))
    saved = variables_of(model)
    step(model)
    restore(tmp_path, 1, model)
    assert_same(variables_of(model), saved)


def test_another_process_would_go_on_as_this_one(model, tmp_path):
    """A model of another seed, restored, takes the same next steps."""
    save(tmp_path, model, Position(rounds_done=1, best_round=1))
    other = fresh_model(seed=5)
    restore(tmp_path, 1, other)
    assert [step(other), step(other)] == [step(model), step(model)]
    assert_same(variables_of(other), variables_of(model))


def test_the_position_reads_back_equal(model, tmp_path):
    position = Position(
        rounds_done=7,
        best_round=7,
        best_value=0.1 + 0.2,
        waited=2,
        finished=True,
        history=[{"round": 1, "loss": 1 / 3}, {"round": 2, "loss": 2e-17}],
    )
    save(tmp_path, model, position)
    assert newest(tmp_path) == position


def test_without_checkpoints_there_is_no_position(tmp_path):
    assert newest(tmp_path) is None
    assert newest(tmp_path / "none") is None


def save_rounds(folder, model, *bests: int) -> None:
    """One checkpoint a round, of which `bests` tells the best round so far."""
    for number, (before, best) in enumerate(pairwise([0, *bests]), 1):
        save(folder, model, Position(rounds_done=number, best_round=best, best_before=before))


def rounds_in(folder) -> set[int]:
    return {int(path.stem.removeprefix("round-")) for path in folder.iterdir()}


def test_the_newest_two_and_the_best_are_kept(model, tmp_path):
    save_rounds(tmp_path, model, 1, 2, 2, 2, 2)
    assert rounds_in(tmp_path) == {2, 4, 5}


BITS = {"a flipped bit": 0.5, "its first bit flipped": 0.0, "a bit of the digest flipped": 1.0}
CUT = {"cut short": -7, "cut at the half": 0.5, "shorter than a digest": 0.002, "empty": 0.0}


def damage(folder, number: int, how: str) -> None:
    file = folder / f"round-{number:05d}.checkpoint"
    content = bytearray(file.read_bytes())
    if how in BITS:
        content[min(int(BITS[how] * len(content)), len(content) - 1)] ^= 1
    else:
        end = CUT[how]
        content = content[: end if end < 0 else int(end * len(content))]
    file.write_bytes(content)


@pytest.mark.parametrize("how", [*BITS, *CUT])
def test_a_damaged_newest_falls_back_to_the_one_before(how, model, tmp_path):
    save_rounds(tmp_path, model, 1, 1, 1)
    damage(tmp_path, 3, how)
    said = []
    assert newest(tmp_path, say=said.append).rounds_done == 2
    assert said == [
        f"{tmp_path}/round-00003.checkpoint is missing or damaged; going back to the checkpoint "
        "before"
    ]


def test_a_newest_that_the_disk_cannot_read_falls_back_to_the_one_before(
    model, tmp_path, monkeypatch
):
    save_rounds(tmp_path, model, 1, 1, 1)
    real = files.Path.read_bytes

    def bad_sector(path):
        if path.name == "round-00003.checkpoint":
            raise OSError(errno.EIO, "Input/output error")
        return real(path)

    monkeypatch.setattr(files.Path, "read_bytes", bad_sector)
    assert newest(tmp_path).rounds_done == 2


def test_checkpoints_that_may_not_be_read_are_not_taken_for_damaged_ones(
    model, tmp_path, monkeypatch
):
    """Training anew would overwrite what another user's process has made."""
    save_rounds(tmp_path, model, 1)

    def refused(path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files.Path, "read_bytes", refused)
    with pytest.raises(PermissionError):
        newest(tmp_path)


def test_a_damaged_newest_that_was_the_first_better_one_for_long_falls_back_too(model, tmp_path):
    """The best of the round before must still be there, or all training is lost."""
    save_rounds(tmp_path, model, 1, 1, 1, 4)
    damage(tmp_path, 4, "a flipped bit")
    position = newest(tmp_path)
    assert position is not None
    assert (position.rounds_done, position.best_round) == (3, 1)


def test_damaged_later_rounds_do_not_outlive_the_whole_ones_that_replace_them(model, tmp_path):
    """Rounds 4 and 5 are damaged, so training goes on with 2 and writes round 3."""
    save_rounds(tmp_path, model, 1, 2, 2, 2, 2)
    for number in (4, 5):
        damage(tmp_path, number, "a flipped bit")
    assert newest(tmp_path).rounds_done == 2
    save(tmp_path, model, Position(rounds_done=3, best_round=2, best_before=2))
    position = newest(tmp_path)
    assert position is not None
    assert (position.rounds_done, position.best_round) == (3, 2)


def test_a_position_without_its_best_is_not_gone_on_with(model, tmp_path):
    save_rounds(tmp_path, model, 1, 2, 2, 2)
    damage(tmp_path, 2, "a flipped bit")
    assert newest(tmp_path) is None


@pytest.mark.parametrize("how", ["damaged", "missing"])
def test_a_checkpoint_that_cannot_be_read_is_not_restored(how, model, tmp_path):
    save_rounds(tmp_path, model, 1)
    if how == "damaged":
        damage(tmp_path, 1, "a flipped bit")
    with pytest.raises(FileNotFoundError, match=r"round-0000\d\.checkpoint is missing or damaged"):
        restore(tmp_path, 1 if how == "damaged" else 2, model)


def test_a_write_that_fails_leaves_the_checkpoint_before(model, tmp_path, monkeypatch):
    save_rounds(tmp_path, model, 1)

    def fails(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.files.os, "fsync", fails)
    with pytest.raises(OSError, match="No space left"):
        save(tmp_path, model, Position(rounds_done=2, best_round=1))
    assert rounds_in(tmp_path) == {1}
    assert newest(tmp_path).rounds_done == 1


def test_a_position_starts_before_the_first_round():
    assert dataclasses.asdict(Position()) == {
        "rounds_done": 0,
        "best_round": 0,
        "best_value": None,
        "best_before": 0,
        "waited": 0,
        "finished": False,
        "history": [],
    }
