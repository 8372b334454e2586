"""Self-attention sees what it may, and knows where."""

import keras
import numpy as np
import tensorflow as tf

from seqapps.layers.attention import SinusoidalPositions, attention_block

BATCH, TIME, UNITS = 3, 7, 10
VECTORS = np.random.default_rng(0).normal(size=[BATCH, TIME, UNITS]).astype("float32")


def test_a_step_alone_has_the_place_it_has_among_others():
    layer = SinusoidalPositions()
    whole = layer(VECTORS)
    for place in range(TIME):
        one = layer.at(VECTORS[:, place : place + 1], tf.constant(place))
        np.testing.assert_allclose(one[:, 0], whole[:, place], atol=1e-6)


def test_no_step_sees_what_the_mask_leaves_out():
    inputs, mask = keras.Input([None, UNITS]), keras.Input([None], dtype="bool")
    block = attention_block(inputs, heads=2, dropout=0.0, mask=mask, name="block")
    model = keras.Model([inputs, mask], block)
    real = tf.sequence_mask([7, 4, 1], TIME)
    other = np.where(real.numpy()[:, :, None], VECTORS, 17.0).astype("float32")
    one, changed = (model([tf.constant(values), real]).numpy() for values in (VECTORS, other))
    np.testing.assert_allclose(one[real.numpy()], changed[real.numpy()], atol=1e-5)
