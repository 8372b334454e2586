"""The range test sees the loss of each rate, and suggests one before the valley."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from seqapps.errors import RunError, UserError
from seqapps.task import Column, Fixed
from seqapps.training.rate_range import FIRST, LAST, STEPS, find_rate, smooth, suggest

RATES = np.geomspace(FIRST, LAST, STEPS)
CASES = [{"values": values} for values in np.random.default_rng(0).normal(size=[31, 3])]
SETTINGS = SimpleNamespace(batch_size=31, epochs=1)


def task_of(optimizer, made=None):
    """Learn the sum of three numbers; the loss is a paraboloid, so all is known by hand."""

    def build_model(settings, features):
        model = keras.Sequential([keras.Input([3]), keras.layers.Dense(1, use_bias=False)])
        model.compile(optimizer(), "mse")
        if made is not None:
            made.append(model)
        return model

    def pair(batch):
        return batch["values"], keras.ops.sum(batch["values"], axis=-1, keepdims=True)

    return SimpleNamespace(
        build_model=build_model, batching=Fixed(), columns={"values": Column("series", "3", (3,))},
        features=lambda settings, state: SimpleNamespace(pair=pair),
    )  # fmt: skip


def curve(*, falls: float, breaks: float) -> np.ndarray:
    """A loss of 1 that falls by half around one rate and breaks around another, with noise."""
    logs = np.log10(RATES)
    fall = 0.5 / (1 + np.exp(-4 * (logs - np.log10(falls))))
    rise = 40.0 / (1 + np.exp(-8 * (logs - np.log10(breaks))))
    return 1 - fall + rise + np.random.default_rng(0).normal(scale=0.02, size=STEPS)


@pytest.mark.parametrize("falls", [1e-4, 1e-2])
def test_the_suggestion_is_where_the_loss_falls_however_late_it_breaks(falls):
    for breaks in (falls * 100, 1e3):
        assert falls / 4 <= suggest(RATES, curve(falls=falls, breaks=breaks)) <= falls


def test_a_loss_that_never_falls_has_no_suggestion():
    flat = 1 + np.random.default_rng(0).normal(scale=0.02, size=STEPS)
    with pytest.raises(RunError, match="did not fall at any learning rate"):
        suggest(RATES, flat)


def test_a_loss_that_breaks_at_once_has_no_suggestion():
    with pytest.raises(RunError, match="broke at the learning rate 2e-06, after 7 steps"):
        suggest(RATES, np.ones(7))


def test_smoothing_keeps_a_line_and_lags_behind_neither_way():
    line = np.linspace(3, 5, STEPS)
    np.testing.assert_allclose(smooth(line)[20:-20], line[20:-20], rtol=1e-6)
    bump = np.exp(-0.5 * ((np.arange(STEPS) - 61) / 5.0) ** 2)
    assert np.argmax(smooth(bump)) == 61


def test_every_rate_sees_the_loss_that_the_rates_before_it_left(tmp_path):
    """Gradient descent on all cases at once, by hand."""
    made = []
    tried = find_rate(task_of(lambda: keras.optimizers.SGD(0.1), made), SETTINGS, {}, cases=CASES,
                      seed=0, folder=tmp_path)  # fmt: skip
    made.clear()
    values = np.array([case["values"] for case in CASES])
    keras.utils.set_random_seed(0)
    weights = np.asarray(
        task_of(lambda: keras.optimizers.SGD(0.1)).build_model(None, None).weights[0]
    )[:, 0].astype("float64")
    expected = []
    for rate in RATES[: len(tried.losses)]:
        error = values @ weights - values.sum(axis=1)
        expected.append(np.mean(error**2))
        weights = weights - rate * 2 * values.T @ error / len(values)
    np.testing.assert_allclose(tried.losses, expected, rtol=1e-3, atol=1e-3)
    assert 1e-3 < tried.suggested < 0.3
    assert len(tried.losses) == len(tried.rates) == len(tried.smoothed) < STEPS


def test_a_schedule_in_the_optimizer_itself_cannot_be_tried(tmp_path):
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 100)
    task = task_of(lambda: keras.optimizers.SGD(schedule))
    with pytest.raises(UserError, match=r"has a learning-rate schedule of its own"):
        find_rate(task, SETTINGS, {}, cases=CASES, seed=0, folder=tmp_path)


def test_the_suggested_rate_does_not_depend_on_the_rate_that_is_set(tmp_path):
    one, other = (
        find_rate(task_of(lambda r=rate: keras.optimizers.Adam(r)), SETTINGS, {}, cases=CASES,
                  seed=0, folder=tmp_path)
        for rate in (1e-5, 0.5)
    )  # fmt: skip
    np.testing.assert_array_equal(one.losses, other.losses)
    assert one.suggested == other.suggested
