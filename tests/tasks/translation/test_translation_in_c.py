"""A translator of subwords answers by TensorFlow's C interface, as TF Serving loads it."""

import pytest
from in_c import SENTENCEPIECE, assert_alike, saved, told_in_c
from seqapps.tasks.translation.task import TASK

TEXTS = ["나는 고양이를 봤다.", "", "책 책 책 책 책 책", "zebra 🦓"]


@pytest.mark.parametrize("encoder", ["lstm", pytest.param("attention", marks=pytest.mark.long)])
def test_the_bare_c_runtime_translates_as_the_model_does(made, encoder, tmp_path):
    translator = made(encoder=encoder, tokens="subwords", shared_vocabulary=True, vocabulary=307)
    folder = saved(tmp_path / "export", TASK, translator.settings, *translator.built)
    expected = translator.ask("serving_default", [{"source": text} for text in TEXTS])
    assert_alike(told_in_c(folder, {"source": TEXTS}, SENTENCEPIECE), expected, TASK.answer)
