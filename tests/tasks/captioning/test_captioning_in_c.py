"""A captioner answers by TensorFlow's C interface, as TF Serving loads it."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
from drawn_pictures import drawn
from seqapps.tasks.captioning.task import TASK
from tensorflow.core.protobuf import saved_model_pb2

from seqapps.export.compare import compare
from seqapps.export.golden import rows_of
from seqapps.export.signatures import module_of

DRIVER = Path(__file__).parents[2] / "export" / "c_runtime.py"
RUNTIME = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")  # the second needs the first
PICTURES = [
    drawn("red"), drawn("blue", place=19, kind="JPEG"), drawn("grey", kind="BMP"),
    drawn("white", size=(11, 7), kind="GIF"),
]  # fmt: skip


@pytest.mark.long
def test_the_bare_c_runtime_describes_as_the_model_does(made, encoder, tmp_path):
    """Of files of every kind, with a frozen encoder and beam search in the graph."""
    captioner = made(image_encoder=encoder)
    module, functions = module_of(TASK, captioner.settings, *captioner.built)
    folder = tmp_path / "export"
    tf.saved_model.save(module, str(folder), signatures=functions)
    (graph,) = saved_model_pb2.SavedModel.FromString(
        (folder / "saved_model.pb").read_bytes()
    ).meta_graphs
    signature = graph.signature_def["serving_default"]
    request = {
        "runtime": [str(Path(tf.__file__).parent / name) for name in RUNTIME],
        "operations": [],
        "folder": str(folder),
        "feed": signature.inputs["image_bytes"].name,
        "texts": [{"b64": base64.b64encode(picture).decode()} for picture in PICTURES],
        "fetch": {name: output.name for name, output in signature.outputs.items()},
    }
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request), "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(DRIVER), str(file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    expected = captioner.ask("serving_default", [{"image_bytes": each} for each in PICTURES])
    assert compare(rows_of(told["outputs"]), expected, TASK.answer).differences == []
    assert told["modules"] == []
