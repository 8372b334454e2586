"""A monitor answers by TensorFlow's C interface, as TF Serving loads it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from seqapps.export.compare import compare
from seqapps.export.golden import rows_of
from seqapps.export.signatures import module_of

DRIVER = Path(__file__).parents[2] / "export" / "c_runtime.py"
RUNTIME = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")  # the second needs the first
BANDS = {"bands": 3, "frame": 8, "lookback": 32, "stride": 16, "smooth": 16, "duration": 8}


@pytest.mark.long
@pytest.mark.parametrize("options", [{"detector": "both"}, BANDS], ids=["steps", "bands"])
def test_the_bare_c_runtime_watches_as_the_model_does(made, options, tmp_path):
    """Also where values are missing."""
    monitor = made(**options)
    module, functions = module_of(monitor.task, monitor.settings, *monitor.trained[:2])
    folder = tmp_path / "export"
    tf.saved_model.save(module, str(folder), signatures=functions)
    (graph,) = saved_model_pb2.SavedModel.FromString(
        (folder / "saved_model.pb").read_bytes()
    ).meta_graphs
    signature = graph.signature_def["serving_default"]
    windows = [np.array(case["values"]) for case in monitor.cases("test")[-5:]]
    windows[1][3:7, 1] = np.nan
    values = np.array(windows, "float32")
    request = {
        "runtime": [str(Path(tf.__file__).parent / name) for name in RUNTIME],
        "operations": [],
        "folder": str(folder),
        "numbers": {
            signature.inputs["values"].name: {
                "type": "float32", "shape": values.shape, "values": values.ravel().tolist(),
            }
        },
        "fetch": {name: output.name for name, output in signature.outputs.items()},
    }  # fmt: skip
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request), "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(DRIVER), str(file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    expected = monitor.predict([{"values": window} for window in windows])
    assert compare(rows_of(told["outputs"]), expected, monitor.task.answer).differences == []
    assert told["modules"] == []
