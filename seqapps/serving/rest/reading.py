"""JSON to arrays: what TF Serving takes for a tensor, and its refusals word by word."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np

from seqapps.serving.errors import Refused, invalid
from seqapps.serving.limits import Limits
from seqapps.serving.loaded import Signature, Spec
from seqapps.serving.rest.document import is_base64, kind_of, shown, wrong
from seqapps.serving.texts import too_long

DEFAULT = "serving_default"
UNLIMITED = Limits(body=2**62, instances=2**62, text=2**62)
_NUMBERS = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
_FLOATS = {"float32": "float", "float64": "double"}
_LARGEST_WHOLE = {"float32": 2**24 - 1, "float64": 2**53 - 1}  # that a float holds exactly
Arrays = dict[str, np.ndarray]


def signature_name(document: Mapping[str, Any]) -> str:
    """The signature that a request names, or the default. Raises Refused."""
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise wrong(
            document, "not formatted correctly. 'signature_name' key must be a string value."
        )
    return name or DEFAULT


def arrays_of(
    document: Mapping[str, Any], signature: Signature, *, limits: Limits = UNLIMITED
) -> tuple[Arrays, bool]:
    """(inputs by name, whether they came by row). Raises Refused where they do not fit."""
    if "instances" in document:
        if "inputs" in document:
            raise wrong(
                document,
                "Not formatted correctly expecting only one of 'inputs' or 'instances' keys "
                "to exist ",
            )
        rows = document["instances"]
        if not isinstance(rows, list):
            raise wrong(document, "Excepting 'instances' to be an list/array")
        if not rows:
            raise wrong(document, "No values in 'instances' array")
        check_rows(len(rows), limits)
        return _by_row(rows, signature.inputs, limits), True
    if "inputs" in document:
        arrays = _by_column(document["inputs"], signature, limits)
        check_rows(max((len(a) for a in arrays.values() if a.ndim), default=0), limits)
        return arrays, False
    raise invalid("Missing 'inputs' or 'instances' key")


def tensor_of(value: Any, spec: Spec, *, limits: Limits = UNLIMITED) -> np.ndarray:
    """A JSON value as an array of the type of `spec`, of whatever shape the lists have.

    Lists of different lengths are refused, and values of another type: 1.0 is no whole number.

    >>> tensor_of([[1, 2], [3, 4]], spec).shape
    (2, 2)
    """
    shape = _shape_of(value)
    items = [value]
    for size in shape:
        if not all(type(item) is list and len(item) == size for item in items):
            raise _first_problem(value, shape, spec)
        items = list(chain.from_iterable(items))
    array = _flat(items, spec, limits)
    if array is None:
        raise _first_problem(value, shape, spec)
    return array.reshape(shape)


def _by_row(rows: list[Any], specs: Mapping[str, Spec], limits: Limits) -> Arrays:
    if not isinstance(rows[0], dict) and len(specs) > 1:
        raise invalid(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    objects = isinstance(rows[0], dict) and not is_base64(rows[0])
    for place, row in enumerate(rows):
        is_object = isinstance(row, dict) and not is_base64(row)
        if objects and not is_object:
            raise invalid(f"Expecting object but got list at item {place} of input list")
        if is_object and not objects:
            raise invalid(f"Expecting value/list but got object at item {place} of input list")
        if objects and row.keys() != specs.keys():
            raise _other_keys(row, place, specs)
    columns = (
        {name: [row[name] for row in rows] for name in specs}
        if objects
        else {next(iter(specs)): rows}
    )
    found = {}
    for name, column in columns.items():
        try:
            found[name] = tensor_of(column, specs[name], limits=limits)
        except Refused as refused:
            key = f" key: {name}" if objects else ""
            raise _in_row(column, specs[name], key, limits) or refused from None
    return found


def _by_column(value: Any, signature: Signature, limits: Limits) -> Arrays:
    specs = signature.inputs
    if not isinstance(value, dict) or is_base64(value):
        if len(specs) > 1:
            raise invalid(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        return {name: tensor_of(value, spec, limits=limits) for name, spec in specs.items()}
    for name in specs:
        if name not in value and name not in signature.defaults:
            raise invalid(f"Missing named input: {name} in 'inputs' object.")
    given = {name: spec for name, spec in specs.items() if name in value}
    return {name: tensor_of(value[name], spec, limits=limits) for name, spec in given.items()}


def check_rows(rows: int, limits: Limits) -> None:
    """Raise Refused where one request brings more rows than are taken."""
    if rows > limits.instances:
        raise invalid(f"{rows} rows in one request; this server takes {limits.instances}.")


def _other_keys(row: Mapping[str, Any], place: int, specs: Mapping[str, Spec]) -> Refused:
    for name in row:
        if name not in specs:
            return invalid(
                f"Failed to process element: {place} key: {name} of 'instances' list. Error: "
                f"INVALID_ARGUMENT: JSON object: does not have named input: {name}"
            )
    return invalid(
        f"Failed to process element: {place} of 'instances' list. JSON object: {shown(row)} must "
        f"only have keys: {','.join(sorted(specs))}"
    )


def _in_row(column: list[Any], spec: Spec, key: str, limits: Limits) -> Refused | None:
    """Which row cannot be read, or has another shape than the first."""
    first: tuple[int, ...] | None = None
    for place, value in enumerate(column):
        try:
            shape = tensor_of(value, spec, limits=limits).shape
            first = shape if first is None else first
            if np.prod(shape, dtype=int) != np.prod(first, dtype=int):
                raise invalid(
                    f"Expecting tensor size: {np.prod(first, dtype=int)} but got: "
                    f"{np.prod(shape, dtype=int)}"
                )
            if shape != first:
                raise invalid(f"Expecting shape {_list(first)} but got: {_list(shape)}")
        except Refused as refused:
            where = f"Failed to process element: {place}{key} of 'instances' list."
            return Refused(refused.code, f"{where} Error: {refused.code}: {refused.message}")
    return None


def _list(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _shape_of(value: Any) -> tuple[int, ...]:
    """The lengths of the first list of each level."""
    shape = []
    while type(value) is list:
        shape.append(len(value))
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _flat(items: list[Any], spec: Spec, limits: Limits) -> np.ndarray | None:
    """Values without lists as an array; None where one does not fit the type."""
    kinds = set(map(type, items))
    name = spec.dtype.name
    if name == "object":
        return _texts(items, limits) if kinds <= {str, dict} else None
    if name == "bool":
        return np.array(items, bool) if kinds <= {bool} else None
    if name in _NUMBERS:
        return _whole(items, spec.dtype) if kinds <= {int} else None
    if name in _FLOATS:
        return _floats(items, spec.dtype, kinds) if kinds <= {int, float} else None
    raise Refused(
        "UNIMPLEMENTED",
        f"Conversion of JSON Value: {shown(items[0] if items else None)} to type: {_type(spec)}",
    )


def _texts(items: list[Any], limits: Limits) -> np.ndarray:
    found = np.empty(len(items), object)
    found[:] = [bytes_of(item, limits) for item in items]
    return found


def bytes_of(item: str | dict[str, Any], limits: Limits) -> bytes:
    """A text in UTF-8, or what `{"b64": "..."}` stands for. Raises Refused."""
    if not isinstance(item, str):
        if not is_base64(item):
            raise wrong(item, "not formatted correctly for base64 data")
        try:
            return base64.b64decode(item["b64"], validate=True)
        except (binascii.Error, ValueError):
            raise invalid("Unable to base64 decode") from None
    if len(item) > limits.text:
        raise too_long(len(item), limits)
    try:
        return item.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        raise invalid(f"JSON Value: {shown(item)} is not UTF-8 text") from None


def _whole(items: list[Any], dtype: np.dtype[Any]) -> np.ndarray | None:
    limits = np.iinfo(dtype)
    if items and not (limits.min <= min(items) and max(items) <= limits.max):
        return None
    return np.array(items, dtype)


def _floats(items: list[Any], dtype: np.dtype[Any], kinds: set[type]) -> np.ndarray | None:
    try:
        wide = np.array(items, np.float64)
    except OverflowError:  # a whole number of hundreds of digits
        return None
    finite = np.isfinite(wide)
    if np.any(np.abs(wide[finite]) > np.finfo(dtype).max):
        return None
    if int in kinds:
        largest = _LARGEST_WHOLE[dtype.name]
        if any(type(item) is int and abs(item) > largest for item in items):
            return None
    return wide.astype(dtype)


def _first_problem(value: Any, shape: tuple[int, ...], spec: Spec, level: int = 0) -> Refused:
    """What TF Serving says of the first value that does not fit."""
    return _problem(value, shape, spec, level) or invalid("The lists do not make a tensor.")


def _problem(value: Any, shape: tuple[int, ...], spec: Spec, level: int) -> Refused | None:
    if type(value) is not list:
        if level != len(shape):
            return invalid(
                f"JSON Value: {shown(value)} found at incorrect level: {level + 1} in the JSON "
                f"DOM. Expected at level: {len(shape)}"
            )
        return _problem_of_one(value, spec)
    if level >= len(shape):
        return invalid(f"Encountered list at unexpected level: {level} expected < {len(shape)}")
    if len(value) != shape[level]:
        return invalid(
            f"Encountered list at unexpected size: {len(value)} at level: {level} expected size: "
            f"{shape[level]}"
        )
    found = (_problem(item, shape, spec, level + 1) for item in value)
    return next((problem for problem in found if problem), None)


def _problem_of_one(value: Any, spec: Spec) -> Refused | None:
    if _flat([value], spec, UNLIMITED) is not None:
        return None
    name = spec.dtype.name
    if name in _FLOATS and type(value) in (int, float):
        return invalid(
            f"Cannot convert JSON value: {shown(value)} to {_FLOATS[name]} without loss of "
            "precision."
        )
    return invalid(
        f"JSON Value: {shown(value)} Type: {kind_of(value)} is not of expected type: {_type(spec)}"
    )


def _type(spec: Spec) -> str:
    return spec.type_name.removeprefix("DT_").lower()
