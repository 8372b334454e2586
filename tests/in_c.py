"""Ask a SavedModel by TensorFlow's C interface, in a process of its own: `export/c_runtime.py`."""

import base64
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import tensorflow as tf
import tensorflow_text
from tensorflow.core.protobuf import saved_model_pb2

from seqapps.export.compare import compare
from seqapps.export.golden import rows_of
from seqapps.export.signatures import module_of

DRIVER = Path(__file__).parent / "export" / "c_runtime.py"
RUNTIME = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")  # the second needs the first
# Libraries of tensorflow-text, whose operations TF Serving links.
NORMALIZE = "_normalize_ops.so"  # NormalizeUTF8 and CaseFoldUTF8
SENTENCEPIECE = "_sentencepiece_tokenizer.so"


def saved(folder, task, settings, model, features):
    """Write the signatures of a trained model to `folder`, which is returned."""
    module, functions = module_of(task, settings, model, features)
    tf.saved_model.save(module, str(folder), signatures=functions)
    return folder


def told_in_c(folder, feeds, *operations):
    """What `serving_default` answers: {"outputs": {name: nested lists}, "modules": [...]}.

    `feeds` maps an input to texts, bytes (one such input at most) or an array; `operations` are
    libraries of tensorflow-text that the graph needs.
    """
    graph = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    signature = graph.meta_graphs[0].signature_def["serving_default"]
    ops = Path(tensorflow_text.__file__).parent / "python" / "ops"
    request = {
        "runtime": [str(Path(tf.__file__).parent / name) for name in RUNTIME],
        "operations": [str(ops / name) for name in operations],
        "folder": str(folder),
        "numbers": {},
        "fetch": {name: output.name for name, output in signature.outputs.items()},
    }
    for name, given in feeds.items():
        fed = signature.inputs[name].name
        if isinstance(given, list):
            request |= {"feed": fed, "texts": [_text(each) for each in given]}
        else:
            request["numbers"][fed] = {
                "type": str(given.dtype), "shape": given.shape, "values": given.ravel().tolist(),
            }  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(request, file)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-I", str(DRIVER), file.name], capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def assert_alike(told, expected, answer):
    """The C runtime answered as Python did, and without any Python of TensorFlow."""
    assert compare(rows_of(told["outputs"]), expected, answer).differences == []
    assert told["modules"] == []


def _text(given):
    return {"b64": base64.b64encode(given).decode()} if isinstance(given, bytes) else given
