"""The task passes the suite that every task passes."""

import pytest
from seqapps.tasks.tagging.task import TASK

from seqapps import checks, registry

TRAINED = {
    "answer is declared", "neighbours change nothing", "padding changes nothing",
    "model beats trivial baseline", "metrics are finite", "figures draw",
    "training is repeatable", "served equals trained",
}  # fmt: skip


@pytest.mark.parametrize("long", [False, pytest.param(True, marks=pytest.mark.long)])
def test_tagging_passes_every_check(long):
    chosen = [c for c in checks.checks_of(TASK) if long or checks.name_of(c) not in TRAINED]
    problems = {
        checks.name_of(check): problem
        for check, problem in checks.run(TASK, file=registry.find("tagging").file, checks=chosen)
        if problem is not None
    }
    assert problems == {}
