"""Checkpoints: everything that decides how training goes on, one file a round."""

from __future__ import annotations

import errno
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqapps import files
from seqapps.errors import RunError
from seqapps.training.variables import variables_of

NEWEST = 2  # kept, beside the best
DIGEST = 32  # bytes of SHA-256, at the end of the file


@dataclass
class Position:
    """How far training is, and what it remembers besides weights."""

    rounds_done: int = 0
    best_round: int = 0  # counted from 1; 0 is none yet
    best_value: float | None = None
    best_before: int = 0  # the best round when the round before was done
    waited: int = 0  # epochs without a better value
    finished: bool = False
    history: list[dict[str, float]] = field(default_factory=list)


def save(folder: Path, model: Any, position: Position) -> None:
    """Write the checkpoint of `position.rounds_done`; drop what is neither new nor best."""
    arrays = {f"v{n}": np.asarray(value) for n, value in enumerate(variables_of(model))}
    buffer = io.BytesIO()
    np.savez(buffer, position=np.array(json.dumps(asdict(position))), **arrays)  # type: ignore[arg-type]
    # The digest tells a damaged file from a whole one. At the end it costs no copy.
    buffer.write(hashlib.sha256(buffer.getbuffer()).digest())
    files.write_bytes(_file(folder, position.rounds_done), buffer.getbuffer())
    _drop_old(folder, position)


def _drop_old(folder: Path, position: Position) -> None:
    """Keep the newest two and the best of each; later rounds are damaged ones, now made anew."""
    numbers = _numbers(folder)
    newest_ones = sorted(number for number in numbers if number <= position.rounds_done)[-NEWEST:]
    # If the newest is damaged one day, the one before is gone on with: its best must be there.
    keep = {position.best_round, position.best_before, *newest_ones}
    for number in set(numbers) - keep:
        _file(folder, number).unlink()


def newest(folder: Path, *, say: Callable[[str], None] = lambda line: None) -> Position | None:
    """The position of the newest whole checkpoint whose best is there too, if there is one.

    `say` is told of the damaged ones on the way there.
    """
    for number in sorted(_numbers(folder), reverse=True):
        position = _position(folder, number)
        if position and _read(folder, position.best_round) is not None:
            return position
        damaged = _file(folder, position.best_round if position else number)
        say(f"{damaged} is missing or damaged; going back to the checkpoint before")
    return None


def restore(folder: Path, number: int, model: Any) -> None:
    """Put the checkpoint of round `number` into a built and compiled model."""
    arrays = _read(folder, number)
    if arrays is None:
        raise FileNotFoundError(f"{_file(folder, number)} is missing or damaged")
    if not model.optimizer.built:  # loss scaling would make its variables a second time
        model.optimizer.build(model.trainable_variables)
    variables = variables_of(model)
    if len(variables) != len(arrays) - 1:  # one is the position
        raise RunError(
            f"{_file(folder, number)} holds {len(arrays) - 1} variables, the model of "
            f"`build_model` has {len(variables)}. It must return the same model for the same "
            "settings and state."
        )
    for place, variable in enumerate(variables):
        variable.assign(arrays[f"v{place}"])


def _position(folder: Path, number: int) -> Position | None:
    arrays = _read(folder, number)
    return None if arrays is None else Position(**json.loads(str(arrays["position"])))


def _read(folder: Path, number: int) -> dict[str, Any] | None:
    try:
        stored = memoryview(_file(folder, number).read_bytes())
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EIO):  # EIO: the disk itself cannot read it
            return None
        raise
    content, digest = stored[:-DIGEST], stored[-DIGEST:]
    if hashlib.sha256(content).digest() != digest:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def _numbers(folder: Path) -> list[int]:
    return [int(file.stem.removeprefix("round-")) for file in folder.glob("round-*.checkpoint")]


def _file(folder: Path, number: int) -> Path:
    return folder / f"round-{number:05d}.checkpoint"
