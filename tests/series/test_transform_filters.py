"""Filters beside SciPy's own answers, window by window."""

import numpy as np
import pytest
from numpy.polynomial import polynomial
from scipy import signal

from seqapps.errors import UserError
from seqapps.series.transforms.filters import butterworth, moving_average, savitzky_golay
from seqapps.series.transforms.matrix import apply, looks_ahead

BATCH, LOOKBACK, CHANNELS = 2, 97, 3
VALUES = 50 + np.random.default_rng(0).normal(size=[BATCH, LOOKBACK, CHANNELS]).cumsum(axis=1)
KINDS = {
    "lowpass": ({"shortest": 11}, 1 / 11),
    "highpass": ({"longest": 23}, 1 / 23),
    "bandpass": ({"shortest": 5, "longest": 19}, [1 / 19, 1 / 5]),
}
EVERY = [
    butterworth(LOOKBACK, shortest=11),
    butterworth(LOOKBACK, shortest=11, zero_phase=True),
    savitzky_golay(LOOKBACK, width=13, polynomial=2),
    savitzky_golay(LOOKBACK, width=13, polynomial=2, causal=True),
    moving_average(LOOKBACK, 13),
    moving_average(LOOKBACK, 13, centred=True),
    moving_average(LOOKBACK, 12, centred=True),
]


@pytest.mark.parametrize("kind", KINDS)
def test_causal_butterworth_is_sosfilt_from_a_steady_state(kind):
    periods, cut = KINDS[kind]
    sections = signal.butter(3, cut, kind, fs=1, output="sos")
    given = apply(butterworth(LOOKBACK, order=3, **periods), VALUES).numpy()
    for window, answer in zip(VALUES, given, strict=True):
        for channel in range(CHANNELS):
            start = signal.sosfilt_zi(sections) * window[0, channel]
            expected, _ = signal.sosfilt(sections, window[:, channel], zi=start)
            np.testing.assert_allclose(answer[:, channel], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_zero_phase_butterworth_is_sosfiltfilt(kind):
    periods, cut = KINDS[kind]
    sections = signal.butter(2, cut, kind, fs=1, output="sos")
    given = apply(butterworth(LOOKBACK, zero_phase=True, **periods), VALUES)
    reflected = 3 * (2 * len(sections) + 1)
    expected = signal.sosfiltfilt(sections, VALUES, axis=1, padlen=reflected)
    np.testing.assert_allclose(given, expected, rtol=1e-9, atol=1e-9)


def test_a_window_shorter_than_the_reflection_is_filtered_all_the_same():
    assert np.isfinite(butterworth(5, shortest=4, order=4, zero_phase=True)).all()


@pytest.mark.parametrize(
    "matrix",
    [
        butterworth(LOOKBACK, shortest=11),
        butterworth(LOOKBACK, longest=23),
        butterworth(LOOKBACK, shortest=5, longest=19),
        savitzky_golay(LOOKBACK, width=12, polynomial=2, causal=True),
        moving_average(LOOKBACK, 13),
    ],
    ids=["low", "high", "band", "Savitzky-Golay", "moving average"],
)
def test_causal_filters_do_not_look_ahead(matrix):
    assert not looks_ahead(matrix)


@pytest.mark.parametrize("number", [1, 2, 5, 6])
def test_centred_filters_say_that_they_look_ahead(number):
    assert looks_ahead(EVERY[number])


@pytest.mark.parametrize("matrix", EVERY)
def test_smoothing_leaves_a_constant_as_it_is_up_to_the_edges(matrix):
    np.testing.assert_allclose(matrix @ np.full(LOOKBACK, 31.0), 31, rtol=1e-9)


def test_at_the_cut_off_a_wave_keeps_0_71_of_its_amplitude():
    wave = np.sin(2 * np.pi * np.arange(907) / 24)
    kept = (butterworth(907, shortest=24) @ wave)[-240:]
    assert kept.std() / wave.std() == pytest.approx(0.5**0.5, rel=0.01)


def test_periods_on_the_wrong_side_of_the_cut_off_are_gone():
    slow, fast = (np.sin(2 * np.pi * np.arange(907) / period) for period in (240, 4))
    low = butterworth(907, shortest=24, order=4) @ (slow + fast)
    high = butterworth(907, longest=24, order=4) @ (slow + fast)
    late = 10  # steps: 2.61 / (2 pi / 24), the delay of an order of 4
    np.testing.assert_allclose(low[-240:], slow[-240 - late : -late], atol=0.02)
    assert high[-240:].std() == pytest.approx(0.5**0.5, rel=0.01)  # the fast one's


@pytest.mark.parametrize("derivative", [0, 1])
def test_centred_savitzky_golay_is_scipys(derivative):
    matrix = savitzky_golay(LOOKBACK, width=11, polynomial=3, derivative=derivative)
    expected = signal.savgol_filter(VALUES, 11, 3, deriv=derivative, axis=1)
    np.testing.assert_allclose(apply(matrix, VALUES), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("derivative", [0, 1])
def test_causal_savitzky_golay_is_the_fit_to_the_steps_so_far(derivative):
    window = VALUES[0, :, 0]
    matrix = savitzky_golay(LOOKBACK, width=11, polynomial=2, derivative=derivative, causal=True)
    expected = []
    for step in range(LOOKBACK):
        taken = np.arange(max(0, step - 10), step + 1)
        fitted = polynomial.Polynomial.fit(taken, window[taken], min(2, len(taken) - 1))
        expected.append(fitted.deriv(derivative)(step) if derivative else fitted(step))
    np.testing.assert_allclose(matrix @ window, expected, rtol=1e-7, atol=1e-7)


def test_moving_averages_by_hand():
    window = np.array([1.0, 5, 9, 1, 4])
    np.testing.assert_allclose(moving_average(5, 3) @ window, [1, 3, 5, 5, 14 / 3])
    np.testing.assert_allclose(moving_average(5, 3, centred=True) @ window, [3, 5, 5, 14 / 3, 2.5])
    centred = moving_average(5, 2, centred=True) @ window  # weights 1/2, 1, 1/2
    np.testing.assert_allclose(centred, [3.5 / 1.5, 5, 6, 3.75, 4.5 / 1.5])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: butterworth(97), "shortest or the longest period"),
        (lambda: butterworth(97, shortest=2), r"period of 2 steps; expected more than 2"),
        (lambda: butterworth(97, shortest=9, longest=5), "periods of 9 to 5 steps, which are none"),
        (lambda: butterworth(97, shortest=9, order=0), "order 0"),
        (lambda: savitzky_golay(97, width=4, polynomial=2), "odd width unless causal"),
        (lambda: savitzky_golay(97, width=99, polynomial=2), "width <= look-back"),
        (lambda: moving_average(7, 11), "11 steps of a look-back of 7"),
    ],
)
def test_settings_that_make_no_filter_are_refused(wrong, message):
    with pytest.raises(UserError, match=message):
        wrong()
