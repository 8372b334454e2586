"""The generated bearing: rows are as told, and wear is heard in its band before it is loud."""

import numpy as np
import pytest
from scipy.signal import welch
from seqapps.tasks.monitoring.bearing import (
    RATE,
    RESONANCE,
    SENSORS,
    SHAFT,
    STEPS,
    STROKES,
    runs_of_test,
    runs_of_train,
    runs_of_valid,
)

from seqapps.data.source import digest_of_code


@pytest.fixture(scope="module")
def rows():
    return list(runs_of_test())


def half(row, sensor=0):
    """(before the onset, from the onset to half of the life that is left) of a sensor."""
    onset = int(np.argmax(row["anomaly"]))
    values = row["values"][:, sensor].astype("float64")
    return values[:onset], values[onset : (onset + STEPS) // 2]


def power(values, low, high):
    frequency, density = welch(values, RATE, nperseg=256)
    return density[(frequency >= low) & (frequency < high)].sum()


def test_a_row_is_a_run_of_raw_readings(rows):
    for row in rows:
        assert row["values"].shape == (STEPS, len(SENSORS))
        np.testing.assert_array_equal(row["times"], np.arange(1, STEPS + 1))
        assert np.isfinite(row["values"]).all()


def test_training_is_of_sound_runs_and_wear_has_an_onset(rows):
    assert not any(row["anomaly"].any() for row in runs_of_train())
    worn = [row for row in rows if row["fault"]]
    assert len(worn) == 6
    for row in worn:
        assert (np.diff(row["anomaly"]) >= 0).all()
        assert 0.35 <= np.argmax(row["anomaly"]) / STEPS <= 0.6


def test_rows_are_always_the_same(rows):
    for row, again in zip(rows, runs_of_test(), strict=True):
        np.testing.assert_array_equal(row["values"], again["values"])
    assert digest_of_code([runs_of_train, runs_of_valid, runs_of_test])


def test_wear_is_heard_in_its_band_before_the_whole_gets_louder(rows):
    around = RESONANCE - 60, RESONANCE + 60
    for row in rows:
        if not row["fault"]:
            continue
        sound, begun = half(row)
        in_band = power(begun, *around) / power(sound, *around)
        assert in_band > 1.15
        assert in_band > 1.1 * power(begun, 0, RATE) / power(sound, 0, RATE)


def test_strokes_come_as_often_as_balls_roll_over_the_pit(rows):
    """The envelope of the ringing has a line at 3.58 times the shaft's frequency."""
    row = rows[-1]
    values = row["values"][-4 * RATE :, 0].astype("float64")
    spectrum = np.fft.rfft(values)
    frequency = np.fft.rfftfreq(len(values), 1 / RATE)
    spectrum[(frequency < 550) | (frequency > 900)] = 0
    envelope = np.abs(np.fft.irfft(spectrum))
    lines = np.abs(np.fft.rfft(envelope - envelope.mean()))
    found = frequency[20:][np.argmax(lines[20:])]  # above 5 Hz
    assert found == pytest.approx(STROKES * SHAFT, rel=0.05)
