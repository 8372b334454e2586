"""A model with a state that goes on from origin to origin as the history grows."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from seqapps.baselines.forecasts.classic import Forecast

State = Any


class Recursion(Protocol):
    """A model as pure functions of its state."""

    def begin(self, length: int) -> tuple[State, int]:
        """(the state before a history of this length, the place where it begins to be read)."""

    def go_on(self, state: State, values: np.ndarray, place: int) -> State:
        """The state after `values` [time], the first of which is at `place`."""

    def ahead(self, state: State, place: int) -> Forecast:
        """What comes from `place` on."""


class Following:
    """Answers each history from the last one's state where it goes on from it, else anew."""

    def __init__(self, recursion: Recursion) -> None:
        self._recursion = recursion
        self._seen: np.ndarray | None = None
        self._start = 0
        self._state: State = None

    def forecast(self, history: np.ndarray) -> Forecast:
        first, start = self._recursion.begin(len(history))
        place = self._known(history)
        # Where reading begins depends on the length; no answer may on what was asked before.
        if place is None or start != self._start:
            self._state, self._start, place = first, start, start
        self._state = self._recursion.go_on(self._state, history[place:], place)
        self._seen = history
        return self._recursion.ahead(self._state, len(history))

    def _known(self, history: np.ndarray) -> int | None:
        """How much of the history was read already; None where it is another one."""
        seen = self._seen
        if seen is None or not np.array_equal(history[: len(seen)], seen, equal_nan=True):
            return None
        return len(seen)
