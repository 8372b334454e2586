"""One trial: what it tries, how far it came, what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

DONE, PRUNED, FAILED, STOPPED, RUNNING = "done", "pruned", "failed", "stopped", "running"

# What a trial is told after each round.
GO_ON, PRUNE, STOP = "go on", "prune", "stop"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a training ended: `DONE`, `PRUNED`, `STOPPED` (to be gone on with) or `FAILED`."""

    state: str
    value: float | None = None  # of the monitor, in the best round
    reason: str = ""  # why it failed
    seconds: float = 0.0
    rounds: int = 0


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A trial as the storage has it."""

    number: int
    state: str
    values: Mapping[str, Any]  # of the settings that are searched
    how: str = ""  # its values were found: "start", "random", or the sampler's name
    value: float | None = None
    epochs: Mapping[int, float] = field(default_factory=dict)  # epoch -> value of the monitor
    run: str = ""
    reason: str = ""
    seconds: float = 0.0
    like: int | None = None  # an earlier trial with the same settings, which was not made again


# (epoch that was finished, or None within one; value of the monitor) -> GO_ON, PRUNE or STOP
AfterRound = Callable[[int | None, float], str]


class Trainer(Protocol):
    """Trains the runs of trials, one after the other."""

    def train(self, run: str, settings: Any, *, fresh: bool, after_round: AfterRound) -> Outcome:
        """Train the run of that name; one that is there is gone on with, or made anew."""

    def kill(self) -> None:
        """End at once, from another thread; a training that is under way has `STOPPED`."""

    def close(self) -> None:
        """No more trials."""
