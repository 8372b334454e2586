"""Periods are found where there are any, and only there."""

import numpy as np
import pytest
from scipy.signal import lfilter

from seqapps.series.periods import periods_of, season_of


def noise(seed, time, phi=0.0):
    """An AR(1) process, [time]."""
    random = np.random.default_rng(seed).normal(size=time + 211)
    return lfilter([1], [1, -phi], random)[211:]


def wave(time, period):
    return np.sin(2 * np.pi * np.arange(time) / period)


@pytest.mark.parametrize("period", [2.5, 3.43, 7, 41.7, 199])
def test_the_period_of_a_wave_in_noise_is_found(period):
    values = wave(1499, period) + noise(0, 1499)
    found = periods_of(values)
    assert len(found) == 1
    assert found[0].steps == pytest.approx(period, rel=0.01)


def test_a_wave_on_a_curved_trend_and_red_noise_is_found():
    time = np.arange(997)
    values = 0.0001 * (time - 311) ** 2 + 2 * wave(997, 23) + noise(1, 997, phi=0.9)
    assert season_of(values) == 23


def test_the_share_of_the_variance_is_what_the_wave_has():
    """A wave of amplitude 2 has a variance of 2, beside 1 of the noise."""
    values = 2 * wave(2999, 29) + noise(2, 2999)
    assert periods_of(values)[0].share == pytest.approx(2 / 3, abs=0.04)


def test_what_repeats_at_whole_fractions_of_a_period_is_its_shape():
    """A pulse of 3 in 24 steps has a harmonic at 12, 8, 6 ... steps, and one period."""
    values = 3.0 * (np.arange(1201) % 24 < 3) + 0.5 * noise(3, 1201)
    found = periods_of(values)
    assert [round(each.steps) for each in found] == [24]
    assert found[0].harmonics[:3] == (2, 3, 4)


def test_the_day_is_a_period_beside_the_week():
    hours = np.arange(24 * 7 * 13)
    values = 2 * wave(len(hours), 24) + 1.0 * (hours % 168 < 48) + 0.5 * noise(4, len(hours))
    assert [round(each.steps) for each in periods_of(values)] == [24, 168]


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, 0.99, 1.0])
def test_red_noise_has_a_period_in_few_of_a_hundred_series(phi):
    """The threshold is made for 1 of 100; 5 are what chance leaves room for."""
    found = [season_of(noise(seed, 499, phi)) > 1 for seed in range(100)]
    assert sum(found) <= 5


def test_a_period_stays_when_a_third_of_the_steps_is_missing():
    values = wave(1009, 17) + 0.3 * noise(5, 1009)
    values[np.random.default_rng(0).permutation(1009)[:337]] = np.nan
    values[503:541] = np.nan
    assert season_of(values) == 17


@pytest.mark.parametrize(
    "values",
    [np.full(101, 3.0), np.arange(101.0), np.full(101, np.nan), np.array([]), wave(13, 3)],
    ids=["constant", "line", "all missing", "empty", "short"],
)
def test_a_series_without_anything_to_repeat_has_a_season_of_one(values):
    assert periods_of(values) == ()
    assert season_of(values) == 1


def test_the_unit_of_the_values_changes_nothing():
    values = wave(499, 12) + noise(6, 499)
    one, other = periods_of(values)[0], periods_of(1e6 * values - 3e7)[0]
    assert one.steps == other.steps
    assert one.share == pytest.approx(other.share, rel=1e-6)
