"""What a user gives as arrays of a signature's types; answers as a user wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.serving.client.failed import ServingError
from seqapps.serving.client.transport import Types

TEXT = "DT_STRING"
BYTES = "_bytes"  # outputs whose name ends so are bytes, not text: TF Serving's rule of REST
NUMPY = {
    "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_HALF": "float16", "DT_INT8": "int8",
    "DT_INT16": "int16", "DT_INT32": "int32", "DT_INT64": "int64", "DT_UINT8": "uint8",
    "DT_UINT16": "uint16", "DT_UINT32": "uint32", "DT_UINT64": "uint64", "DT_BOOL": "bool",
    TEXT: "object",
}  # fmt: skip
_TAKEN = {"f": "fiu", "i": "iu", "u": "iu", "b": "b"}  # kinds of numbers that become such ones


def columns_of(rows: Sequence[Any], types: Types) -> dict[str, list[Any]]:
    """Rows, plain where there is one input, by column."""
    if not len(rows):
        raise wrong("No rows were given.")
    names = list(types.inputs)
    if not isinstance(rows[0], Mapping):
        if len(names) != 1:
            raise wrong(f"Rows must be dicts with the inputs {', '.join(names)}.")
        return {names[0]: list(rows)}
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping) or set(row) != set(names):
            raise wrong(f"Row {place} must be a dict with the inputs {', '.join(names)}.")
    return {name: [row[name] for row in rows] for name in names}


def arrays_of(inputs: Mapping[str, Any], types: Types) -> dict[str, np.ndarray]:
    """Inputs as arrays of the signature's types. Text, str or bytes, lies in arrays of objects."""
    if set(inputs) != set(types.inputs):
        raise wrong(
            f"The signature takes {', '.join(types.inputs)}; received "
            f"{', '.join(map(str, inputs)) or 'nothing'}."
        )
    return {name: _array(name, inputs[name], type_) for name, type_ in types.inputs.items()}


def rows_of(outputs: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Outputs by column as a dict a row."""
    sizes = {len(array) if array.ndim else 0 for array in outputs.values()}
    if len(sizes) != 1:
        raise wrong("The outputs are not of one row each; ask with inputs in place of rows.")
    return [{name: array[row] for name, array in outputs.items()} for row in range(sizes.pop())]


def text_of(name: str, array: np.ndarray) -> np.ndarray:
    """Bytes of gRPC as REST has them: text, but for outputs that are called `..._bytes`."""
    if array.dtype != object or name.endswith(BYTES):
        return array
    found = np.empty(array.shape, object)
    for place, value in np.ndenumerate(array):
        found[place] = _decoded(value)
    return found


def wrong(message: str) -> ServingError:
    """A request that is wrong before it is sent."""
    return ServingError("INVALID_ARGUMENT", message)


def _array(name: str, value: Any, type_: str) -> np.ndarray:
    dtype = np.dtype(NUMPY.get(type_, "object"))
    try:
        array = np.asarray(value, object) if dtype.kind == "O" else np.asarray(value)
    except ValueError:
        raise wrong(f"Input {name!r}: rows of different lengths make no array.") from None
    if dtype.kind == "O":
        for item in array.ravel():
            if not isinstance(item, str | bytes):
                raise wrong(f"Input {name!r} takes text or bytes; received {item!r}.")
        return array
    if array.size and array.dtype.kind not in _TAKEN[dtype.kind]:
        raise wrong(f"Input {name!r} takes {dtype}; received {array.dtype}.")
    cast = array.astype(dtype)
    if dtype.kind in "iu" and not (cast == array).all():
        raise wrong(f"Input {name!r} takes {dtype}; a number is too large for it.")
    return cast


def _decoded(value: Any) -> Any:
    try:
        return value.decode("utf-8") if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value
