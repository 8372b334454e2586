"""Several captions of a picture, apart and together again."""

import numpy as np

from seqapps.layers.several import Apart, ForEach, Together

ROWS, TIME, SEVERAL, SIZE = 2, 5, 3, 7
IDS = np.arange(ROWS * TIME * SEVERAL).reshape(ROWS, TIME, SEVERAL)


def test_apart_each_sequence_is_a_row():
    found = np.asarray(Apart()(IDS))
    assert found.shape == (ROWS * SEVERAL, TIME)
    np.testing.assert_array_equal(found[1 * SEVERAL + 2], IDS[1, :, 2])


def test_what_they_share_is_beside_each():
    values = np.random.default_rng(0).normal(size=[ROWS, 4, SIZE]).astype("float32")
    found = np.asarray(ForEach()(values, IDS))
    assert found.shape == (ROWS * SEVERAL, 4, SIZE)
    np.testing.assert_array_equal(found, np.repeat(values, SEVERAL, axis=0))


def test_together_they_are_where_they_were():
    logits = np.asarray(Apart()(IDS))[..., None] * np.ones(SIZE, "float32")
    found = np.asarray(Together()(logits, IDS))
    np.testing.assert_array_equal(found, IDS[..., None] * np.ones(SIZE))
