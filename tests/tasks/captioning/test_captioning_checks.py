"""The task passes the suite that every task passes, and its own checks see their faults."""

from types import SimpleNamespace

import pytest
from drawn_pictures import ROWS
from seqapps.tasks.captioning import checks as own
from seqapps.tasks.captioning.task import TASK

from seqapps import checks, registry


@pytest.mark.long
def test_captioning_passes_every_check():
    problems = {
        checks.name_of(check): problem
        for check, problem in checks.run(TASK, file=registry.find("captioning").file)
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
