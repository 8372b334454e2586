"""The metric that chooses the best round."""

from __future__ import annotations

from typing import Any

from seqapps.errors import UserError, nearest
from seqapps.task import Task


def monitor_of(task: Task, settings: Any) -> str:
    """The setting `monitor`. Raises UserError where the task has no such metric."""
    name: str = settings.monitor
    if name not in task.metrics:
        raise UserError(
            f"monitor = {name!r} is no metric of {task.name}. {nearest(name, task.metrics)}"
        )
    return name
