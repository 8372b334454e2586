"""A task may be judged by another signature than the default one, and ask with options."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest
import tensorflow as tf
from seqapps.tasks.language_model.task import TASK as LANGUAGE_MODEL

from seqapps.data.batching import batch_of
from seqapps.export import golden
from seqapps.export.signatures import declared, method_of, module_of
from seqapps.predict import exported, load_signature
from seqapps.task import DEFAULT, Column, Fixed, Output, Signature

TEXT, NUMBER = Column("text", ""), Column("integer", "")
TOLD = {"text": Output("text", ""), "length": Output("number", "")}


@dataclass(frozen=True)
class Settings:
    batch_size: int = 3
    louder: str = ""


def signatures(settings):
    asked = [{"times": 2, "mark": "!"}, {"times": 0, "mark": "?"}]
    return {
        DEFAULT: Signature({"prompt": TEXT}, TOLD, ""),
        "repeat": Signature({"prompt": TEXT, "times": NUMBER, "mark": TEXT}, TOLD, "", asked),
    }


def adapt(task, settings):
    if not settings.louder:
        return task
    return replace(task, inputs={**task.inputs, settings.louder: TEXT})


TASK = replace(
    LANGUAGE_MODEL, inputs={"text": TEXT}, answer=TOLD, exported_as="spell", settings=Settings(),
    signatures=signatures, adapt=adapt, batching=Fixed(),
)  # fmt: skip


class Spelling(tf.Module):
    """Answers that tell who gave them."""

    def respond(self, model, raw):
        return self._told("spell", raw["text"])

    def serving_default(self, model, raw):
        return self._told("default", raw["prompt"])

    def repeat(self, model, raw):
        many = tf.strings.as_string(raw["times"])
        return self._told("repeat", tf.strings.join([raw["prompt"], many, raw["mark"]]))

    def _told(self, name, text):
        return {"text": tf.strings.join([f"{name} ", text]), "length": tf.strings.length(text)}


MODEL = SimpleNamespace(_flatten_layers=list)
CASES = [
    {"text": "one", "prompt": "o"}, {"text": "three"}, {"text": "seven", "prompt": "se"},
    {"text": "nineteen", "prompt": "ni"},
]  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    module, functions = module_of(TASK, TASK.settings, MODEL, Spelling())
    tf.saved_model.save(module, str(tmp_path), functions)
    return tmp_path


def test_the_default_signature_comes_first_beside_the_tasks_own():
    found = TASK.declared(TASK.settings)
    assert list(found) == [DEFAULT, "spell", "repeat"]
    assert found["spell"].inputs == TASK.inputs
    assert list(declared(TASK, TASK.settings)) == list(found)


def test_a_task_that_is_exported_as_the_default_has_that_one():
    plain = replace(TASK, exported_as=DEFAULT, signatures=lambda settings: {})
    assert list(plain.declared(plain.settings)) == [DEFAULT]
    assert plain.declared(plain.settings)[DEFAULT].inputs == TASK.inputs


def test_its_own_signature_is_answered_by_respond_and_the_others_by_their_names():
    assert [method_of(TASK, name) for name in ("spell", DEFAULT, "repeat")] == [
        "respond", DEFAULT, "repeat",
    ]  # fmt: skip


def test_an_export_answers_by_name(folder):
    for name, raw, text in (
        ("spell", {"text": ["a"]}, "spell a"),
        (DEFAULT, {"prompt": ["b"]}, "default b"),
        ("repeat", {"prompt": ["c"], "times": [7], "mark": ["!"]}, "repeat c7!"),
    ):
        answer = load_signature(folder, name)({k: tf.constant(v) for k, v in raw.items()})
        assert answer["text"].numpy().tolist() == [text.encode()]


def test_an_export_is_judged_by_the_tasks_own_signature_unless_another_is_named(folder):
    told = [answer["text"] for answer in exported(folder, TASK, TASK.settings)(CASES)]
    assert told == ["spell one", "spell three", "spell seven", "spell nineteen"]
    asked = [{"text": "a", "prompt": "b"}]
    default = replace(TASK, inputs={"prompt": TEXT})
    (answer,) = exported(folder, default, TASK.settings, signature=DEFAULT)(asked)
    assert answer == {"text": "default b", "length": 1}


def test_golden_requests_take_the_examples_in_turn_and_leave_out_cases_without_inputs():
    records = golden.records(TASK, TASK.settings, MODEL, Spelling(), CASES)
    by_name = {record["signature"]: record for record in records}
    assert list(by_name) == [DEFAULT, "spell", "repeat"]
    assert by_name["spell"]["inputs"]["text"][:4] == [case["text"] for case in CASES]
    assert by_name[DEFAULT]["inputs"] == {"prompt": ["o", "se", "ni"]}
    # The second case, which has no prompt, takes its turn too.
    assert by_name["repeat"]["inputs"] == {
        "prompt": ["o", "se", "ni"], "times": [2, 2, 0], "mark": ["!", "!", "?"],
    }  # fmt: skip
    assert by_name["repeat"]["outputs"]["text"] == ["repeat o2!", "repeat se2!", "repeat ni0?"]


def test_a_task_is_adapted_to_its_settings_wherever_it_is_exported():
    assert TASK.under(TASK.settings) is TASK
    louder = TASK.under(Settings(louder="shout"))
    assert list(louder.columns) == ["text", "shout", "ends"]
    assert list(louder.declared(Settings())["spell"].inputs) == ["text", "shout"]
    batch = batch_of([{"text": "a", "shout": "b"}], louder.inputs)
    assert {name: value.numpy().tolist() for name, value in batch.items()} == {
        "text": [b"a"], "shout": [b"b"],
    }  # fmt: skip


def test_the_language_model_takes_the_style_in_every_signature_and_its_options_as_defaults():
    settings = replace(LANGUAGE_MODEL.settings, condition="author", temperature=0.3, length=7)
    found = LANGUAGE_MODEL.under(settings).declared(settings)
    assert list(found) == [
        DEFAULT, "score_after", "generate", "go_on", "score", "next", "neighbours", "surprisal",
    ]  # fmt: skip
    steered = [name for name, signature in found.items() if "author" in signature.inputs]
    assert steered == [name for name in found if name != "neighbours"]
    defaults = {name: column.default for name, column in found["generate"].inputs.items()}
    assert {name: value for name, value in defaults.items() if value is not None} == {
        "max_tokens": 7, "temperature": 0.3, "top_k": 0, "top_p": 1.0, "seed": 0,
    }  # fmt: skip
    for signature in found.values():
        for example in signature.examples:
            assert example.keys() <= signature.inputs.keys()
