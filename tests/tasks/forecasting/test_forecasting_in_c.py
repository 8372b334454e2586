"""A forecaster answers by TensorFlow's C interface, as TF Serving loads it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hand_made_series import NAMED, everything
from tensorflow.core.protobuf import saved_model_pb2

from seqapps.export.compare import compare
from seqapps.export.golden import rows_of
from seqapps.export.signatures import module_of

DRIVER = Path(__file__).parents[2] / "export" / "c_runtime.py"
RUNTIME = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")  # the second needs the first


def told_in_c(folder, rows, inputs):
    """What the C runtime answers to rows: {"outputs": ..., "modules": ...}."""
    (graph,) = saved_model_pb2.SavedModel.FromString(
        (folder / "saved_model.pb").read_bytes()
    ).meta_graphs
    signature = graph.signature_def["serving_default"]
    numbers = {}
    for name, column in inputs.items():
        if column.dtype != "string":
            values = np.array([row[name] for row in rows], column.dtype)
            numbers[signature.inputs[name].name] = {
                "type": column.dtype, "shape": values.shape, "values": values.ravel().tolist(),
            }  # fmt: skip
    request = {
        "runtime": [str(Path(tf.__file__).parent / name) for name in RUNTIME],
        "operations": [],
        "folder": str(folder),
        "feed": signature.inputs["series"].name,
        "texts": [row["series"] for row in rows],
        "numbers": numbers,
        "fetch": {key: output.name for key, output in signature.outputs.items()},
    }
    file = folder / "request.json"
    file.write_text(json.dumps(request), "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(DRIVER), str(file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.long
@pytest.mark.parametrize("encoder", ["segments", "lstm", "encoder_decoder", "attention"])
def test_the_bare_c_runtime_forecasts_as_the_model_does(made, encoder, tmp_path):
    """Also of gaps, of an unknown series, and of a window that was not observed at all."""
    forecaster = made(
        everything(), **NAMED, calendar=True, embed_series=True, gaps="mask", encoder=encoder
    )
    module, functions = module_of(
        forecaster.task, forecaster.settings, forecaster.model, forecaster.features
    )
    folder = tmp_path / "export"
    tf.saved_model.save(module, str(folder), signatures=functions)
    nothing = np.full([29, 4], np.nan)
    rows = [
        *forecaster.cases[:3],
        {**forecaster.cases[3], "series": "unheard of"},
        {**forecaster.cases[4], "values": nothing, "future": nothing[:5, :1]},
    ]
    told = told_in_c(folder, rows, forecaster.task.inputs)
    expected = forecaster.ask(rows)
    assert compare(rows_of(told["outputs"]), expected, forecaster.task.answer).differences == []
    assert np.isfinite(told["outputs"]["mean"]).all()
    assert told["modules"] == []
