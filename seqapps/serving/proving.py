"""A version before it is served: loaded, proved by its golden requests, warmed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqapps import files
from seqapps.serving.errors import Refused, invalid
from seqapps.serving.loaded import Loaded

EXTRA = "assets.extra"  # TF Serving's name for files that come with a model
WARMUP = "tf_serving_warmup_requests"
MOST_WARMUP = 1000  # records, TF Serving's own limit
SHOWN = 3  # differences in a message


def load_proved(folder: Path) -> Loaded:
    """The model of a version folder. Raises Refused where it answers otherwise than it should."""
    loaded = Loaded(folder)
    try:
        prove(loaded)
        warm(loaded)
    except BaseException:
        loaded.close()
        raise
    return loaded


def prove(loaded: Loaded) -> None:
    """Hold the model to `golden.json`, where the folder has one. Raises Refused."""
    from seqapps.export.compare import Comparison, compare
    from seqapps.export.golden import rows_of
    from seqapps.export.manifest import read, signature_of
    from seqapps.predict import plain
    from seqapps.serving.rest.reading import tensor_of

    file = loaded.folder / EXTRA / "golden.json"
    if not file.exists():
        return
    found = Comparison()
    try:
        manifest = read(loaded.folder)
        for record in files.read_json(file):
            name = record["signature"]
            specs = loaded.signature(name).inputs
            inputs = {key: tensor_of(value, specs[key]) for key, value in record["inputs"].items()}
            answer = {key: plain(value) for key, value in loaded.run(name, inputs).items()}
            declared = signature_of(manifest, name).answer
            expected = rows_of(record["outputs"])
            compare(rows_of(answer), expected, declared, into=found, what=f"{name} row")
    except Refused:
        raise
    except Exception as error:  # a damaged golden.json or bundle.json: whatever its readers raise
        raise Refused(
            "FAILED_PRECONDITION", f"golden.json cannot be answered: {type(error).__name__}."
        ) from error
    if found.differences:
        shown = "; ".join(found.differences[:SHOWN])
        raise Refused(
            "FAILED_PRECONDITION",
            f"Golden answers differ from what was exported ({len(found.differences)}): {shown}",
        )


def warm(loaded: Loaded) -> None:
    """Answer the requests of the warm-up file, so that no client waits for what is done once."""
    file = loaded.folder / EXTRA / WARMUP
    if not file.exists():
        return
    for number, log in enumerate(_logs(file), 1):
        if number > MOST_WARMUP:
            raise Refused(
                "FAILED_PRECONDITION", f"The warm-up file has more than {MOST_WARMUP} records."
            )
        name, inputs = _request(log)
        loaded.run(name, inputs)


def _logs(file: Path) -> Iterator[Any]:
    import tensorflow as tf
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import prediction_log_pb2

    try:
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            yield prediction_log_pb2.PredictionLog.FromString(record)
    except (DecodeError, tf.errors.OpError):
        raise Refused("DATA_LOSS", "The warm-up file is damaged.") from None


def _request(log: Any) -> tuple[str, dict[str, Any]]:
    import tensorflow as tf

    if log.WhichOneof("log_type") != "predict_log":
        raise invalid("A warm-up record that is no predict request.")
    request = log.predict_log.request
    inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
    return request.model_spec.signature_name or "serving_default", inputs
