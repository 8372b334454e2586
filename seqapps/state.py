"""Fitted state on disk: plain values in state.json, arrays in arrays.npz."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from seqapps import files
from seqapps.task import State


def save(state: State, folder: Path) -> None:
    """Write the state; arrays may stand at its top level only.

    Raises TypeError, naming the key, where a value is not plain.
    """
    arrays = {key: value for key, value in state.items() if isinstance(value, np.ndarray)}
    plain = {key: value for key, value in state.items() if key not in arrays}
    for key, value in plain.items():
        _check_plain(key, value)
    for key, array in arrays.items():
        if array.dtype == object:
            raise TypeError(f"state[{key!r}] is an array of objects; use a list of plain values.")
    with files.whole_folder(folder) as staging:
        files.write_json(staging / "state.json", plain)
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        files.write_bytes(staging / "arrays.npz", buffer.getvalue())


def load(folder: Path) -> State:
    """The state as it was saved."""
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        return {**files.read_json(folder / "state.json"), **{key: arrays[key] for key in arrays}}


def _check_plain(key: str, value: Any) -> None:
    try:
        same = json.loads(json.dumps(value)) == value
    except TypeError:
        same = False
    if not same:
        raise TypeError(
            f"state[{key!r}] is {type(value).__name__} {str(value)[:80]}: state is strings, "
            "numbers, lists, dicts with text keys, and arrays at the top level, so that it "
            "survives being written. Build tables and layers in Features instead."
        )
