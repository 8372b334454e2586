"""A language model of subwords writes by TensorFlow's C interface, as TF Serving loads it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_text
from seqapps.tasks.language_model.task import TASK, WRITTEN
from tensorflow.core.protobuf import saved_model_pb2

from seqapps.export.compare import compare
from seqapps.export.golden import rows_of
from seqapps.export.signatures import module_of

DRIVER = Path(__file__).parents[2] / "export" / "c_runtime.py"
RUNTIME = ("libtensorflow_framework.so.2", "libtensorflow_cc.so.2")  # the second needs the first
OPERATIONS = ("_sentencepiece_tokenizer.so",)  # which TF Serving links
TEXTS = ["The cat", "", "고양이가", "zebra 🦓"]


@pytest.mark.long
@pytest.mark.parametrize("encoder", ["lstm", "attention"])
def test_the_bare_c_runtime_writes_what_the_model_does(made, encoder, tmp_path):
    writer = made(tokens="subwords", encoder=encoder)
    module, functions = module_of(TASK, writer.settings, *writer.built)
    folder = tmp_path / "export"
    tf.saved_model.save(module, str(folder), signatures=functions)
    (graph,) = saved_model_pb2.SavedModel.FromString(
        (folder / "saved_model.pb").read_bytes()
    ).meta_graphs
    signature = graph.signature_def["serving_default"]
    tensorflow, text = Path(tf.__file__).parent, Path(tensorflow_text.__file__).parent
    request = {
        "runtime": [str(tensorflow / name) for name in RUNTIME],
        "operations": [str(text / "python" / "ops" / name) for name in OPERATIONS],
        "folder": str(folder),
        "feed": signature.inputs["prompt"].name,
        "texts": TEXTS,
        "fetch": {name: output.name for name, output in signature.outputs.items()},
    }
    file = tmp_path / "request.json"
    file.write_text(json.dumps(request), "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(DRIVER), str(file)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    expected = writer.ask("serving_default", *[{"prompt": text} for text in TEXTS])
    assert all(answer["continuation"] for answer in expected)
    assert compare(rows_of(told["outputs"]), expected, WRITTEN).differences == []
    assert told["modules"] == []
