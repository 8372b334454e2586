"""Wavelets beside PyWavelets' own answers, window by window."""

import numpy as np
import pytest
import pywt

from seqapps.errors import UserError
from seqapps.series.transforms.matrix import apply, look_ahead
from seqapps.series.transforms.wavelets import (
    bands,
    denoise,
    packet_energies,
    packets,
    transform,
)

BATCH, LOOKBACK, CHANNELS = 3, 101, 2
RANDOM = np.random.default_rng(0)
STEPS = np.arange(LOOKBACK)
CLEAN = np.sign(np.sin(STEPS / 17)) * 5 + np.cos(STEPS / 11)
VALUES = CLEAN[:, None] + RANDOM.normal(size=[BATCH, LOOKBACK, CHANNELS]) * [0.3, 1.3]
WAYS = [("haar", None, "symmetric"), ("db4", 3, "symmetric"), ("sym5", 2, "periodization")]


@pytest.mark.parametrize(("wavelet", "levels", "mode"), WAYS)
def test_the_bands_add_up_to_the_window(wavelet, levels, mode):
    matrices = transform(LOOKBACK, wavelet, levels=levels, mode=mode)
    parts = apply(bands(matrices), VALUES).numpy()
    parts = parts.reshape(BATCH, len(matrices.sizes), LOOKBACK, CHANNELS)
    np.testing.assert_allclose(parts.sum(axis=1), VALUES, atol=1e-10)


@pytest.mark.parametrize(("wavelet", "levels", "mode"), WAYS)
def test_a_band_is_the_reconstruction_from_its_coefficients_alone(wavelet, levels, mode):
    matrices = transform(LOOKBACK, wavelet, levels=levels, mode=mode)
    parts = bands(matrices).reshape(-1, LOOKBACK, LOOKBACK) @ VALUES[1, :, 1]
    coefficients = pywt.wavedec(VALUES[1, :, 1], wavelet, mode=mode, level=levels)
    assert len(parts) == len(coefficients)
    for number, part in enumerate(parts):
        alone = [each * (place == number) for place, each in enumerate(coefficients)]
        expected = pywt.waverec(alone, wavelet, mode=mode)[:LOOKBACK]
        np.testing.assert_allclose(part, expected, atol=1e-10)


def test_bands_are_said_to_look_ahead():
    assert look_ahead(bands(transform(LOOKBACK, "haar"))[:LOOKBACK]).max() > 0.1


def denoised(window, wavelet, levels, mode, kind):
    """Donoho and Johnstone's universal threshold by PyWavelets, one window and channel."""
    coefficients = pywt.wavedec(window, wavelet, mode=mode, level=levels)
    sigma = np.median(np.abs(coefficients[-1])) / 0.6745
    threshold = sigma * np.sqrt(2 * np.log(len(window)))
    kept = [pywt.threshold(each, threshold, kind) for each in coefficients[1:]]
    return pywt.waverec([coefficients[0], *kept], wavelet, mode=mode)[: len(window)]


@pytest.mark.parametrize("kind", ["soft", "hard"])
@pytest.mark.parametrize(("wavelet", "levels", "mode"), WAYS)
def test_denoising_is_pywavelets(wavelet, levels, mode, kind):
    matrices = transform(LOOKBACK, wavelet, levels=levels, mode=mode)
    given = denoise(VALUES, matrices, kind=kind).numpy()
    for window, answer in zip(VALUES, given, strict=True):
        for channel in range(CHANNELS):
            expected = denoised(window[:, channel], wavelet, levels, mode, kind)
            np.testing.assert_allclose(answer[:, channel], expected, atol=1e-9)


def test_the_threshold_can_be_scaled():
    matrices = transform(LOOKBACK, "db4")
    np.testing.assert_allclose(denoise(VALUES, matrices, factor=0), VALUES, atol=1e-10)
    smooth = denoise(VALUES, matrices, factor=1e9)  # the approximation alone
    expected = apply(bands(matrices)[:LOOKBACK], VALUES)
    np.testing.assert_allclose(smooth, expected, atol=1e-10)


def test_denoising_comes_nearer_to_the_truth_in_single_precision():
    clean = 5 * np.sin(np.arange(257) / 41)[None, :, None]
    noisy = clean + RANDOM.normal(size=[BATCH, 257, CHANNELS])
    given = denoise(noisy.astype("float32"), transform(257, "db4")).numpy()
    before, after = (np.square(each - clean).mean(axis=(1, 2)) for each in (noisy, given))
    assert given.dtype == "float32"
    assert np.all(after < 0.2 * before)


def test_a_window_without_noise_is_left_as_it_is():
    given = denoise(np.full([1, LOOKBACK, 1], 7.0), transform(LOOKBACK, "db2"))
    np.testing.assert_allclose(given, 7, rtol=1e-9)


def test_packets_are_pywavelets_by_rising_frequency():
    tree = pywt.WaveletPacket(VALUES[2, :, 1], "db2", mode="periodization", maxlevel=3)
    expected = [np.sum(node.data**2) / LOOKBACK for node in tree.get_level(3, "freq")]
    matrix = packets(LOOKBACK, "db2", levels=3)
    given = packet_energies(matrix, VALUES, levels=3)
    assert given.shape == (BATCH, 8, CHANNELS)
    np.testing.assert_allclose(given[2, :, 1], expected)


def test_packets_share_out_the_mean_square_of_a_window():
    """Parseval, where the wavelet is orthogonal and the look-back a multiple of 8."""
    window = RANDOM.normal(size=[BATCH, 104, CHANNELS])
    energies = packet_energies(packets(104, "db3"), window)
    np.testing.assert_allclose(np.sum(energies, axis=1), np.mean(window**2, axis=1))


@pytest.mark.parametrize("place", [0, 3, 7])
def test_a_wave_lies_in_the_packet_of_its_frequency(place):
    frequency = (place + 0.5) / 16  # eight packets up to 1/2 a step
    window = np.sin(2 * np.pi * frequency * np.arange(256) + 0.3)[None, :, None]
    energies = packet_energies(packets(256, "db8"), window)[0, :, 0]
    assert np.argmax(energies) == place


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: transform(31, "db44"), r"'db44' is not a discrete one. Did you mean"),
        (lambda: transform(31, "db4", levels=5), "5 levels on 31 steps: expected 1 to 2"),
        (lambda: transform(7, "db8"), "any levels on 7 steps: expected 1 to 0"),
        (lambda: transform(31, "db2", mode="mirror"), "mode 'mirror'"),
        (lambda: denoise(VALUES, transform(101), kind="sofd"), "Did you mean 'soft'"),
    ],
)
def test_settings_that_make_no_wavelets_are_refused(wrong, message):
    with pytest.raises(UserError, match=message):
        wrong()
