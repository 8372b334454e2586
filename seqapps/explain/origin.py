"""The Keras model that an export was made of: its layers, which a SavedModel no longer has."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqapps import registry, settings, state
from seqapps.errors import RunError, UserError
from seqapps.export import manifest
from seqapps.features import Features
from seqapps.runs import Run, find
from seqapps.task import Task

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Origin:
    """What an export was made of, with the export's own weights."""

    run: Run
    task: Task
    settings: Any
    model: Any
    features: Features


def run_of(folder: Path, bundle: Mapping[str, Any], *, runs: Path) -> Run:
    """The run that made the export in `folder`. Raises UserError where it is not there."""
    name = bundle.get("run")
    if folder.name == "model" and (folder.parent / "run.toml").is_file():
        return Run(folder.parent)
    if name:
        try:
            return find(runs, f"{bundle['task']}/{name}")
        except UserError:
            pass
    raise UserError(
        f"the run that made this export ({bundle['task']}/{name or 'not noted'}) is not under "
        f"{runs}; see --runs"
    )


def origin_of(
    folder: Path, bundle: Mapping[str, Any], exported: Sequence[np.ndarray], *, runs: Path
) -> Origin:
    """The model built again from its run, with the weights `exported`.

    Raises UserError where the run is not there, or no longer is what the export was made of.
    """
    from seqapps.training.train import trained

    run = run_of(folder, bundle, runs=runs)
    task = registry.load(bundle["task"])
    file = folder / manifest.EXTRA / "settings.toml"
    try:
        values = settings.loads(task.settings, file.read_text(encoding="utf-8"), where=str(file))
        task = task.under(values)
        learnt = state.load(run.features)
        model, features = trained(task, values, learnt, seed=bundle["seed"], folder=run.checkpoints)
        take_weights(model, exported)
    except RunError as error:
        raise UserError(
            f"{run.folder} cannot be used, or is not as it was when this export was made: {error}"
        ) from None
    except UserError:
        raise
    except Exception as error:  # files and code of another day may fail in any way
        log.debug("building the model again", exc_info=True)
        reason = next(iter(str(error).splitlines()), "")
        raise UserError(
            f"{run.folder} is not as it was when this export was made, or the code of seqapps or "
            f"of the task has changed ({type(error).__name__}: {reason})"
        ) from error
    return Origin(run, task, values, model, features)


def take_weights(model: Any, exported: Sequence[np.ndarray]) -> None:
    """Give the model the weights of its export, which knows them without their layers.

    The model holds what its training ended with, so nearly all are found by their values. What
    is left was set after training (a temperature, say) and is found by its shape. Raises
    ValueError where a shape leaves a choice: the export was made of another training then.
    """
    left = list(exported)
    unmatched = []
    for variable in model.weights:
        value = np.asarray(variable)
        place = _place(value, left)
        if place is None:
            unmatched.append(variable)
        else:
            left.pop(place)
    for variable in unmatched:
        candidates = [value for value in left if value.shape == tuple(variable.shape)]
        rivals = [other for other in unmatched if tuple(other.shape) == tuple(variable.shape)]
        if len(candidates) != 1 or len(rivals) != 1:
            raise ValueError(f"the weights {variable.path} are not those of the export")
        variable.assign(candidates[0])


def _place(value: np.ndarray, among: Sequence[np.ndarray]) -> int | None:
    same = (
        number
        for number, other in enumerate(among)
        if other.shape == value.shape and np.array_equal(other, value)
    )
    return next(same, None)
