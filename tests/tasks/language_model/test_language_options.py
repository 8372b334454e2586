"""Every option trains, exports with proof and passes the checks, at tiny size."""

from dataclasses import replace

import pytest
from seqapps.tasks.language_model.task import TASK

from seqapps import checks

# Each value of each setting once; the checks of the default are in tests/test_checks.py.
OPTIONS = {
    "two GRU, tied, penalties, style": {
        "encoder": "gru", "layers": 2, "tied": True, "weight_dropout": 0.2, "condition": "topic",
        "activation_penalty": 2.0, "change_penalty": 1.0, "input_dropout": 0.1,
    },
    "self-attention": {"encoder": "attention", "layers": 2},
    "subwords": {"tokens": "subwords", "vocabulary": 503},
    "subwords, tied, sampled": {
        # Drawn tokens are a noisy teacher: one epoch does not beat single tokens.
        "tokens": "subwords", "vocabulary": 503, "tied": True, "sampled": 101, "epochs": 3,
    },
    "words": {"tokens": "words"},
    # Two epochs, as one does not beat single words.
    "words without marks": {"tokens": "words", "punctuation": False, "epochs": 2},
}  # fmt: skip
# What three documents tell; the rest is in the long run.
QUICK = {"splits have rows", "pair fits model", "answer is declared", "padding changes nothing"}


def problems(values, names=None):
    task = replace(TASK, tiny=replace(TASK.tiny, **values))
    chosen = [check for check in checks.CHECKS if not names or checks.name_of(check) in names]
    found = checks.run(task, file=None, checks=chosen)
    return {checks.name_of(check): problem for check, problem in found if problem}


def test_many_options_at_once_train_and_answer(monkeypatch):
    monkeypatch.setattr(checks, "ROWS", 3)
    assert not problems(OPTIONS["two GRU, tied, penalties, style"], QUICK)


@pytest.mark.parametrize("name", ["weight_dropout", "activation_penalty", "change_penalty"])
def test_a_setting_that_attention_cannot_keep_is_refused(name):
    with pytest.raises(ValueError, match=rf"^{name} = 0\.5 is about recurrent layers.*{name} = 0,"):
        replace(TASK.settings, encoder="attention", **{name: 0.5})
    replace(TASK.settings, encoder="gru", **{name: 0.5})


@pytest.mark.long
@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_passes_the_checks(name):
    assert not problems(OPTIONS[name])
