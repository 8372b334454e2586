"""A moving average sees small shifts that last, in the spread that averages really have."""

import numpy as np

from seqapps.baselines.moving_average_chart import MovingAverage, averaged


def test_averages_are_those_of_the_last_steps_there_are():
    values = np.arange(14.0).reshape(7, 2)
    found = averaged(values, 3)
    for step in range(7):
        np.testing.assert_allclose(found[step], values[max(0, step - 2) : step + 1].mean(axis=0))
    np.testing.assert_array_equal(averaged(values, 1), values)


def test_a_small_shift_that_lasts_is_seen_and_named():
    random = np.random.default_rng(5)
    normal, later = random.normal(size=(2000, 3)), random.normal(size=(200, 3))
    later[100:, 1] += 1.5
    chart = MovingAverage.fit(normal, steps=20)
    found = chart.score(later)
    usual = chart.score(normal).scores
    assert found.scores[130:].min() > np.quantile(usual, 0.99)
    assert (found.contributions[130:].argmax(axis=1) == 1).all()


def test_a_sensor_that_wanders_has_to_wander_further():
    random = np.random.default_rng(5)
    wandering = np.zeros(5000)
    for step in range(1, 5000):
        wandering[step] = 0.98 * wandering[step - 1] + random.normal()
    chart = MovingAverage.fit(np.stack([wandering, random.normal(size=5000)], axis=1), steps=20)
    assert chart.spread[0] > 3 * chart.spread[1]


def test_gaps_and_a_constant_sensor_give_numbers():
    normal = np.random.default_rng(5).normal(size=(100, 2))
    normal[:, 1] = 7
    normal[3, 0] = np.nan
    found = MovingAverage.fit(normal).score(np.array([[np.nan, 7], [0.3, 8], [np.inf, np.nan]]))
    assert np.isfinite(found.scores).all()
    assert found.contributions[1].argmax() == 1
