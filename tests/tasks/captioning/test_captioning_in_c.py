"""A captioner answers by TensorFlow's C interface, as TF Serving loads it."""

import pytest
from drawn_pictures import drawn
from in_c import assert_alike, saved, told_in_c
from seqapps.tasks.captioning.task import TASK

PICTURES = [
    drawn("red"), drawn("blue", place=19, kind="JPEG"), drawn("grey", kind="BMP"),
    drawn("white", size=(11, 7), kind="GIF"),
]  # fmt: skip


@pytest.mark.long
def test_the_bare_c_runtime_describes_as_the_model_does(made, encoder, tmp_path):
    """Of files of every kind, with a frozen encoder and beam search in the graph."""
    captioner = made(image_encoder=encoder)
    folder = saved(tmp_path / "export", TASK, captioner.settings, *captioner.built)
    expected = captioner.ask("serving_default", [{"image_bytes": each} for each in PICTURES])
    assert_alike(told_in_c(folder, {"image_bytes": PICTURES}), expected, TASK.answer)
