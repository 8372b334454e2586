"""Shares of steps in states, by plain products of matrices."""

import keras
import numpy as np

from seqapps.layers.attention import attention_block
from seqapps.layers.rollout import attention_rollout

BATCH, TIME, UNITS, HEADS = 3, 7, 10, 2
VECTORS = np.random.default_rng(0).normal(size=[BATCH, TIME, UNITS]).astype("float32")


def softmax(scores):
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def weights_of(layer, states):
    """The mean of the heads' weights [batch, time, source], from what the layer has learnt."""
    query, query_bias, key, key_bias = (weight.numpy() for weight in layer.weights[:4])
    heads = []
    for head in range(HEADS):
        asked = states @ query[:, head] + query_bias[head]  # [batch, time, size]
        told = states @ key[:, head] + key_bias[head]
        heads.append(softmax(asked @ told.transpose(0, 2, 1) / np.sqrt(UNITS // HEADS)))
    return np.mean(heads, axis=0)


def test_two_blocks_multiply_and_half_of_each_goes_past_its_attention():
    inputs = keras.Input([TIME, UNITS])
    states = inputs
    for name in ("one", "two"):
        states = attention_block(states, heads=HEADS, dropout=0.4, name=name)
    model = keras.Model(inputs, states)
    random = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(random.normal(size=variable.shape))
    entries = [model.get_layer(f"{name}_norm_1").output for name in ("one", "two")]
    first, second = (
        (weights_of(model.get_layer(f"{name}_attention"), states.numpy()) + np.eye(TIME)) / 2
        for name, states in zip(("one", "two"), keras.Model(inputs, entries)(VECTORS), strict=True)
    )
    found = attention_rollout(model, VECTORS, blocks=["one", "two"])
    np.testing.assert_allclose(found, second @ first, atol=1e-5)
    np.testing.assert_allclose(np.sum(found, axis=-1), 1, atol=1e-5)
    alone = attention_rollout(model, VECTORS, blocks=["one"])
    np.testing.assert_allclose(alone, first, atol=1e-5)
