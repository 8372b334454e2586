"""What the optimizer was given is counted, and what is not finite is kept from it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from seqapps.training.watch import Watch, global_norm


@pytest.fixture
def model():
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.1, global_clipnorm=3.0), "mse")
    return model


def give(model, value: float) -> None:
    """Eight gradients of this value: of length |value| sqrt(8)."""
    variables = model.trainable_variables
    model.optimizer.apply_gradients([(tf.fill(v.shape, value), v) for v in variables])


def test_the_mean_norm_and_the_share_of_clipped_steps(model):
    watch = Watch(model)
    watch.start()
    for value in (1.0, -2.0, 0.5, 1.5):
        give(model, value)
    received = watch.columns(4)
    assert received == pytest.approx({"gradient_norm": 1.25 * 8**0.5, "clipped": 0.5})


def test_a_round_starts_at_nothing(model):
    watch = Watch(model)
    give(model, 70.0)
    watch.start()
    give(model, 1.0)
    assert watch.columns(1) == pytest.approx({"gradient_norm": 8**0.5, "clipped": 0.0})


def test_a_norm_is_that_of_keras_clipping_rows_of_an_embedding_too():
    from keras.src.optimizers.base_optimizer import global_norm as of_keras

    rows = tf.IndexedSlices(tf.constant([[3.0], [4.0]]), tf.constant([1, 1]), tf.constant([5, 1]))
    gradients = [tf.constant([12.0]), rows]
    assert float(global_norm([*gradients, None])) == pytest.approx(13.0)
    assert float(of_keras(gradients)) == pytest.approx(13.0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_leaves_weights_and_moments_as_they_were(model, value):
    watch = Watch(model)
    watch.start()
    give(model, 1.0)
    assert not watch.broken
    before = [np.asarray(v).copy() for v in [*model.variables, *model.optimizer.variables]]
    give(model, value)
    assert watch.broken
    for now, then in zip([*model.variables, *model.optimizer.variables], before, strict=True):
        np.testing.assert_array_equal(now, then)
    watch.start()
    assert not watch.broken


def test_steps_are_the_same_with_and_without_it():
    def trained(watched: bool) -> list[np.ndarray]:
        keras.utils.set_random_seed(5)
        model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2)])
        model.compile(keras.optimizers.Adam(0.1, global_clipnorm=0.5), "mse")
        if watched:
            Watch(model)
        random = np.random.default_rng(0)
        model.fit(random.normal(size=[8, 3]), random.normal(size=[8, 2]), batch_size=2, verbose=0,
                  shuffle=False)  # fmt: skip
        return model.get_weights()

    for one, other in zip(trained(True), trained(False), strict=True):
        np.testing.assert_array_equal(one, other)
