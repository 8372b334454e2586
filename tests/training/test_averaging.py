"""Averages are what is judged; the raw weights are what training goes on with."""

import keras
import numpy as np

from seqapps.training.averaging import KeepsRaw, put_averages

INPUTS = np.random.default_rng(0).normal(size=[7, 3])
TARGETS = np.random.default_rng(1).normal(size=[7, 2])
KEEPS = 0.75


def model_of(**options):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9, **options), "mse")
    return model


def step(model, *callbacks) -> None:
    """A round of one step."""
    model.fit(
        INPUTS, TARGETS, batch_size=7, epochs=1, shuffle=False, verbose=0, callbacks=[*callbacks]
    )


def weights(model) -> list[np.ndarray]:
    return [np.array(weight) for weight in model.get_weights()]


def assert_close(received, expected) -> None:
    for one, other in zip(received, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_round_ends_with_the_averages_and_the_next_starts_from_the_raw_weights():
    """The averages follow from the weights of a training that averages none."""
    plain, averaged = model_of(), model_of(use_ema=True, ema_momentum=KEEPS)
    raw, average = KeepsRaw(), None
    for _ in range(4):
        step(plain)
        step(averaged, raw)
        now = weights(plain)
        average = now if average is None else [
            KEEPS * old + (1 - KEEPS) * new for old, new in zip(average, now, strict=True)
        ]  # fmt: skip
        assert_close(weights(averaged), average)
        raw.put_back()
        for one, other in zip(weights(averaged), now, strict=True):
            np.testing.assert_array_equal(one, other)
    put_averages(averaged)
    assert_close(weights(averaged), average)


def test_where_nothing_is_averaged_nothing_is_touched():
    model, raw = model_of(), KeepsRaw()
    step(model, raw)
    before = weights(model)
    raw.put_back()
    put_averages(model)
    for one, other in zip(weights(model), before, strict=True):
        np.testing.assert_array_equal(one, other)
