"""Observations that come one after the other, and the alarms that a monitor makes of them.

The monitor itself is asked elsewhere: `push` gives the window that is to be scored, `judge` takes
the answer. Between both there may be many windows, so that they can be scored together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from seqapps.series.grid import ROWS, SECONDS, parsed, steps_from
from seqapps.series.lines import BadRowError, Observation

FAR = 4.0  # standard deviations of a window's mean from training that are told
SET_BACK = 10  # lines in a row before the last time, after which the clock was set back

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Due:
    """A window that is to be scored."""

    step: int  # of its last observation, from 1
    time: str | None  # of it, as it was given
    values: Array  # float32 [lookback, sensors]
    reference: Array  # float32 [reference, sensors], the first steps; of a model without none


@dataclass(frozen=True)
class Begins:
    """An alarm that was given at `step`."""

    event: ClassVar[str] = "begin"
    time: str | None
    step: int
    score: float
    threshold: float
    # In thresholds, the highest of the scores in a row that made it. A monitor that waits before it
    # gives an alarm may give it at a step that is a little below the threshold again.
    severity: float
    sensors: Mapping[str, float]  # share of each, the largest first


@dataclass(frozen=True)
class Ends:
    """The end of an alarm: `step` is the first one without it."""

    event: ClassVar[str] = "end"
    time: str | None
    step: int
    since: str | None  # when it began
    steps: int  # how long it lasted
    severity: float  # the highest
    sensors: Mapping[str, float]  # the shares where it was the highest


@dataclass(frozen=True)
class Drifts:
    """Sensors whose mean lies far from training: how many standard deviations."""

    event: ClassVar[str] = "drift"
    time: str | None
    step: int
    sensors: Mapping[str, float]


News = Begins | Ends | Drifts


class Live:
    """The last `lookback` steps of the sensors, the first `reference` ones, and what is on.

    The first steps stay as they are when the clock is set back: it is the same machine.
    """

    def __init__(
        self,
        channels: Sequence[str],
        *,
        lookback: int,
        reference: int = 0,
        every: int = 1,
        frequency: str = ROWS,
    ) -> None:
        self._channels, self._lookback, self._every = channels, lookback, every
        self._frequency = frequency
        # The last steps lie in one piece; when the end is reached they move to the front.
        self._held = np.full([max(2 * lookback, 1024), len(channels)], np.nan, "float32")
        self._filled = 0  # rows of `_held`
        self._first = np.full([reference, len(channels)], np.nan, "float32")
        self._known = 0  # rows of `_first`
        self._growing = False  # whether the last step is one of them
        self._since_start = 0  # steps since the last new beginning
        self._last: int | None = None  # time of the last step
        self._back: list[int] = []  # times before it, one after the other
        self._alarm: tuple[Due, float, Mapping[str, float]] | None = None  # begun, highest, shares
        self._drifting = _Drifting(channels, lookback)
        self.steps = 0  # observations
        self.gaps = 0  # steps without observation between them
        self.repeated = 0  # observations with the time of the one before, in whose place they are
        self.restarts = 0  # how often the clock was set back
        self.scored = 0
        self.alarms = 0

    @property
    def on(self) -> bool:
        """Whether there is an alarm."""
        return self._alarm is not None

    @property
    def missing(self) -> int:
        """Steps until there is a first whole window."""
        return max(0, self._lookback - self._since_start, len(self._first) - self._known)

    def push(self, seen: Observation) -> Due | None:
        """Take the next observation; the window, where one is to be scored now.

        Raises BadRowError where its time lies before that of the last one. When this goes on and on
        the clock was set back, and a new window begins.
        """
        values = np.asarray(seen.values, "float32")
        if seen.time is not None and self._last is not None:
            if seen.time == self._last:
                self.repeated += 1
                self._held[self._filled - 1] = values
                if self._growing:
                    self._first[self._known - 1] = values
                return None
            if seen.time < self._last and not self._set_back(seen.time):
                raise BadRowError(f"the time {seen.shown} lies before that of a line before it")
            self._skip(seen.time)
        self._back.clear()
        self._last = seen.time
        self._add(values)
        self.steps += 1
        if self.missing or self.steps % self._every:
            return None
        window = self._held[self._filled - self._lookback : self._filled].copy()
        return Due(self.steps, seen.shown or None, window, self._first)

    def judge(self, due: Due, answer: Mapping[str, Any]) -> list[News]:
        """What an answer means for a window that was due; windows come in their order.

        `answer` has `score`, `threshold`, `alarm` (0 or 1), `contributions` [sensors], and perhaps
        `drift` [sensors] and `step_scores`, those of the window's steps.
        """
        self.scored += 1
        score, threshold = float(answer["score"]), float(answer["threshold"])
        severity = score / threshold if threshold else score
        shares = self._shares(np.asarray(answer["contributions"], "float64"))
        found: list[News] = []
        if answer["alarm"] and self._alarm is None:
            self.alarms += 1
            if severity <= 1 and "step_scores" in answer:
                severity = _above(np.asarray(answer["step_scores"]), threshold) or severity
            self._alarm = due, severity, shares
            found.append(Begins(due.time, due.step, score, threshold, severity, shares))
        elif self._alarm is not None and not answer["alarm"]:
            begun, highest, at_highest = self._alarm
            steps = due.step - begun.step
            found.append(Ends(due.time, due.step, begun.time, steps, highest, at_highest))
            self._alarm = None
        elif self._alarm is not None and severity > self._alarm[1]:
            self._alarm = self._alarm[0], severity, shares
        if "drift" in answer:
            far = self._drifting.told(due.step, np.asarray(answer["drift"], "float64"))
            if far:
                found.append(Drifts(due.time, due.step, far))
        return found

    def _add(self, values: Array) -> None:
        if self._filled == len(self._held):
            self._held[: self._lookback] = self._held[-self._lookback :]
            self._filled = self._lookback
        self._held[self._filled] = values
        self._filled += 1
        self._since_start += 1
        self._growing = self._known < len(self._first)
        if self._growing:
            self._first[self._known] = values
            self._known += 1

    def _skip(self, time: int) -> None:
        """Steps that were not observed are gaps in the window; more than a window are a window."""
        if self._last is None or self._frequency == ROWS:
            return
        steps = _steps_between(self._last, time, self._frequency, most=self._lookback + 1)
        gap = np.full(len(self._channels), np.nan, "float32")
        for _ in range(min(steps - 1, self._lookback)):
            self._add(gap)
            self.gaps += 1

    def _set_back(self, time: int) -> bool:
        """Whether the times before the last one have by now become the right ones."""
        if self._back and time < self._back[-1]:
            self._back.clear()
        self._back.append(time)
        if len(self._back) < SET_BACK:
            return False
        self.restarts += 1
        self._since_start, self._last = 0, None
        return True

    def _shares(self, contributions: Array) -> dict[str, float]:
        parts = np.nan_to_num(np.maximum(contributions, 0.0))
        parts = parts / parts.sum() if parts.sum() > 0 else parts
        largest = np.argsort(-parts, kind="stable")
        return {self._channels[place]: float(parts[place]) for place in largest}


def _above(scores: Array, threshold: float) -> float | None:
    """The highest of the last scores in a row above a threshold, in thresholds; None: none is."""
    above = scores > threshold
    if not above.any():
        return None
    end = len(scores) - int(np.argmax(above[::-1]))
    before = np.flatnonzero(~above[:end])
    first = int(before[-1]) + 1 if len(before) else 0
    return float(scores[first:end].max() / threshold)


class _Drifting:
    """Which sensors stay far from training; each is told less and less often."""

    def __init__(self, channels: Sequence[str], lookback: int) -> None:
        self._channels, self._lookback = channels, lookback
        self._since: dict[str, int] = {}  # the step from which each is far
        self._wait: dict[str, int] = {}
        self._next: dict[str, int] = {}  # the step at which it is told
        self._first: int | None = None

    def told(self, step: int, drift: Array) -> dict[str, float]:
        """The sensors that are told now.

        A sensor that is far for a whole window is told, so that it is the new level and no single
        jolt; in the first window all values are. The next times are after 2, 4, 8, ... windows.
        """
        if self._first is None:
            self._first = step
        found = {}
        for name, distance in zip(self._channels, drift.tolist(), strict=True):
            if not abs(distance) > FAR or math.isnan(distance):
                self._since.pop(name, None)
                continue
            if name not in self._since:
                self._since[name] = step
                wait = 0 if step == self._first else self._lookback
                self._next[name] = max(self._next.get(name, 0), step + wait)
            if step >= self._next[name]:
                found[name] = distance
                self._wait[name] = 2 * self._wait.get(name, self._lookback)
                self._next[name] = step + self._wait[name]
        return found


def _steps_between(before: int, after: int, frequency: str, *, most: int) -> int:
    """How many steps of a frequency lie between two times, 1 at least and at most `most`."""
    number, unit = parsed(frequency)
    if unit in SECONDS:
        size = number * SECONDS[unit]
        return min(max(1, (after - before + size // 2) // size), most)
    coming = steps_from(before, most + 1, frequency)
    return max(1, int(np.abs(coming - after).argmin()))
