"""What clients send to an exported model: each row has a defined answer, and no neighbour's."""

import pytest
import tensorflow as tf
from seqapps.tasks.language_model.task import TASK

from seqapps.export.signatures import module_of
from seqapps.predict import answer_raw, load_export, signature

pytestmark = pytest.mark.long

ENORMOUS = 2**31 - 1
WARM = {"temperature": 1.0}
# (asked, what the same answer is given to)
STRANGE = {
    "temperature not a number": ({"temperature": float("nan")}, {"temperature": 0.0}),
    "temperature below 0": ({"temperature": -1.0}, {"temperature": 0.0}),
    "top_p 0": ({**WARM, "top_p": 0.0}, {"temperature": 0.0}),
    "top_p 2": ({**WARM, "top_p": 2.0}, {**WARM, "top_p": 1.0}),
    "top_p not a number": ({**WARM, "top_p": float("nan")}, {**WARM, "top_p": 1.0}),
    "max_tokens enormous": ({"max_tokens": ENORMOUS}, {"max_tokens": 41}),
    "an unknown author": ({**WARM, "author": "Zoe"}, {**WARM, "author": ""}),
}
NOTHING = {"max_tokens": 0}
UNKNOWN = {"prompt": "猫と犬"}
ASKED = {
    "prompt": "The cat", "author": "Ann", "max_tokens": 13, "temperature": 0.0, "top_k": 0,
    "top_p": 1.0, "seed": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def told(made, tmp_path_factory):
    """The answers to all, in one batch: by name of the case, and of what is like it."""
    one = made(condition="author")
    folder = tmp_path_factory.mktemp("language_model_exported")
    module, functions = module_of(one.task, one.settings, one.model, one.features)
    tf.saved_model.save(module, str(folder), signatures=functions)
    generate = signature(load_export(folder), "generate", folder)
    wanted = {"nothing": NOTHING, "unknown": UNKNOWN, "other unknown": {"prompt": "☃☃☃"}}
    for name, (asked, like) in STRANGE.items():
        wanted |= {name: asked, f"like {name}": like}
    rows = [{**ASKED, **each} for each in wanted.values()]
    inputs = TASK.under(one.settings).declared(one.settings)["generate"].inputs
    return dict(zip(wanted, answer_raw(generate, rows, inputs), strict=True))


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_value_is_answered_as_the_nearest_with_a_meaning(told, name):
    assert told[name]["text"] == told[f"like {name}"]["text"]
    expected = told[f"like {name}"]["log_probability"]
    assert told[name]["log_probability"] == pytest.approx(expected, rel=1e-4)
    assert told[name]["continuation"]


def test_the_answers_differ_where_the_values_do(told):
    assert len({told[name]["text"] for name in STRANGE}) >= 4


def test_no_token_is_written_where_none_is_asked_for(told):
    assert told["nothing"] == {"text": "The cat", "continuation": "", "log_probability": 0.0}


def test_a_prompt_of_unknown_characters_comes_back_and_is_gone_on_from(told):
    found = told["unknown"]
    assert found["continuation"]
    assert found["text"] == UNKNOWN["prompt"] + found["continuation"]
    assert found["continuation"] == told["other unknown"]["continuation"]
