"""The objects of a classify or regress request as serialized examples, and the results as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from seqapps.serving.errors import Refused, invalid
from seqapps.serving.examples import Classes
from seqapps.serving.limits import Limits
from seqapps.serving.rest.document import is_base64, kind_of, shown, wrong
from seqapps.serving.rest.reading import UNLIMITED, bytes_of, check_rows
from seqapps.serving.rest.writing import dump
from seqapps.text.tokens import is_unicode

_KINDS = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}
LARGEST_FLOAT = float(np.finfo(np.float32).max)


def serialized(document: Mapping[str, Any], *, limits: Limits = UNLIMITED) -> list[bytes]:
    """Each object of `examples` as a serialized tf.train.Example, with the `context` in each.

    Whole numbers become int64, decimals float, texts bytes. Raises Refused as TF Serving does.
    """
    context = _example(document["context"], limits) if "context" in document else b""
    if "examples" not in document:
        raise wrong(
            document, "When method is classify, key 'examples' is expected and was not found"
        )
    examples = document["examples"]
    if not isinstance(examples, list):
        raise wrong(document, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise wrong(document, "'examples' value is an empty array")
    check_rows(len(examples), limits)
    # Serialized messages one after the other are merged when they are read; the later one wins.
    return [context + _example(example, limits) for example in examples]


def classification(classes: Classes) -> bytes:
    """The body that tells of each example its labels with their scores."""
    plain = classes.scores is None or bool(np.isfinite(classes.scores).all())
    rows = [
        [[label.decode("utf-8", errors="replace"), score] for label, score in row]
        for row in classes.rows()
    ]
    return dump({"results": rows}, plain=plain)


def regression(values: np.ndarray) -> bytes:
    """The body that tells a value for each example."""
    return dump({"results": values}, plain=bool(np.isfinite(values).all()))


def _example(fields: Any, limits: Limits) -> bytes:
    from tensorflow.core.example.example_pb2 import Example

    if not isinstance(fields, dict):
        raise invalid(f"Example must be JSON object but got JSON {kind_of(fields)}")
    example = Example()
    for name, content in fields.items():
        if not is_unicode(name):
            raise invalid(f"Feature: {shown(name)} is not UTF-8 text")
        feature = example.features.feature[name]
        for value in content if isinstance(content, list) else [content]:
            _add(feature, name, value, limits)
    return bytes(example.SerializeToString())


def _add(feature: Any, name: str, value: Any, limits: Limits) -> None:
    kind, item = _kind_and_item(name, value, limits)
    there = feature.WhichOneof("kind")
    if there not in (None, kind):
        raise invalid(f"Unexpected element type in feature: {name} expecting type: {_KINDS[there]}")
    getattr(feature, kind).value.append(item)


def _kind_and_item(name: str, value: Any, limits: Limits) -> tuple[str, Any]:
    if isinstance(value, bool):
        return "int64_list", int(value)
    if isinstance(value, int):
        if value >= 2**63:
            raise invalid(f"Feature: {name} has uint64 element. Only int64 is supported.")
        return "int64_list", value
    if isinstance(value, float):
        if np.isfinite(value) and abs(value) > LARGEST_FLOAT:
            raise _lossy(value)
        return "float_list", value
    if isinstance(value, str) or is_base64(value):
        return "bytes_list", bytes_of(value, limits)
    raise invalid(f"Feature: {name} has element with unexpected JSON type: {kind_of(value)}")


def _lossy(value: float) -> Refused:
    return invalid(f"Cannot convert JSON value: {shown(value)} to float without loss of precision.")
