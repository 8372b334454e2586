"""Which tokens are frequent is told from texts that come by once."""

from dataclasses import replace

import numpy as np
import tensorflow as tf
from seqapps.tasks.language_model.features import LanguageFeatures, fit
from seqapps.tasks.language_model.frequency import Spread
from seqapps.tasks.language_model.model import build_model
from seqapps.tasks.language_model.task import TASK

from seqapps.text.token_ids import BOUNDARY

TEXTS = ["the cat sat on the mat, the cat is fat\n" * 5, "is that a hat? no, that is the cat\n"]


def test_subwords_are_drawn_in_the_order_of_how_often_training_has_them():
    """Though the bytes, which these texts have none of, come first among the ids."""
    settings = replace(TASK.tiny, tokens="subwords", vocabulary=311, sampled=7)
    state = fit(iter([{"text": text} for text in TEXTS]), settings)
    features = LanguageFeatures(settings, state)
    ids = features.codec.encode(tf.constant(TEXTS)).flat_values.numpy()
    counts = np.bincount(ids, minlength=features.codec.size)
    counts[BOUNDARY] = len(TEXTS)
    assert counts[features.codec.bytes].sum() == 0
    order = build_model(settings, features).get_layer("logits")._order
    assert sorted(order) == list(range(features.codec.size))
    assert (np.diff(counts[order]) <= 0).all()
    assert not set(features.codec.bytes) & set(order[: np.count_nonzero(counts)])


def test_texts_are_held_from_all_along_the_stream():
    held = Spread(100)
    for number in range(1000):
        held.add(f"{number:07}")
    kept = [int(text) for text in held.texts]
    assert 7 <= len(kept) <= 14
    assert set(np.diff(kept)) == {kept[1]}
    assert kept[-1] > 800


def test_a_text_that_is_too_long_is_held_in_part():
    held = Spread(10)
    held.add("x" * 23)
    assert held.texts == ["x" * 10]
