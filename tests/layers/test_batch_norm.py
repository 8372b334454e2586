"""Batch normalisation after no, few and many batches."""

import keras
import numpy as np

from seqapps.layers.batch_norm import BatchNorm

VALUES = np.random.default_rng(0).normal([3.0, -1.0], [0.1, 2.0], [512, 2]).astype("float32")


def test_after_one_batch_answers_are_what_training_gave():
    layer = BatchNorm()
    trained = layer(VALUES, training=True)
    np.testing.assert_allclose(layer(VALUES), trained, atol=1e-3)


def test_before_any_batch_nothing_is_changed():
    np.testing.assert_allclose(BatchNorm(epsilon=0.0)(VALUES), VALUES, atol=1e-6)


def test_after_many_batches_it_is_keras():
    ours, theirs = BatchNorm(momentum=0.5), keras.layers.BatchNormalization(momentum=0.5)
    for _ in range(30):
        np.testing.assert_allclose(
            ours(VALUES, training=True), theirs(VALUES, training=True), atol=1e-5
        )
    np.testing.assert_allclose(ours(VALUES), theirs(VALUES), atol=1e-5)


def test_it_is_made_anew_from_its_configuration():
    config = BatchNorm(momentum=0.7).get_config()
    assert BatchNorm.from_config(config).get_config() == config
