"""Any signature can be asked: answers come in the order of the cases, in batches that fit."""

import pytest

from seqapps import registry
from seqapps.predict import ASKED, ask_by


@pytest.fixture
def asked():
    """(ask, the names and sizes of the batches that were served) of an export that echoes."""
    task = registry.load("language_model")
    served = []

    def serve_of(name):
        def serve(raw):
            served.append((name, len(next(iter(raw.values())))))
            return {"echo": next(iter(raw.values()))}

        return serve

    return ask_by(task.under(task.settings), task.settings, serve_of), served


def test_a_signature_with_inputs_of_its_own_is_asked_in_parts(asked):
    ask, served = asked
    found = ask("next", [{"prompt": f"number {n}", "unused": 1.0} for n in range(2 * ASKED + 7)])
    assert [answer["echo"] for answer in found] == [f"number {n}" for n in range(2 * ASKED + 7)]
    assert served == [("next", ASKED), ("next", ASKED), ("next", 7)]


def test_a_signature_with_the_inputs_of_the_task_is_batched_as_the_task_is(asked):
    ask, served = asked
    texts = ["x" * (13 - n) for n in range(13)]
    found = ask("surprisal", [{"context": text, "text": text} for text in texts])
    assert [answer["echo"] for answer in found] == texts
    assert len(served) > 1, "cases of like length share a batch"


def test_nothing_is_answered_with_nothing(asked):
    ask, served = asked
    assert ask("next", []) == []
    assert served == []
