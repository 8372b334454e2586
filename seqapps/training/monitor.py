"""The metric that chooses the best round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seqapps.errors import UserError, nearest
from seqapps.task import Case, Task


def monitor_of(task: Task, settings: Any) -> str:
    """The setting `monitor`. Raises UserError where the task has no such metric."""
    name: str = settings.monitor
    if name not in task.metrics:
        raise UserError(
            f"monitor = {name!r} is no metric of {task.name}. {nearest(name, task.metrics)}"
        )
    return name


def check_tells(task: Task, monitor: str, valid: Sequence[Case]) -> None:
    """Raise UserError where the metric tells nothing of these cases."""
    known = task.watching(valid)
    if monitor not in known:
        raise UserError(
            f"monitor = {monitor!r} tells nothing of a training on these data. Take one of "
            f"{', '.join(known)}."
        )
