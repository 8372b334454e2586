"""Arrays to JSON, as TF Serving writes them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from seqapps.serving.errors import invalid

BYTES = "_bytes"  # outputs whose name ends so are written in base64
WRITTEN = ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64",
           "bool", "object")  # fmt: skip


def answer(outputs: Mapping[str, np.ndarray], *, by_row: bool) -> bytes:
    """The body of an answer: `predictions`, or `outputs` where the request came by column.

    The name of an only output is left out. Raises Refused where rows cannot be made of it.
    """
    if by_row:
        rows = _rows(outputs)
    values = {name: _values(name, array) for name, array in outputs.items()}
    plain = all(map(_is_finite, outputs.values()))
    if not by_row:
        told: Any = values if len(values) > 1 else next(iter(values.values()))
        return dump({"outputs": told}, plain=plain)
    if len(values) == 1:
        return dump({"predictions": next(iter(values.values()))}, plain=plain)
    columns = values.items()
    told = [{name: column[row] for name, column in columns} for row in range(rows)]
    return dump({"predictions": told}, plain=plain)


def dump(value: Any, *, plain: bool = True) -> bytes:
    """JSON; where not `plain`, with NaN and Infinity, which TF Serving writes as such."""
    if plain:  # about ten times faster, and writes 32-bit floats as short as they are exact
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    return json.dumps(value, default=_number, ensure_ascii=False, separators=(",", ":")).encode()


def _rows(outputs: Mapping[str, np.ndarray]) -> int:
    rows = 0
    for name, array in outputs.items():
        if not array.ndim:
            raise invalid(f"Tensor name: {name} has no shape information ")
        if len(array) < 1:
            raise invalid(f"Tensor name: {name} has invalid batch size: {len(array)}")
        if rows and len(array) != rows:
            raise invalid(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {rows}"
            )
        rows = len(array)
    return rows


def _values(name: str, array: np.ndarray) -> Any:
    """What can be written: an array of numbers, or lists of texts."""
    if array.dtype.name not in WRITTEN:
        raise invalid(f"Failed to write JSON value for tensor type: {_type(array)}")
    if array.dtype != object:
        return np.ascontiguousarray(array) if array.ndim else array[()]
    write = _base64 if name.endswith(BYTES) else _text
    return _each(array.tolist(), write)


def _each(value: Any, write: Any) -> Any:
    return [_each(item, write) for item in value] if isinstance(value, list) else write(value)


def _text(value: bytes) -> str:
    return value.decode("utf-8", errors="replace")


def _base64(value: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(value).decode()}


def _is_finite(array: np.ndarray) -> bool:
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _number(value: Any) -> Any:
    """NumPy's values for the standard library, 32-bit floats as short as they are exact."""
    if isinstance(value, np.ndarray):
        return list(value)
    return float(str(value)) if isinstance(value, np.floating) else value.item()


def _type(array: np.ndarray) -> str:
    return {"float16": "half"}.get(array.dtype.name, array.dtype.name)
