"""Answer golden requests in a process without seqapps, Keras and JAX that sees no GPU.

Run as a script: `python -I proof_worker.py MODEL_FOLDER ANSWERS_FILE`. Reads
`assets.extra/golden.json`, writes {"answers": [{"batch": outputs, "single": [outputs]}],
"libraries": [...]}. Imports tensorflow without Keras and JAX, which a server lacks and which take
half of the import; of tensorflow-text loads the operations, and only where the model needs them.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class NoneOfOurs:
    """An import finder that refuses what made an export, which must not lean on it.

    Of Keras the package may be looked for, as `import tensorflow` does, but nothing imported.
    """

    def find_spec(self, name: str, *_: object) -> None:
        package, _dot, inside = name.partition(".")
        if package in ("seqapps", "jax") or (package == "keras" and inside):
            raise ImportError(f"the export must load without {package}")


class Served:
    """A SavedModel as TF Serving loads it: a graph, a session, and names of tensors.

    `tf.saved_model.load` would not do: it finds variables through Python objects, and so answers
    even where the graph's own restore operation leaves some of them without a value.
    """

    def __init__(self, folder: str) -> None:
        import tensorflow as tf

        self._session = tf.compat.v1.Session(graph=tf.Graph())
        self._meta = tf.compat.v1.saved_model.load(self._session, ["serve"], folder)

    def answer(self, name: str, columns: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """Outputs by name, as plain values, of one signature to inputs by column."""
        signature = self._meta.signature_def[name]
        feeds = {
            signature.inputs[key].name: [value_of(item) for item in items]
            for key, items in columns.items()
        }
        fetches = {key: output.name for key, output in signature.outputs.items()}
        return {key: plain(value) for key, value in self._session.run(fetches, feeds).items()}


def load(folder: str) -> tuple[Served, list[str]]:
    """(loaded SavedModel, libraries of operations that it needed)."""
    try:
        return Served(folder), []
    except Exception as error:  # TensorFlow raises RuntimeError or its own, by the place
        if "Op type not registered" not in str(error):
            raise
    _link_tensorflow_text()
    return Served(folder), ["tensorflow-text"]


def _link_tensorflow_text() -> None:
    """Its operations alone: its Python needs Keras."""
    import tensorflow as tf

    found = importlib.util.find_spec("tensorflow_text")
    for place in (found and found.submodule_search_locations) or ():
        for library in sorted(Path(place, "python", "ops").glob("*.so")):
            tf.load_op_library(str(library))


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
    sys.meta_path.insert(0, NoneOfOurs())
    records = json.loads((Path(folder) / "assets.extra" / "golden.json").read_text("utf-8"))
    model, libraries = load(folder)
    answers = []
    for record in records:
        name, columns = record["signature"], record["inputs"]
        rows = len(next(iter(columns.values())))
        single = [
            model.answer(name, {key: items[row : row + 1] for key, items in columns.items()})
            for row in range(rows)
        ]
        answers.append({"batch": model.answer(name, columns), "single": single})
    Path(file).write_text(json.dumps({"answers": answers, "libraries": libraries}), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
