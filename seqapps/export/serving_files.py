"""The files around a SavedModel that TF Serving reads: warm-up, batching, models.config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seqapps import files
from seqapps.task import Signature

MODELS_CONFIG = "models.config"
BATCH_SIZES = (1, 8, 32, 128)


def write_warmup(
    file: Path, records: Sequence[dict[str, Any]], signatures: Mapping[str, Signature]
) -> None:
    """Requests that a server runs before it takes the first of a client.

    Each signature once with a single row and once with all golden rows, so that no shape is new.
    """
    import tensorflow as tf
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    from seqapps.export.golden import tensors_of

    with tf.io.TFRecordWriter(str(file)) as writer:
        for record in records:
            tensors = tensors_of(record["inputs"], signatures[record["signature"]])
            for rows in (1, None):
                request = predict_pb2.PredictRequest()
                request.model_spec.signature_name = record["signature"]
                for name, tensor in tensors.items():
                    request.inputs[name].CopyFrom(tf.make_tensor_proto(tensor[:rows]))
                log = prediction_log_pb2.PredictionLog(
                    predict_log=prediction_log_pb2.PredictLog(request=request)
                )
                writer.write(log.SerializeToString())


def batching_parameters() -> str:
    """`batching_params.pbtxt`, read with --enable_per_model_batching_parameters."""
    sizes = "".join(f"allowed_batch_sizes: {size}\n" for size in BATCH_SIZES)
    return (
        f"max_batch_size {{ value: {BATCH_SIZES[-1]} }}\n"
        "batch_timeout_micros { value: 1000 }\n"
        "num_batch_threads { value: 2 }\n"
        "max_enqueued_batches { value: 100 }\n"
        f"{sizes}"
        "pad_variable_length_inputs: true\n"
    )


def write_models_config(output: Path) -> None:
    """`models.config` at the top: every published model, as Docker mounts it under /models."""
    configs = "".join(_config(name) for name in published_names(output))
    files.write_text(output / MODELS_CONFIG, f"model_config_list {{\n{configs}}}\n")


def published_names(output: Path) -> Iterable[str]:
    """Folders of `output` that hold at least one version."""
    return sorted(
        {
            folder.parent.name
            for folder in output.glob("*/*")
            if folder.name.isdecimal() and folder.is_dir()
        }
    )


def _config(name: str) -> str:
    return (
        f'  config {{\n    name: "{name}"\n    base_path: "/models/{name}"\n'
        '    model_platform: "tensorflow"\n'
        "    model_version_policy { latest { num_versions: 1 } }\n  }\n"
    )
