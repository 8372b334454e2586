"""Power in bands beside SciPy's periodogram."""

import numpy as np
import pytest
from scipy import signal

from seqapps.errors import UserError
from seqapps.series.transforms.spectrum import band_energies, band_energies_by_period

BATCH, CHANNELS, RATE = 3, 2, 997.0
EDGES = [0, 53.0, 211, 499 - 0.5]


@pytest.mark.parametrize("window", ["hann", "boxcar"])
@pytest.mark.parametrize("lookback", [127, 128])
def test_bands_hold_the_sum_of_the_periodogram(lookback, window):
    values = 11 + np.random.default_rng(0).normal(size=[BATCH, lookback, CHANNELS])
    frequency, power = signal.periodogram(
        values, RATE, window=window, detrend="constant", scaling="density", axis=1
    )
    power = power * RATE / lookback
    given = band_energies(lookback, RATE, EDGES, window=window).of(values)
    assert given.shape == (BATCH, 3, CHANNELS)
    for band in range(3):
        inside = (frequency >= EDGES[band]) & (frequency < EDGES[band + 1])
        if band == 2:
            inside |= frequency == EDGES[3]
        np.testing.assert_allclose(given[:, band], power[:, inside].sum(axis=1), atol=1e-12)


def test_a_sine_gives_half_its_squared_amplitude_in_its_band():
    wave = 3 * np.sin(2 * np.pi * 101 * np.arange(512) / RATE)
    energies = band_energies(512, RATE, EDGES).of(wave[None, :, None])
    np.testing.assert_allclose(energies[0, :, 0], [0, 4.5, 0], atol=0.01)


def test_without_a_window_all_bands_give_the_variance():
    values = np.random.default_rng(1).normal(size=[BATCH, 101, CHANNELS])
    energies = band_energies(101, 1, [0, 0.1, 0.5], window="boxcar").of(values)
    np.testing.assert_allclose(np.sum(energies, axis=1), np.var(values, axis=1))


def test_half_the_rate_belongs_to_the_last_band():
    turning = (-1.0) ** np.arange(64)
    energies = band_energies(64, 2, [0, 0.5, 1], window="boxcar").of(turning[None, :, None])
    np.testing.assert_allclose(energies[0, :, 0], [0, 1], atol=1e-12)


def test_an_edge_that_is_a_frequency_belongs_to_the_upper_band_alone():
    """Bin 43 of 172 at 25.6 Hz is 6.4 Hz, which rounding makes 6.3999999999999995."""
    assert 43 * 25.6 / 172 < 6.4
    wave = np.sin(2 * np.pi * 43 * np.arange(172) / 172)
    energies = band_energies(172, 25.6, [0, 6.4, 12.8], window="boxcar").of(wave[None, :, None])
    np.testing.assert_allclose(energies[0, :, 0], [0, 0.5], atol=1e-9)


def test_bands_may_be_given_as_periods():
    values = np.random.default_rng(2).normal(size=[1, 97, 1])
    given = band_energies_by_period(97, [float("inf"), 24, 7, 2]).of(values)
    np.testing.assert_allclose(given, band_energies(97, 1, [0, 1 / 24, 1 / 7, 0.5]).of(values))


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([0, 600], "at most 498.5 Hz"),
        ([50, 10], "rising frequencies"),
        ([50], "rising frequencies"),
        ([0, 10, 12], r"lies from 10 to 12 Hz; they are 7.85\d* Hz apart"),
    ],
)
def test_bands_that_a_window_cannot_tell_are_refused(edges, message):
    with pytest.raises(UserError, match=message):
        band_energies(127, RATE, edges)
