"""How to serve a model and ask it, with a request whose answer is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from seqapps import files
from seqapps.export.manifest import DEFAULT, EXTRA
from seqapps.runs import Run

WIDE = 100  # characters of a line; a longer answer is broken
LONG = 60  # lines of an answer that is shown whole


def serve(run: Run, evaluation: Mapping[str, Any], proof: Mapping[str, Any]) -> dict[str, str]:
    """Commands and code by kind: docker, curl, rest, python; and the `answer` to expect."""
    name, version = evaluation["published_as"], evaluation["version"] or 1
    record = files.read_json(run.model / EXTRA / "golden.json")[0]
    row = {key: values[0] for key, values in record["inputs"].items()}
    answer = {key: values[0] for key, values in record["outputs"].items()}
    body = json.dumps({"instances": [row]}, ensure_ascii=False)
    quoted = body.replace("'", "'\\''")
    return {
        "docker": (
            'docker run --rm -p 8501:8501 -v "$PWD/saved_models:/models" tensorflow/serving \\\n'
            "  --model_config_file=/models/models.config"
        ),
        "curl": f"curl -X POST http://localhost:8501/v1/models/{name}:predict \\\n  -d '{quoted}'",
        "answer": _answer({"predictions": [answer]}),
        "rest": _rest(name, row),
        "python": _python(f"{name}/{version}", row, proof),
    }


def _answer(value: Any) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= WIDE:
        return line
    whole = json.dumps(value, ensure_ascii=False, indent=2)
    if whole.count("\n") <= LONG:
        return whole
    (answer,) = value["predictions"]
    lines = (f"    {json.dumps(key)}: {_cut(part)}" for key, part in answer.items())
    return '{"predictions": [\n  {\n' + ",\n".join(lines) + "\n  }\n]}"


def _cut(value: Any) -> str:
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= WIDE else f"{line[: WIDE - 4]} ..."


def _rest(name: str, row: Mapping[str, Any]) -> str:
    return (
        "import json, urllib.request\n\n"
        f"body = json.dumps({{'instances': [{_literal(row)}]}}).encode()\n"
        f"url = 'http://localhost:8501/v1/models/{name}:predict'\n"
        "with urllib.request.urlopen(url, body) as answer:\n"
        "    print(json.load(answer)['predictions'])"
    )


def _python(place: str, row: Mapping[str, Any], proof: Mapping[str, Any]) -> str:
    libraries = "".join(
        f"import {library.replace('-', '_')}  # registers operations of the model\n"
        for library in proof["libraries"]
    )
    arguments = ", ".join(f"{key}=tf.constant([{_tensor(value)}])" for key, value in row.items())
    return (
        f"import tensorflow as tf\n{libraries}\n"
        f"model = tf.saved_model.load('saved_models/{place}')\n"
        f"answer = model.signatures[{DEFAULT!r}]({arguments})\n"
        "print(answer)"
    )


def _literal(row: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key!r}: {value!r}" for key, value in row.items()) + "}"


def _tensor(value: Any) -> str:
    if isinstance(value, dict):
        return "image_bytes"  # of a file: open(..., 'rb').read()
    return repr(value)
