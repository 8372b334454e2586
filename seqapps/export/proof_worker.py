"""Answer golden requests in a process that knows nothing of seqapps and sees no GPU.

Run as a script: `python -I proof_worker.py MODEL_FOLDER ANSWERS_FILE`. Reads
`assets.extra/golden.json`, writes {"answers": [{"batch": outputs, "single": [outputs]}],
"libraries": [...]}. Imports tensorflow, and tensorflow-text only where the model needs its
operations.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class NoProjectCode:
    """An import finder that refuses seqapps: an export must not lean on the code that made it."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "seqapps":
            raise ImportError("the export must load without seqapps")


def load(folder: str) -> tuple[Any, list[str]]:
    """(loaded SavedModel, libraries of operations that it needed)."""
    import tensorflow as tf

    try:
        return tf.saved_model.load(folder), []
    except Exception as error:  # TensorFlow raises RuntimeError or its own, by the place
        if "Op type not registered" not in str(error):
            raise
    import tensorflow_text  # noqa: F401  # registers its operations

    return tf.saved_model.load(folder), ["tensorflow-text"]


def answer(function: Any, columns: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Outputs by name, as plain values, of one signature to inputs by column."""
    import tensorflow as tf

    _, specs = function.structured_input_signature
    tensors = {
        name: tf.constant([value_of(item) for item in items], specs[name].dtype)
        for name, items in columns.items()
    }
    return {name: plain(tensor.numpy()) for name, tensor in function(**tensors).items()}


def value_of(item: Any) -> Any:
    if isinstance(item, dict):
        return base64.b64decode(item["b64"])
    return item


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if hasattr(value, "shape") and value.shape:
        return [plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value


def main(folder: str, file: str) -> None:
    """Answer every record, in one batch and row by row."""
    sys.meta_path.insert(0, NoProjectCode())
    records = json.loads((Path(folder) / "assets.extra" / "golden.json").read_text("utf-8"))
    model, libraries = load(folder)
    answers = []
    for record in records:
        function, columns = model.signatures[record["signature"]], record["inputs"]
        rows = len(next(iter(columns.values())))
        single = [
            answer(function, {name: items[row : row + 1] for name, items in columns.items()})
            for row in range(rows)
        ]
        answers.append({"batch": answer(function, columns), "single": single})
    Path(file).write_text(json.dumps({"answers": answers, "libraries": libraries}), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
