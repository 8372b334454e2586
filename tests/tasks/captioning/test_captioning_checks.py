"""The task passes the suite that every task passes, and its own checks see their faults."""

from types import SimpleNamespace

import pytest
from drawn_pictures import ROWS
from seqapps.tasks.captioning import checks as own
from seqapps.tasks.captioning.task import TASK

from seqapps import checks, registry

# They train again and export, which other tests see too: the kill test and the bare C runtime.
LONG = {"training is repeatable", "served equals trained"}


@pytest.mark.parametrize("long", [False, pytest.param(True, marks=pytest.mark.long)])
def test_captioning_passes_every_check(long):
    chosen = [c for c in checks.checks_of(TASK) if long or checks.name_of(c) not in LONG]
    problems = {
        checks.name_of(check): problem
        for check, problem in checks.run(TASK, file=registry.find("captioning").file, checks=chosen)
        if problem is not None
    }
    assert problems == {}


def trial_of(made, **answers):
    """What checks look at, of a captioner of which some methods answer something else."""
    captioner = made(beam=1)
    features = SimpleNamespace(
        explain=captioner.features.explain,
        respond=captioner.features.respond,
        greedy=captioner.features.greedy,
    )
    vars(features).update(answers)
    settings = captioner.settings
    task = SimpleNamespace(
        tiny=settings,
        inputs=TASK.inputs,
        declared=TASK.declared,
        features=lambda settings, state: features,
    )
    return SimpleNamespace(
        task=task,
        state=captioner.state,
        trained=(captioner.model, features),
        few=lambda: ROWS[:3],
    )


def test_attention_that_sums_to_less_is_seen_by_captioning(made):
    def half(model, raw):
        told = made(beam=1).features.explain(model, raw)
        return {**told, "attention": told["attention"] / 2}

    own.check_where_it_looks_sums_to_one(trial_of(made))
    with pytest.raises(AssertionError, match=r"sums to 1 but for 0\.5"):
        own.check_where_it_looks_sums_to_one(trial_of(made, explain=half))


def test_a_beam_that_writes_something_else_is_seen(made):
    def other(model, raw):
        told = made(beam=1).features.respond(model, raw)
        return {**told, "caption": told["caption"] + " !"}

    own.check_one_beam_is_greedy(trial_of(made))
    with pytest.raises(AssertionError, match="a beam of 1 writes"):
        own.check_one_beam_is_greedy(trial_of(made, respond=other))
