"""How good alarms are: by time step, by event, and as people who must answer them feel it.

A case is one moment of use: a window of a series, and the alarm as it stood at the window's last
step. Where windows move on by k steps, a case speaks for the last k of them, of which none belongs
to two cases. So what is judged is what an operator would have seen, each step once, with no more
context than the export had; windows that do not overlap would start each alarm anew. It holds
- `anomaly`: 0 or 1, or [k] of them;
- `series`: which run it was cut from; `step`: the place of its last step in that run, without which
  cases follow each other;
- `to_failure`: steps from its last one until the machine breaks; NaN where it does not.
The response holds `alarm`, 0 or 1; or, where k is above 1, `step_alarms` [steps], the last k of
which count.

Scores by event look at the cases of a run in their order and are booked on the case in which the
event, or the false alarm, begins. So they are sums over cases as all scores are; resample whole
runs (group: series), as neighbouring steps are no independent draws.

Nothing here is point-adjusted, that is, counts a whole anomaly as found for one alarm in it, which
much of the literature does. A detector that alarms at random steps then scores higher than trained
networks: one hit in a long anomaly is nearly certain, and pays for all of its steps (Kim et al.
2022, "Towards a rigorous evaluation of time-series anomaly detection", section 3). What point
adjustment means to reward, that an event is noticed at all, is said by `events_found` and
`detection_delay`, beside what it costs in false alarms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seqapps.task import Case, Example, Metric, Response

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# One run of 10 steps, the anomaly at 3 to 7, the failure at 8; alarms at 1 and from 5 on.
_CASES = [
    {"series": "a", "step": step, "anomaly": int(3 <= step <= 7),
     "to_failure": 8.0 - step if step <= 8 else math.nan}
    for step in range(10)
]  # fmt: skip
_RESPONSES = [{"alarm": int(step == 1 or step >= 5)} for step in range(10)]


def step_f1() -> Metric:
    """2 TP / (2 TP + FP + FN) over steps; 1 where there is nothing to find and nothing is told.

    Of data without any anomaly it tells nothing but whether there was a false alarm, so it is left
    out.
    """
    return _by_step(
        lambda tp, fp, fn, tn: 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0,
        2 * 3 / 11,
        tells_of=_is_anomalous,
    )


def false_alarm_rate() -> Metric:
    """FP / (FP + TN): the share of normal steps at which an alarm stood (FAR of SKAB)."""
    return _by_step(lambda tp, fp, fn, tn: _ratio(fp, fp + tn), 3 / 5, higher_is_better=False)


def missed_alarm_rate() -> Metric:
    """FN / (FN + TP): the share of anomalous steps at which no alarm stood (MAR of SKAB)."""
    return _by_step(
        lambda tp, fp, fn, tn: _ratio(fn, fn + tp),
        2 / 5,
        higher_is_better=False,
        tells_of=_is_anomalous,
    )


def events_found() -> Metric:
    """The share of anomalous stretches with an alarm in them.

    An alarm that stood before the stretch began counts as well: look at the false alarms, too.
    """
    return _by_event(
        lambda steps, event: float(event.found is not None), 1.0, tells_of=_is_anomalous
    )


def detection_delay() -> Metric:
    """Steps from the onset to the first alarm, mean over events.

    A missed event counts with its whole length, so that finding more can only shorten the delay.
    """

    def delay(steps: _Steps, event: _Event) -> float:
        if event.found is None:
            return float(steps.step[event.last] - steps.step[event.first] + 1)
        return float(steps.step[event.found] - steps.step[event.first])

    return _by_event(delay, 2.0, higher_is_better=False, unit="steps", tells_of=_is_anomalous)


def lead_time(*, step: float = 1.0, unit: str = "steps") -> Metric:
    """From the first alarm of an event that ends in a failure to that failure, mean over those.

    0 where there was no alarm. An alarm before the onset is a false one and gives no lead. `step`
    is the length of a step in the unit.
    """

    def lead(steps: _Steps, event: _Event) -> float | None:
        if math.isnan(steps.to_failure[event.first]):
            return None
        return 0.0 if event.found is None else step * float(steps.to_failure[event.found])

    return _by_event(
        lead,
        3.0 * step,
        unit=unit,
        tells_of=lambda case: not math.isnan(case.get("to_failure", math.nan)),
    )


def false_alarms(*, per: float = 1000, unit: str = "per 1,000 steps") -> Metric:
    """Alarms that began at normal steps, in so many normal steps.

    `per` may be the steps of a day. What is counted is how often somebody is called: an alarm that
    stands for an hour is one. One that stands already as a run begins, begins there.
    """

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> Array:
        import numpy as np

        steps = _Steps.of(cases, responses)
        normal = steps.anomaly == 0
        fresh = np.diff(steps.series, prepend=-1) != 0  # [steps]: the first of a run
        before = np.where(fresh, 0, np.roll(steps.alarm, 1))
        begins = (steps.alarm == 1) & (before == 0) & normal
        return steps.booked([begins, normal])

    return Metric(
        statistics=statistics,
        reduce=lambda sums: per * _ratio(sums[0], sums[1]),
        example=Example(_CASES, _RESPONSES, per * 1 / 5),
        higher_is_better=False,
        unit=unit,
    )


@dataclass(frozen=True)
class _Event:
    """Places in `_Steps` of an anomalous stretch, and of the first alarm in it."""

    first: int
    last: int
    found: int | None


@dataclass(frozen=True)
class _Steps:
    """What is judged, step by step, runs one after the other."""

    cases: int
    case: Array  # int [steps]: the case that a step is booked on
    series: Array  # int [steps], ascending
    step: Array  # int [steps]: its place in the run
    anomaly: Array  # int [steps]
    alarm: Array  # int [steps]
    to_failure: Array  # float [steps]

    @classmethod
    def of(cls, cases: Sequence[Case], responses: Sequence[Response]) -> _Steps:
        """Cases are all of as many steps."""
        import numpy as np

        anomaly = _table([case["anomaly"] for case in cases])  # [cases, k]
        wide = anomaly.shape[1]
        back = np.arange(wide - 1, -1, -1)  # [k]: steps before a case's last one
        runs: dict[str, int] = {}
        run = np.array([runs.setdefault(case.get("series", ""), len(runs)) for case in cases])
        last = np.array([case.get("step", -1) for case in cases])
        if cases and "step" not in cases[0]:
            last = _counted(run) * wide
        left = np.array([case.get("to_failure", math.nan) for case in cases], "float64")
        order = np.lexsort((last, run))  # of the cases; their steps do not overlap

        def flat(table: Array) -> Array:
            return np.broadcast_to(table, anomaly.shape)[order].ravel()

        return cls(
            cases=len(cases),
            case=flat(np.arange(len(cases))[:, None]),
            series=flat(run[:, None]),
            step=flat(last[:, None] - back),
            anomaly=flat(anomaly),
            alarm=flat(_alarms(responses, wide)),
            to_failure=flat(left[:, None] + back),
        )

    def events(self) -> list[_Event]:
        import numpy as np

        marked = np.where(self.anomaly == 1, self.series, -1)  # no stretch goes on in another run
        edges = np.flatnonzero(np.diff(marked, prepend=-1, append=-1))
        found = []
        for first, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            if marked[first] >= 0:
                hits = np.flatnonzero(self.alarm[first:end])
                found.append(_Event(first, end - 1, first + int(hits[0]) if len(hits) else None))
        return found

    def booked(self, columns: Sequence[Array]) -> Array:
        """Sums over the steps of each case: float64 [cases, columns]."""
        import numpy as np

        sums = [np.bincount(self.case, column, minlength=self.cases) for column in columns]
        return np.stack(sums, axis=1).astype("float64")


def _table(values: Sequence[Any]) -> Array:
    """Marks of 0 and 1 as int [cases, k]."""
    import numpy as np

    return np.asarray(np.rint(np.asarray(values, "float64").reshape(len(values), -1)), int)


def _counted(run: Array) -> Array:
    """How many cases of its run there are up to each: [cases]."""
    import numpy as np

    found = np.zeros(len(run), int)
    for which in np.unique(run):
        found[run == which] = np.arange(1, (run == which).sum() + 1)
    return found


def _alarms(responses: Sequence[Response], wide: int) -> Array:
    """As int [cases, k]."""
    import numpy as np

    name = "step_alarms" if responses and "step_alarms" in responses[0] else "alarm"
    given = [np.ravel(response[name])[-wide:] for response in responses]
    if any(len(each) != wide for each in given):
        raise ValueError(
            f"cases of {wide} steps are answered by {len(given[0])} alarms each; cases of several "
            "steps need step_alarms, one for each"
        )
    return _table(given)


def _by_step(
    reduce: Callable[[float, float, float, float], float],
    value: float,
    *,
    higher_is_better: bool = True,
    tells_of: Callable[[Case], bool] | None = None,
) -> Metric:
    """A score of true and false positives and negatives, in this order."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> Array:
        steps = _Steps.of(cases, responses)
        told, true = steps.alarm == 1, steps.anomaly == 1
        return steps.booked([told & true, told & ~true, ~told & true, ~told & ~true])

    return Metric(
        statistics=statistics,
        reduce=lambda sums: float(reduce(*sums)),
        example=Example(_CASES, _RESPONSES, value),
        higher_is_better=higher_is_better,
        tells_of=tells_of,
    )


def _by_event(
    per_event: Callable[[_Steps, _Event], float | None],
    value: float,
    *,
    higher_is_better: bool = True,
    unit: str = "",
    tells_of: Callable[[Case], bool] | None = None,
) -> Metric:
    """The mean of a number per event; an event without one is left out."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> Array:
        import numpy as np

        steps = _Steps.of(cases, responses)
        sums = np.zeros([len(cases), 2])  # value, count
        for event in steps.events():
            number = per_event(steps, event)
            if number is not None:
                sums[steps.case[event.first]] += (number, 1)
        return sums

    return Metric(
        statistics=statistics,
        reduce=lambda sums: _ratio(sums[0], sums[1]),
        example=Example(_CASES, _RESPONSES, value),
        higher_is_better=higher_is_better,
        unit=unit,
        tells_of=tells_of,
    )


def _is_anomalous(case: Case) -> bool:
    """Whether any of its steps is: without one in all the data nothing can be missed."""
    import numpy as np

    return bool(np.max(case["anomaly"]) > 0)


def _ratio(part: float, whole: float) -> float:
    """NaN of nothing: a resample without an event says nothing of events."""
    return float(part / whole) if whole else math.nan
