"""Scores become alarms, the same in NumPy and in the exported graph, and alarms become events.

An alarm is off at first. A score above `threshold` switches it on, one below `lower` off; what
lies between leaves it as it is, so that a score near the threshold does not make an alarm of each
step. It is given once it has been on for `duration` steps, so that a single wild reading is none;
that is also how much later it comes. A score that is not a number changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from seqapps.errors import UserError

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Rule:
    """When scores are alarming."""

    threshold: float
    lower: float
    duration: int = 1

    def __post_init__(self) -> None:
        if not self.lower <= self.threshold:
            raise UserError(
                f"An alarm goes off below {self.lower} and on above {self.threshold}: the lower "
                "threshold must not be above the other one."
            )
        if self.duration < 1:
            raise UserError(
                f"An alarm is given after at least 1 step; received {self.duration} as its least "
                "duration."
            )


@dataclass(frozen=True)
class Event:
    """One alarm from its beginning to its end."""

    since: int  # the step whose score began it, `duration` - 1 steps before `start`
    start: int  # the first step at which it was given
    end: int  # the step after the last one
    severity: float  # its highest score, in thresholds
    shares: Array  # float64 [sensors]: of the contributions from `since` to `end`; sum 1, or all 0
    over: bool  # False where the series ends within it


def alarms(scores: Array, rule: Rule) -> Array:
    """int32 [..., time], 1 where an alarm is given, for scores [..., time].

    >>> alarms(np.array([0, 5, 3, 5, 1, 5.0]), Rule(threshold=4, lower=2, duration=2))
    array([0, 0, 1, 1, 0, 0], dtype=int32)
    """
    return (_run(_switched(np.asarray(scores), rule)) >= rule.duration).astype("int32")


def alarms_in_graph(scores: Any, threshold: Any, lower: Any, *, duration: int = 1) -> Any:
    """The same for a TensorFlow tensor [batch, time], whose time is known: int32 [batch, time].

    The thresholds are numbers, or tensors or variables of none, such as those that calibration
    sets. The last step that switched is a running maximum, made of log2(time) shifted maxima: core
    operations only, and no loop.
    """
    import tensorflow as tf

    steps = scores.shape[-1]
    if steps is None:
        raise ValueError(f"alarms: the number of steps must be known; received {scores.shape}")
    places = tf.range(1, steps + 1)  # [time]; 0 is before the first step
    on = _latest(tf.where(scores > threshold, places, 0))  # [batch, time]
    off = _latest(tf.where(scores < lower, places, 0))
    state = on > off
    idle = _latest(tf.where(state, 0, places))
    return tf.cast(state & (places - idle >= duration), tf.int32)


def events(
    scores: Array, rule: Rule, *, contributions: Array | None = None, given: Array | None = None
) -> list[Event]:
    """The alarms of one series in their order.

    `scores` [time]; `contributions` [time, sensors], at least 0, give each sensor's share;
    `given` [time] are the alarms as the model gave them, where they are not those of this rule on
    all the scores: an export sees one window only.
    """
    scores = np.asarray(scores, "float64")
    if contributions is None:
        contributions = np.zeros([len(scores), 0])
    on = alarms(scores, rule) if given is None else np.asarray(given, "int32")
    edges = np.flatnonzero(np.diff(on, prepend=0, append=0))
    found = []
    before = 0  # where the alarm before this one ended
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        since = max(before, start - rule.duration + 1)
        parts = np.nan_to_num(contributions[since:end]).sum(axis=0)  # [sensors]
        total = parts.sum()
        highest = np.nanmax(np.append(scores[since:end], -np.inf))
        severity = float(highest / rule.threshold) if rule.threshold else float(highest)
        shares = parts / total if total > 0 else np.zeros_like(parts)
        found.append(Event(since, start, end, severity, shares, over=end < len(on)))
        before = end
    return found


def _switched(scores: Array, rule: Rule) -> Array:
    """Whether it is on at each step, however short: bool [..., time]."""
    places = np.arange(1, scores.shape[-1] + 1)
    above, below = scores > rule.threshold, scores < rule.lower
    on = np.maximum.accumulate(np.where(above, places, 0), axis=-1)
    off = np.maximum.accumulate(np.where(below, places, 0), axis=-1)
    return np.asarray(on > off)


def _run(on: Array) -> Array:
    """How many steps it has been on at each step, 0 where it is off: [..., time]."""
    places = np.arange(1, on.shape[-1] + 1)
    idle = np.maximum.accumulate(np.where(on, 0, places), axis=-1)
    return np.asarray(places - idle)


def _latest(places: Any) -> Any:
    """The running maximum along time of whole numbers of at least 0: [batch, time].

    After a shift by 1, 2, 4, ... each step has seen 2, 4, 8, ... steps.
    """
    import tensorflow as tf

    steps, shift = places.shape[-1], 1
    while shift < steps:
        shifted = tf.pad(places[:, :-shift], [[0, 0], [shift, 0]])
        places = tf.maximum(places, shifted)
        shift *= 2
    return places
