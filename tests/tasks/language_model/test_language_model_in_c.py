"""A language model of subwords writes by TensorFlow's C interface, as TF Serving loads it."""

import pytest
from in_c import SENTENCEPIECE, assert_alike, saved, told_in_c
from seqapps.tasks.language_model.task import TASK, WRITTEN

TEXTS = ["The cat", "", "고양이가", "zebra 🦓"]


@pytest.mark.long
@pytest.mark.parametrize("encoder", ["lstm", "attention"])
def test_the_bare_c_runtime_writes_what_the_model_does(made, encoder, tmp_path):
    writer = made(tokens="subwords", encoder=encoder)
    folder = saved(tmp_path / "export", TASK, writer.settings, *writer.built)
    expected = writer.ask("serving_default", *[{"prompt": text} for text in TEXTS])
    assert all(answer["continuation"] for answer in expected)
    assert_alike(told_in_c(folder, {"prompt": TEXTS}, SENTENCEPIECE), expected, WRITTEN)
