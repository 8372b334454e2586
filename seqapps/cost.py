"""What a run costs: wall time, CPU-seconds and peak memory of each stage."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seqapps import files


@dataclass(frozen=True)
class Cost:
    """Of one stage. CPU-seconds are those of all cores and of processes that were started."""

    stage: str
    wall_seconds: float
    cpu_seconds: float
    peak_memory: int | None  # bytes, of the process so far; None where the system does not tell


class Meter:
    """Measures from its making, or from the last `take`, to the next."""

    def __init__(self) -> None:
        self._last = _now()

    def take(self, stage: str) -> Cost:
        """The cost since the last time."""
        before, self._last = self._last, _now()
        wall, cpu = (now - then for now, then in zip(self._last, before, strict=True))
        return Cost(stage, round(wall, 2), round(cpu, 2), peak_memory())


def note(file: Path, cost: Cost) -> None:
    """Add the cost of a stage to the file; a stage that is made anew replaces what it cost."""
    kept = [known for known in read(file) if known["stage"] != cost.stage]
    files.write_json(file, [*kept, asdict(cost)])


def read(file: Path) -> list[dict[str, Any]]:
    """The stages that were noted, in the order in which they ended."""
    return files.read_json(file) if file.exists() else []


def peak_memory() -> int | None:
    """The most memory that this process has held so far, in bytes."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def _now() -> tuple[float, float]:
    times = os.times()
    cpu = times.user + times.system + times.children_user + times.children_system
    return time.perf_counter(), cpu
