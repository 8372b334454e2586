"""TensorBoard's files hold every round once, whatever came between."""

import pytest
import tensorflow as tf

from seqapps.training.events import Events

HISTORY = [
    {
        "round": 1,
        "steps": 5,
        "loss": 0.75,
        "valid_accuracy": 0.5,
        "seconds": 1.5,
        "cpu_seconds": 2.5,
    },
    {
        "round": 2,
        "steps": 7,
        "loss": 0.5,
        "valid_accuracy": 0.625,
        "seconds": 1.0,
        "cpu_seconds": 1.5,
    },
]
GRADIENTS = [{"round": 1, "layers": {"lstm": 2.0}}, {"round": 2, "layers": {"lstm": 4.0}}]


def scalars(folder) -> list[tuple[int, str, float]]:
    """(step, tag, value) of all files, as TensorBoard reads them."""
    return [
        (event.step, value.tag, float(tf.make_ndarray(value.tensor)))
        for file in sorted(folder.iterdir())
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
        if value.metadata.plugin_data.plugin_name == "scalars"
    ]


@pytest.fixture
def expected():
    return [
        (5, "training/loss", 0.75), (5, "validation/accuracy", 0.5), (5, "training/seconds", 1.5),
        (5, "gradient/lstm", 2.0),
        (12, "training/loss", 0.5), (12, "validation/accuracy", 0.625),
        (12, "training/seconds", 1.0), (12, "gradient/lstm", 4.0),
    ]  # fmt: skip


def test_every_round_is_a_step_with_all_its_figures(tmp_path, expected):
    events = Events(tmp_path / "events", [], [])
    for entry, found in zip(HISTORY, GRADIENTS, strict=True):
        events.add(entry, found["layers"])
    assert scalars(tmp_path / "events") == expected


def test_a_round_that_a_kill_undid_is_there_once(tmp_path, expected):
    """Written, lost before its checkpoint, and written again by the next process."""
    lost = Events(tmp_path / "events", HISTORY[:1], GRADIENTS[:1])
    lost.add(HISTORY[1] | {"loss": 99.0}, GRADIENTS[1]["layers"])
    again = Events(tmp_path / "events", HISTORY[:1], GRADIENTS[:1])
    again.add(HISTORY[1], GRADIENTS[1]["layers"])
    assert scalars(tmp_path / "events") == expected
