"""From states to scores of all tokens, by hand."""

import keras
import numpy as np
import pytest

from seqapps.layers.scorer import LAYERS, scorer

VOCABULARY, UNITS, SIZE = 13, 7, 5
STATES = np.random.default_rng(0).normal(size=[2, 3, UNITS]).astype("float32")


def model(scored):
    states = keras.Input([None, UNITS])
    return keras.Model(states, scored(states))


def embedding(size):
    found = keras.layers.Embedding(VOCABULARY, size)
    found.build([None, None])
    return found


def test_scores_of_weights_of_their_own():
    found = model(scorer(VOCABULARY, UNITS, dropout=0.3))
    layer = found.get_layer("logits")
    np.testing.assert_allclose(found(STATES), STATES @ layer.kernel + layer.bias, atol=1e-5)


@pytest.mark.parametrize("size", [UNITS, SIZE])
def test_tied_scores_are_products_with_the_vectors(size):
    """Behind a projection where these are of another size."""
    vectors = embedding(size)
    found = model(scorer(VOCABULARY, UNITS, dropout=0.3, tied=vectors))
    names = {layer.name for layer in found.layers}
    assert [name for name in LAYERS if name in names] == [*LAYERS[size == UNITS :]]
    hidden = STATES
    if size != UNITS:
        projection = found.get_layer("projection")
        hidden = STATES @ projection.kernel + projection.bias
    np.testing.assert_allclose(found(STATES), hidden @ vectors.embeddings.numpy().T, atol=1e-5)


def test_training_leaves_states_out():
    found = model(scorer(VOCABULARY, UNITS, dropout=0.5))
    one, other = (np.asarray(found(STATES, training=True)) for _ in range(2))
    assert np.abs(one - other).max() > 1e-3
