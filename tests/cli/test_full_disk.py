"""A full disk: one message, what is finished is kept, the same command goes on where it stopped."""

import csv
import errno
import os

import pytest

from seqapps.training import checkpoint

SMALL = [
    "sentiment", "--data", "sample:toy", "--name", "full", "--set", "vectors=none",
    "--set", "wide=false", "--set", "units=3", "--set", "embedding=5", "--set", "batch_tokens=300",
    "--set", "epochs=3", "--set", "patience=3",
]  # fmt: skip


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The working folder; the run `full` in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs" / "sentiment" / "full"


def full_from(name: str, folder):
    """`os.fsync` on a disk that has no room left for the file of this name."""
    real = os.fsync

    def fsync(descriptor):
        if any(folder.rglob(f".{name}*")):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    return fsync


def history(run) -> list[list[str]]:
    with (run / "history.csv").open(newline="") as file:
        return list(csv.reader(file))


def save_on_a_full_disk(module, folder, **named):
    """As TensorFlow tells it, which writes the SavedModel."""
    from tensorflow.python.framework.errors_impl import ResourceExhaustedError

    raise ResourceExhaustedError(None, None, f"{folder}/x.pb; No space left on device")


def test_what_is_finished_is_kept_and_gone_on_from(call, here, monkeypatch):
    """Full in the second round of training, and again in the export."""
    import tensorflow as tf

    what_to_do = "What is finished is kept; make room and give the same command again."
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_from("round-00002", here))
        code, out, err = call("run", *SMALL)
    assert (code, out) == (2, "")
    place = "runs/sentiment/full/checkpoints/round-00002.checkpoint"
    assert err.splitlines()[-1] == f"Error: No space left on device: {place}. {what_to_do}"
    assert [file.name for file in (here / "checkpoints").iterdir()] == ["round-00001.checkpoint"]
    first_round = history(here)

    monkeypatch.setattr(tf.saved_model, "save", save_on_a_full_disk)
    code, out, err = call("run", *SMALL)
    assert (code, out) == (2, "")
    assert "training: going on after round 1\n" in err
    place = "runs/sentiment/full/model"
    assert err.splitlines()[-1] == f"Error: No space left on device: {place}. {what_to_do}"
    assert len(history(here)) == 1 + 3
    assert history(here)[:2] == first_round  # its seconds too: it was not trained again
    assert checkpoint.newest(here / "checkpoints").finished
    assert not (here / "model").exists()
