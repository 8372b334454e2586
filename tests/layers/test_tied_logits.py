"""Tokens are scored by the vectors that they are read as."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.layers.tied_logits import TiedLogits

BATCH, TIME, VOCABULARY, SIZE = 3, 5, 7, 2


@pytest.fixture
def layers():
    """(the embedding, what scores by it), with weights that are known."""
    embedding = keras.layers.Embedding(VOCABULARY, SIZE)
    embedding.build([BATCH, TIME])
    random = np.random.default_rng(0)
    embedding.set_weights([random.normal(size=[VOCABULARY, SIZE])])
    tied = TiedLogits(embedding)
    tied.build([BATCH, TIME, SIZE])
    tied.bias.assign(random.normal(size=[VOCABULARY]))
    return embedding, tied


@pytest.mark.parametrize("shape", [[BATCH, SIZE], [BATCH, TIME, SIZE]], ids=str)
def test_a_score_is_a_product_with_the_tokens_vector_and_a_bias(layers, shape):
    embedding, tied = layers
    states = np.random.default_rng(1).normal(size=shape).astype("float32")
    expected = states @ embedding.get_weights()[0].T + tied.bias.numpy()
    np.testing.assert_allclose(tied(states), expected, rtol=1e-5, atol=1e-6)


def test_the_vectors_get_the_gradients_of_both_uses(layers):
    """Of the sum of scores s * e: that of reading, sum of e over all tokens, is of the token read
    only; that of scoring, s, is of every token."""
    embedding, tied = layers
    vectors = embedding.get_weights()[0]
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tied(embedding(tf.constant([[4]]))))
    gradient = tape.gradient(total, embedding.embeddings.value)
    expected = np.tile(vectors[4], [VOCABULARY, 1])
    expected[4] += vectors.sum(axis=0)
    np.testing.assert_allclose(tf.convert_to_tensor(gradient), expected, rtol=1e-5)


def test_a_model_counts_the_vectors_once_and_trains_them(layers):
    embedding, tied = layers
    ids = keras.Input([None], dtype="int32")
    model = keras.Model(ids, tied(embedding(ids)))
    assert [tuple(weight.shape) for weight in model.weights] == [(VOCABULARY, SIZE), (VOCABULARY,)]
    assert model.count_params() == VOCABULARY * SIZE + VOCABULARY
    before = embedding.get_weights()[0]
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(np.ones([BATCH, TIME]), np.full([BATCH, TIME], 6), verbose=0)
    assert (embedding.get_weights()[0] != before).all()
