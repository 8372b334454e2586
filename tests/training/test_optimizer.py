"""The optimizer that the settings ask for."""

import dataclasses

import keras
import numpy as np
import pytest

from seqapps.errors import UserError
from seqapps.settings import replace
from seqapps.training.adam import Adam
from seqapps.training.optimizer import Optimization, optimizer_of


def settings(**changes) -> Optimization:
    return replace(Optimization(), changes, where="test")


def weights_after(optimizer, *gradients) -> list[np.ndarray]:
    """A kernel and a bias of ones after these steps; both get the same gradient."""
    layer = keras.layers.Dense(3)
    layer.build([None, 2])
    for variable in layer.trainable_variables:
        variable.assign(np.ones(variable.shape))
    for gradient in gradients:
        values = [keras.ops.full(v.shape, gradient) for v in layer.trainable_variables]
        optimizer.apply(values, layer.trainable_variables)
    return [np.asarray(variable) for variable in layer.trainable_variables]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("adam", Adam),
        ("sgd", keras.optimizers.SGD),
        ("rmsprop", keras.optimizers.RMSprop),
    ],
)
def test_the_setting_names_the_kind(name, kind):
    assert type(optimizer_of(settings(optimizer=name))) is kind


def test_without_further_settings_it_is_plain_adam_clipped_at_1():
    plain = keras.optimizers.Adam(1e-3, global_clipnorm=1.0)
    for ours, theirs in zip(
        weights_after(optimizer_of(settings()), 5.0, 0.1), weights_after(plain, 5.0, 0.1),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_array_equal(ours, theirs)


def test_sgd_has_momentum():
    """Gradient 1 twice, rate 0.1: 1 - 0.1 - 0.1 (0.9 + 1)."""
    kernel, _ = weights_after(
        optimizer_of(settings(optimizer="sgd", learning_rate=0.1, clip_norm=0.0)), 1.0, 1.0
    )
    np.testing.assert_allclose(kernel, 0.71, rtol=1e-6)


def test_gradients_are_clipped_by_global_norm():
    """Nine ones have length 3; clipped to 1.5 each is a half."""
    kernel, bias = weights_after(
        optimizer_of(settings(optimizer="sgd", learning_rate=0.1, clip_norm=1.5)), 1.0
    )
    np.testing.assert_allclose(kernel, 0.95, rtol=1e-6)
    np.testing.assert_allclose(bias, 0.95, rtol=1e-6)


def test_a_clip_norm_of_0_clips_nothing():
    optimizer = optimizer_of(settings(optimizer="sgd", learning_rate=0.1, clip_norm=0.0))
    kernel, _ = weights_after(optimizer, 70.0)
    np.testing.assert_allclose(kernel, -6.0, rtol=1e-6)


def test_weight_decay_shrinks_kernels_and_no_biases():
    """Nothing to learn, rate 0.1, decay 0.2: the kernel loses 2 %."""
    kernel, bias = weights_after(
        optimizer_of(settings(optimizer="sgd", learning_rate=0.1, weight_decay=0.2)), 0.0
    )
    np.testing.assert_allclose(kernel, 0.98, rtol=1e-6)
    np.testing.assert_array_equal(bias, 1.0)


def test_a_schedule_that_starts_at_the_end_of_the_warm_up_needs_one():
    message = r"--set .*: schedule = 'inverse_square_root' .* warm_up must be above 0"
    with pytest.raises(UserError, match=message):
        replace(Optimization(), {"schedule": "inverse_square_root"}, where="--set schedule=...")


def test_a_task_gives_its_own_defaults_and_shows_its_own_settings_first(sentiment):
    from seqapps.settings import as_dict

    names = list(as_dict(sentiment.settings))
    assert names[0] == "representation"
    assert names.index("learning_rate") < names.index("optimizer") < names.index("clip_norm")
    assert (sentiment.settings.learning_rate, sentiment.settings.clip_norm) == (2e-3, 1.0)
    inherited = {field.name for field in dataclasses.fields(Optimization)}
    assert inherited <= set(names)
