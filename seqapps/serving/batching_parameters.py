"""TF Serving's `batching_params.pbtxt`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from seqapps.serving.errors import Refused, without_paths

FILE = "batching_params.pbtxt"


@dataclass(frozen=True)
class Parameters:
    """What TF Serving's BatchingParameters hold, with its defaults."""

    max_batch_size: int = 1000
    timeout: float = 0.0  # seconds
    threads: int = 2
    max_batches: int = 10  # that wait or are being filled
    allowed: tuple[int, ...] = ()  # sizes, growing; the last is max_batch_size
    pad_inputs: bool = False  # rows of different length are padded to the longest

    def padded(self, rows: int) -> int:
        """The size that a batch of so many rows is computed with."""
        return next((size for size in self.allowed if size >= rows), rows)


def read(folder: Path) -> Parameters | None:
    """Those of a version folder; None where it has none. Raises Refused where they are wrong."""
    from google.protobuf import text_format

    file = folder / FILE
    if not file.exists():
        return None
    try:
        given = text_format.Parse(file.read_text("utf-8"), _message_class()())
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise _wrong(str(error)) from None
    found = Parameters(
        given.max_batch_size.value or Parameters.max_batch_size,
        given.batch_timeout_micros.value / 1e6,
        given.num_batch_threads.value or Parameters.threads,
        given.max_enqueued_batches.value or Parameters.max_batches,
        tuple(given.allowed_batch_sizes),
        given.pad_variable_length_inputs,
    )
    sizes = found.allowed
    if sizes and (list(sizes) != sorted(set(sizes)) or sizes[-1] != found.max_batch_size):
        raise _wrong(
            f"allowed_batch_sizes are {list(sizes)}; expected growing numbers that end with "
            f"max_batch_size, {found.max_batch_size}."
        )
    return found


def _wrong(reason: str) -> Refused:
    return Refused("FAILED_PRECONDITION", without_paths(f"{FILE}: {reason}"))


@cache
def _message_class() -> Any:
    """tensorflow.serving.BatchingParameters, which no Python package ships.

    Fields as in tensorflow_serving/servables/tensorflow/session_bundle_config.proto.
    """
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

    types = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name="batching_parameters_of_seqapps.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=[wrappers_pb2.DESCRIPTOR.name],
    )
    message = file.message_type.add(name="BatchingParameters")
    wrapped = {
        "max_batch_size": (1, "Int64Value"),
        "batch_timeout_micros": (2, "Int64Value"),
        "max_enqueued_batches": (3, "Int64Value"),
        "num_batch_threads": (4, "Int64Value"),
        "thread_pool_name": (5, "StringValue"),
        "enable_large_batch_splitting": (8, "BoolValue"),
        "max_execution_batch_size": (9, "Int64Value"),
    }
    for name, (number, kind) in wrapped.items():
        message.field.add(
            name=name,
            number=number,
            type=types.TYPE_MESSAGE,
            label=types.LABEL_OPTIONAL,
            type_name=f".google.protobuf.{kind}",
        )
    for name, number, type_, label in (
        ("allowed_batch_sizes", 6, types.TYPE_INT64, types.LABEL_REPEATED),
        ("pad_variable_length_inputs", 7, types.TYPE_BOOL, types.LABEL_OPTIONAL),
    ):
        message.field.add(name=name, number=number, type=type_, label=label)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    descriptor = pool.FindMessageTypeByName("tensorflow.serving.BatchingParameters")
    return message_factory.GetMessageClass(descriptor)
