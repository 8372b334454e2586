"""Answers of REST as arrays of the types that the signature has."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from seqapps.serving.client.failed import SignatureError
from seqapps.serving.client.transport import Types
from seqapps.serving.client.values import BYTES, NUMPY, TEXT

_KINDS = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}  # kinds of JSON's values that become such


def arrays_of(told: Any, types: Types) -> dict[str, np.ndarray]:
    """The `outputs` of an answer by name; the name of an only output is left out there.

    Raises SignatureError where they are not the signature's.

    >>> arrays_of([1.0, 2.0], Types({"x": "DT_FLOAT"}, {"y": "DT_FLOAT"}))["y"].shape
    (2,)
    """
    return {
        name: _array(name, value, types.outputs[name])
        for name, value in sorted(_by_name(told, types.outputs).items())
    }


def _by_name(told: Any, outputs: Mapping[str, str]) -> Mapping[str, Any]:
    if isinstance(told, dict) and told.keys() == outputs.keys():
        return told
    if len(outputs) == 1 and (not isinstance(told, dict) or told.keys() == {"b64"}):
        return {next(iter(outputs)): told}
    received = f"the outputs {', '.join(sorted(told))}" if isinstance(told, dict) else "one output"
    raise SignatureError(f"The answer has {received}; the signature has {', '.join(outputs)}.")


def _array(name: str, value: Any, type_: str) -> np.ndarray:
    try:
        array = _text(name, value) if type_ == TEXT else _numbers(value, NUMPY.get(type_))
    except (TypeError, ValueError, OverflowError):  # also lists of different lengths
        array = None
    if array is None:
        raise SignatureError(f"Output {name!r} of the answer is no array of {type_}.")
    return array


def _text(name: str, value: Any) -> np.ndarray | None:
    array = np.asarray(_bytes(value) if name.endswith(BYTES) else value, object)
    return array if all(isinstance(item, str | bytes) for item in array.flat) else None


def _numbers(value: Any, type_: str | None) -> np.ndarray | None:
    array = np.asarray(value, type_)
    if type_ is None or not array.size:
        return array
    # NumPy alone would cut 0.5 to 0, and take "1" for 1.
    if np.asarray(value).dtype.kind in _KINDS[array.dtype.kind]:
        return array
    items = np.asarray(value, object).flat  # 2**63 beside 1 makes floats of both
    return array if array.dtype.kind == "u" and all(type(one) is int for one in items) else None


def _bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [_bytes(item) for item in value]
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value
