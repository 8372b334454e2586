"""Whatever the settings, each word has a score for each tag, and padding says nothing."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from seqapps.tasks.tagging.features import TagFeatures
from seqapps.tasks.tagging.model import build_model, tag_cross_entropy
from seqapps.tasks.tagging.task import TASK

STATE = {
    "words": ["the", "watch"],
    "counts": np.array([7, 3], "float32"),
    "characters": ["t", "h", "e", "w", "a", "c"],
    "tags": ["DET", "NOUN", "VERB"],
}
OPTIONS = [
    {"characters": 0},
    {"encoder": "gru", "layers": 2},
    {"bidirectional": False},
    {"vectors": "given"},
    {"precision": "mixed_bfloat16"},
]


@pytest.mark.parametrize("values", OPTIONS, ids=str)
def test_a_row_is_answered_alike_alone_and_beside_a_longer_one(values):
    settings = replace(TASK.tiny, **values)
    state = {**STATE, **({"vectors": np.eye(2, 5, dtype="float32")} if "vectors" in values else {})}
    features = TagFeatures(settings, state)
    model = build_model(settings, features)
    one = {"text": tf.constant(["The watch"])}
    two = {"text": tf.constant(["The watch", "the watch the watches the"])}
    alone, beside = features.respond(model, one), features.respond(model, two)
    assert alone["tags"].shape == (1, 2)
    np.testing.assert_array_equal(alone["tags"][0], beside["tags"][0, :2])
    np.testing.assert_allclose(alone["scores"][0], beside["scores"][0, :2], atol=1e-5)
    assert set(beside["tags"].numpy()[0, 2:].tolist()) == {b""}


def test_given_vectors_are_those_of_their_words():
    settings = replace(TASK.tiny, vectors="given")
    features = TagFeatures(settings, {**STATE, "vectors": np.eye(2, 5, dtype="float32")})
    layer = build_model(settings, features).get_layer("given_vectors")
    expected = np.concatenate([np.zeros([2, 5]), np.eye(2, 5)])
    np.testing.assert_array_equal(np.asarray(layer.embeddings), expected)


def test_the_loss_is_the_mean_over_words_without_padding():
    """Uniform scores of 3 tags cost log 3 a word; a padded step with any scores costs nothing."""
    logits = np.zeros([2, 5, 3], "float32")
    logits[1, 3:] = [[9, -9, 0], [0, 3, 1]]
    targets = np.array([[1, 2, 3, 1, 1], [2, 2, 3, 0, 0]])
    loss = np.asarray(tag_cross_entropy(targets, logits)).mean()
    assert loss == pytest.approx(np.log(3), rel=1e-6)


def test_a_right_tag_is_the_target_less_one():
    """Targets count from 1, as 0 is padding: the first of the scores is that of the target 1."""
    logits = np.array([[[20.0, 0, 0], [0, 0, 20.0]]], "float32")
    assert np.asarray(tag_cross_entropy(np.array([[1, 3]]), logits)).max() < 1e-6
