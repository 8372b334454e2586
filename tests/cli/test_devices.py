"""--devices: trained on two, exported from one, and told in one message where it cannot be."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

SETTINGS = {
    "vectors": "none", "wide": "false", "units": "7", "embedding": "5", "batch_tokens": "311",
    "epochs": "1", "precision": "mixed_float16",
}  # fmt: skip
TRAIN = [
    "train", "sentiment", "--data", "sample:toy", "--name", "shared",
    *[part for pair in SETTINGS.items() for part in ("--set", "=".join(pair))],
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a training on two devices, in 16 bits, is finished."""
    folder = tmp_path_factory.mktemp("devices")
    program = Path(__file__).with_name("two_devices.py")
    done = subprocess.run(
        [sys.executable, str(program), *TRAIN, "--devices", "all"],
        cwd=folder,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "'mixed_float16' gains nothing without a GPU" in done.stderr
    return folder


@pytest.mark.long
def test_the_number_of_devices_is_part_of_a_run(folder, call, monkeypatch):
    monkeypatch.chdir(folder)
    record = tomllib.loads(Path("runs/sentiment/shared/run.toml").read_text())
    assert record["devices"] == 2
    code, _, said = call(*TRAIN)
    assert code == 2
    assert "devices: 2 there, 1 now" in said


@pytest.mark.long
def test_it_is_exported_in_float32_where_there_is_one_device(folder, call, monkeypatch):
    """And proved: a fresh process gives the answers of the float32 model."""
    import tensorflow as tf

    monkeypatch.chdir(folder)
    code, _, said = call("export", "shared")
    assert code == 0, said
    assert "golden answers" in said
    loaded = tf.saved_model.load("runs/sentiment/shared/model")
    functions = loaded.signatures["serving_default"].graph.as_graph_def()
    kinds = {
        node.attr[name].type
        for part in (functions, *functions.library.function)
        for node in getattr(part, "node", None) or part.node_def
        for name in ("T", "dtype", "DstT")
    }
    assert tf.float32.as_datatype_enum in kinds
    assert not kinds & {tf.float16.as_datatype_enum, tf.bfloat16.as_datatype_enum}


def test_more_than_there_are(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, said = call("train", "sentiment", "--data", "sample:toy", "--devices", "3")
    assert code == 2
    assert "--devices 3: TensorFlow sees no GPU and 1 CPU on this machine" in said
    assert not list(tmp_path.glob("runs/*/*/features"))


@pytest.mark.parametrize("given", ["0", "-2", "two"])
def test_what_is_no_number(given, call):
    code, _, said = call("run", "sentiment", f"--devices={given}")
    assert code == 2
    assert f"'{given}' is neither a number from 1 nor 'all'" in said


def test_jax_trains_on_one(call):
    code, _, said = call("run", "sentiment", "--devices", "2", "--backend", "jax")
    assert code == 2
    assert "--devices 2: several devices are for TensorFlow only, received --backend jax" in said
