"""Checkpoints: everything that decides how training goes on, one file a round."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqapps import files

NEWEST = 2  # kept, beside the best


@dataclass
class Position:
    """How far training is, and what it remembers besides weights."""

    rounds_done: int = 0
    best_round: int = 0  # counted from 1; 0 is none yet
    best_value: float | None = None
    waited: int = 0  # epochs without a better value
    finished: bool = False
    history: list[dict[str, float]] = field(default_factory=list)


def save(folder: Path, model: Any, position: Position) -> None:
    """Write the checkpoint of `position.rounds_done`; drop what is neither new nor best."""
    variables = [*model.variables, *model.optimizer.variables]
    arrays = {f"v{number}": np.asarray(variable) for number, variable in enumerate(variables)}
    buffer = io.BytesIO()
    np.savez(buffer, position=np.array(json.dumps(asdict(position))), **arrays)  # type: ignore[arg-type]
    content = buffer.getvalue()
    # The digest in front tells a damaged file from a whole one.
    files.write_bytes(
        _file(folder, position.rounds_done), hashlib.sha256(content).digest() + content
    )
    _drop_old(folder, position)


def _drop_old(folder: Path, position: Position) -> None:
    """Keep the newest two and the best of each; later rounds are damaged ones, now made anew."""
    numbers = _numbers(folder)
    newest_ones = sorted(number for number in numbers if number <= position.rounds_done)[-NEWEST:]
    # If the newest is damaged one day, the one before is gone on with: its best must be there.
    before = _position(folder, newest_ones[0])
    keep = {position.best_round, *newest_ones, *([before.best_round] if before else [])}
    for number in set(numbers) - keep:
        _file(folder, number).unlink()


def newest(folder: Path) -> Position | None:
    """The position of the newest whole checkpoint whose best is there too, if there is one."""
    for number in sorted(_numbers(folder), reverse=True):
        position = _position(folder, number)
        if position and _read(folder, position.best_round) is not None:
            return position
    return None


def restore(folder: Path, number: int, model: Any) -> None:
    """Put the checkpoint of round `number` into a built and compiled model."""
    arrays = _read(folder, number)
    if arrays is None:
        raise FileNotFoundError(f"{_file(folder, number)} is missing or damaged")
    model.optimizer.build(model.trainable_variables)
    for position, variable in enumerate([*model.variables, *model.optimizer.variables]):
        variable.assign(arrays[f"v{position}"])


def _position(folder: Path, number: int) -> Position | None:
    arrays = _read(folder, number)
    return None if arrays is None else Position(**json.loads(str(arrays["position"])))


def _read(folder: Path, number: int) -> dict[str, Any] | None:
    try:
        stored = _file(folder, number).read_bytes()
    except FileNotFoundError:
        return None
    digest, content = stored[:32], stored[32:]
    if hashlib.sha256(content).digest() != digest:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def _numbers(folder: Path) -> list[int]:
    return [int(file.stem.removeprefix("round-")) for file in folder.glob("round-*.checkpoint")]


def _file(folder: Path, number: int) -> Path:
    return folder / f"round-{number:05d}.checkpoint"
