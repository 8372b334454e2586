"""The task passes the suite that every task passes, and its own check sees its fault."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from seqapps.tasks.monitoring.checks import check_scores_wait_for_nothing
from seqapps.tasks.monitoring.task import TASK

from seqapps import checks, registry

# They train again and export, which other tests see too.
LONG = {"training is repeatable", "served equals trained", "metrics are finite"}


@pytest.mark.parametrize("long", [pytest.param(True, marks=pytest.mark.long)])
def test_monitoring_passes_every_check(long):
    chosen = [c for c in checks.checks_of(TASK) if long or checks.name_of(c) not in LONG]
    problems = {
        checks.name_of(check): problem
        for check, problem in checks.run(TASK, file=registry.find("monitoring").file, checks=chosen)
        if problem is not None
    }
    assert problems == {}


def trial_of(monitor, predict):
    return SimpleNamespace(
        task=SimpleNamespace(tiny=monitor.settings),
        few=lambda: monitor.cases("test")[:3],
        predict=predict,
    )


def test_scores_that_look_ahead_are_seen(made):
    monitor = made()

    def peeking(cases):
        told = monitor.predict(cases)
        return [{**each, "step_scores": each["step_scores"][3:] + [0.0] * 3} for each in told]

    check_scores_wait_for_nothing(trial_of(monitor, monitor.predict))
    with pytest.raises(AssertionError, match="step_scores of the first 11 steps"):
        check_scores_wait_for_nothing(trial_of(monitor, peeking))
    with pytest.raises(AssertionError, match="do not change with the values"):
        check_scores_wait_for_nothing(trial_of(monitor, lambda cases: [told_once(monitor)] * 2))


def shifted(monitor, *, windows, truth):
    """What the check of look-ahead sees of a task whose windows or truth are some steps late."""

    def cases(rows, settings):
        for row in rows:
            for case in monitor.task.cases([row], settings):
                end = case["step"] + 1
                values = row["values"][end - 23 + windows : end + windows]
                past = np.column_stack([row["values"], row["anomaly"]])[: end + truth]
                if end + 3 < len(row["values"]):
                    yield {**case, "values": values, "past": past}

    task = replace(monitor.task, cases=cases, tiny=monitor.settings)
    data = SimpleNamespace(splits={"test": monitor.rows["test"]})
    return SimpleNamespace(task=task, data=data, predict=monitor.predict)


def test_windows_that_reach_beyond_what_they_are_judged_by_are_seen(made):
    checks.check_nothing_looks_ahead(shifted(made(), windows=0, truth=0))
    with pytest.raises(AssertionError, match=r"the input values .* that come after it"):
        checks.check_nothing_looks_ahead(shifted(made(), windows=2, truth=0))
    with pytest.raises(AssertionError, match="come after its times"):
        checks.check_nothing_looks_ahead(shifted(made(), windows=0, truth=2))


def told_once(monitor):
    return monitor.predict(monitor.cases("test")[:1])[0]
