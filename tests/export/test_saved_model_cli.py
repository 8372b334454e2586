"""TensorFlow's own command line tool agrees: `saved_model_cli show` and `saved_model_cli run`."""

import re
import subprocess
import sys

import numpy as np
import pytest

from seqapps.export.compare import compare
from seqapps.export.golden import rows_of
from seqapps.export.signatures import declared
from seqapps.predict import plain

# The tool as it is cannot run an export whose operations come from another library: `run` ends
# with "Op type not registered 'NormalizeUTF8'", and `show` leaves the functions out. Importing
# tensorflow_text first registers them, as TF Serving's build does.
TOOL = (
    "import tensorflow_text; from tensorflow.python.tools import saved_model_cli; "
    "saved_model_cli.main()"
)


def saved_model_cli(*arguments):
    done = subprocess.run(
        [sys.executable, "-I", "-c", TOOL, *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def shown(bundle):
    """{signature: (input names, output names)} as `show --all` prints them."""
    text = saved_model_cli("show", "--all", "--dir", bundle)
    _, *parts = re.split(r"^signature_def\['(\w+)'\]:$", text, flags=re.MULTILINE)
    return {
        name: (
            set(re.findall(r"^\s+inputs\['(\w+)'\]", part, flags=re.MULTILINE)),
            set(re.findall(r"^\s+outputs\['(\w+)'\]", part, flags=re.MULTILINE)),
        )
        for name, part in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.mark.parametrize(
    ("signature", "inputs", "outputs"),
    [
        ("serving_default", {"text"}, {"label", "labels", "scores"}),
        ("explain", {"text"}, {"tokens", "ids", "weights"}),
        ("classify", {"inputs"}, {"classes", "scores"}),
    ],
)
def test_show_names_inputs_and_outputs_of(shown, signature, inputs, outputs):
    assert shown[signature] == (inputs, outputs)


def test_show_names_no_further_signature(shown):
    assert shown.keys() - {"__saved_model_init_op"} == {"serving_default", "explain", "classify"}


def test_run_answers_as_the_trained_model_did(bundle, golden, sentiment, tiny, tmp_path):
    record = golden["serving_default"]
    # The tool splits expressions at ";", which no golden text holds.
    expression = f"text={record['inputs']['text']!r}"
    saved_model_cli(
        "run", "--dir", bundle, "--tag_set", "serve", "--signature_def", "serving_default",
        "--input_exprs", expression, "--outdir", tmp_path,
    )  # fmt: skip
    # Texts are written as Python objects, and this test wrote the file itself.
    outputs = {
        name: plain(np.load(tmp_path / f"{name}.npy", allow_pickle=True))
        for name in record["outputs"]
    }
    answer = declared(sentiment, tiny)["serving_default"].answer
    assert compare(rows_of(outputs), rows_of(record["outputs"]), answer).differences == []
