"""The task passes the suite that every task passes, and its own checks see their faults."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import tensorflow as tf
from seqapps.tasks.translation import checks as own
from seqapps.tasks.translation.task import TASK

from seqapps import checks, registry


# Other tests see the same in part: the verbs, the kill test, the bare C runtime.
@pytest.mark.long
def test_translation_passes_every_check():
    problems = {
        checks.name_of(check): problem
        for check, problem in checks.run(TASK, file=registry.find("translation").file)
        if problem is not None
    }
    assert problems == {}


def trial_of(made, **answers):
    """What checks look at, of a translator of which some methods answer something else."""
    translator = made()
    features = SimpleNamespace(
        explain=translator.features.explain,
        respond=translator.features.respond,
        greedy=translator.features.greedy,
    )
    vars(features).update(answers)
    task = replace(TASK, tiny=translator.settings, features=lambda settings, state: features)
    return SimpleNamespace(
        task=task,
        state=translator.state,
        trained=(translator.model, features),
        few=lambda: [{"source": "나는 고양이를 봤다."}, {"source": "책"}],
    )


def test_attention_that_sums_to_less_is_seen(made):
    translator = made()

    def half(model, raw):
        told = translator.features.explain(model, raw)
        return {**told, "attention": told["attention"] / 2}

    own.check_where_it_looks_sums_to_one(trial_of(made))
    with pytest.raises(AssertionError, match=r"sums to 1 but for 0\.5"):
        own.check_where_it_looks_sums_to_one(trial_of(made, explain=half))


def test_attention_to_padding_is_seen(made):
    translator = made()

    def rolled(model, raw):
        told = translator.features.explain(model, raw)
        return {**told, "attention": tf.roll(told["attention"], 3, axis=2)}

    with pytest.raises(AssertionError, match="padding of the source is looked at"):
        own.check_where_it_looks_sums_to_one(trial_of(made, explain=rolled))


def test_a_beam_that_is_not_greedy_is_seen(made):
    with pytest.raises(AssertionError, match="a beam of 1 writes"):
        own.check_one_beam_is_greedy(
            trial_of(made, greedy=lambda model, text: tf.fill(tf.shape(text), "other"))
        )
