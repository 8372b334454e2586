"""The loader of TF Serving answers as the trained model did: C interface, no Python objects."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_text

from seqapps.export.compare import compare
from seqapps.export.golden import rows_of
from seqapps.export.signatures import declared

DRIVER = Path(__file__).with_name("c_runtime.py")
RUNTIME = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")  # the second needs the first
OPERATIONS = ("_normalize_ops.so",)  # NormalizeUTF8 and CaseFoldUTF8, which TF Serving links


@pytest.fixture(scope="module")
def told(bundle, golden, meta_graph, tmp_path_factory):
    """What the C runtime answers to the golden texts of `serving_default`."""
    signature = meta_graph.signature_def["serving_default"]
    tensorflow, text = Path(tf.__file__).parent, Path(tensorflow_text.__file__).parent
    request = {
        "runtime": [str(tensorflow / name) for name in RUNTIME],
        "operations": [str(text / "python" / "ops" / name) for name in OPERATIONS],
        "folder": str(bundle),
        "feed": signature.inputs["text"].name,
        "texts": golden["serving_default"]["inputs"]["text"],
        "fetch": {name: output.name for name, output in signature.outputs.items()},
    }
    file = tmp_path_factory.mktemp("c_runtime") / "request.json"
    file.write_text(json.dumps(request), "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(DRIVER), str(file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_the_bare_c_runtime_answers_as_the_trained_model_did(told, golden, sentiment, tiny):
    answer = declared(sentiment, tiny)["serving_default"].answer
    expected = rows_of(golden["serving_default"]["outputs"])
    assert compare(rows_of(told["outputs"]), expected, answer).differences == []


def test_the_bare_c_runtime_has_no_python_of_tensorflow(told):
    assert told["modules"] == []


def test_every_variable_that_a_signature_reads_is_restored_from_the_checkpoint(meta_graph):
    """Python's loader finds a variable by its object, TF Serving only by this restore operation.

    Keras variables are saved as copies (keras-team/keras issue 20095); a signature that reads
    the original then answers in Python, and fails in TF Serving with "Could not find variable".
    """
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    restored = set(nodes[meta_graph.saver_def.restore_op_name].input)
    calls = {
        output.name.partition(":")[0]
        for name, signature in meta_graph.signature_def.items()
        if name != "__saved_model_init_op"
        for output in signature.outputs.values()
    }
    read = {
        source
        for call in calls
        for source in nodes[call].input
        if nodes[source].op == "VarHandleOp"
    }
    assert read
    assert read <= restored
