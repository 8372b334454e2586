"""Bands of fast sensors: what numpy.fft tells of a frame, and a bearing that is heard in time."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import tensorflow as tf
from seqapps.tasks.monitoring.frames import Frames
from seqapps.tasks.monitoring.task import TASK

from seqapps.data.batching import batch_of
from seqapps.errors import UserError
from seqapps.predict import in_process
from seqapps.training.train import build

RATE, FRAME, BANDS, STEPS, ONSET = 2048, 64, 8, 8192, 4096
TONE = 700.0  # Hz, where the damaged bearing rings: in band 5 of 8
SETTINGS = replace(
    TASK.settings, sensors="drive,free", bands=BANDS, frame=FRAME, lookback=8 * FRAME,
    stride=2 * FRAME, smooth=4 * FRAME, duration=FRAME, units=13, code=5, gradient_batches=0,
    learning_rate=0.01, schedule="constant", false_alarms=0.01, margin=1.3,
)  # fmt: skip


def vibration(number, *, damaged=False, held_out=False):
    """Two accelerometers: hum of the shaft at 100 Hz, whose strength wanders, and noise.

    In the damaged machine the bearing at the driven end begins to ring at the onset, growing.
    """
    random = np.random.default_rng(number)
    time = np.arange(STEPS) / RATE
    strength = 1 + 0.3 * np.sin(2 * np.pi * 0.4 * time + random.uniform(0, 6))
    hum = strength * np.sin(2 * np.pi * 100 * time)
    values = hum[:, None] * [1.0, 0.7] + 0.1 * random.normal(size=[STEPS, 2])
    since = np.maximum(np.arange(STEPS) - ONSET, 0) / (STEPS - ONSET)
    if damaged:
        values[:, 0] += 0.3 * since * np.sin(2 * np.pi * TONE * time)
    return {
        "series": f"bearing-{number}", "names": "drive\nfree",
        "times": np.arange(STEPS, dtype="int64"), "values": values.astype("float32"),
        "anomaly": ((since > 0) & damaged).astype("float32"), "held_out": held_out,
    }  # fmt: skip


@pytest.fixture(scope="module")
def heard():
    """(row, cases, answers) of a damaged bearing by a monitor that knows sound ones."""
    task = TASK.under(SETTINGS)
    rows = [vibration(number) for number in range(3)]
    state = task.fit(iter(rows), SETTINGS)
    model, features = build(task, SETTINGS, state, seed=0)
    pair = features.pair(batch_of(list(task.cases(rows, SETTINGS)), task.columns))
    for _ in range(60):
        model.train_on_batch(*pair)
    valid = list(task.cases([vibration(number, held_out=True) for number in (5, 7)], SETTINGS))
    task.calibrate(SETTINGS, model, features, valid)
    row = vibration(11, damaged=True, held_out=True)
    cases = list(task.cases([row], SETTINGS))
    return row, cases, in_process(task, SETTINGS, model, features)


def test_levels_are_the_logarithm_of_what_numpy_finds_in_each_band():
    random = np.random.default_rng(3)
    values = random.normal(size=[3, 5 * FRAME, 2]).astype("float32")
    levels, mask = Frames(FRAME, BANDS).levels(tf.constant(values), tf.ones_like(values))
    assert levels.shape == mask.shape == (3, 5, 2 * BANDS)
    from scipy.signal import get_window

    frame = values[1, 3 * FRAME : 4 * FRAME, 1].astype("float64")
    weight = get_window("hann", FRAME)
    power = np.abs(np.fft.rfft((frame - frame.mean()) * weight)) ** 2 / (FRAME * (weight**2).sum())
    power[1:-1] *= 2
    edges = np.linspace(0, FRAME // 2, BANDS + 1).astype(int)
    edges[-1] += 1
    expected = [np.log(power[low:high].sum()) for low, high in pairwise(edges)]
    np.testing.assert_allclose(levels[1, 3, BANDS:], expected, rtol=1e-3)
    assert np.asarray(mask).all()


@pytest.mark.parametrize("wavelet", ["haar", "db3"])
def test_packets_are_the_energies_of_pywavelets_by_rising_frequency(wavelet):
    import pywt

    values = np.random.default_rng(3).normal(size=[3, 5 * FRAME, 2]).astype("float32")
    frames = Frames(FRAME, BANDS, wavelet=wavelet)
    levels, _ = frames.levels(tf.constant(values), tf.ones_like(values))
    frame = values[1, 3 * FRAME : 4 * FRAME, 1].astype("float64")
    tree = pywt.WaveletPacket(frame, wavelet, mode="periodization", maxlevel=3)
    nodes = tree.get_level(3, "freq")
    expected = [np.log((node.data**2).sum() / FRAME) for node in nodes]
    np.testing.assert_allclose(levels[1, 3, BANDS:], expected, rtol=1e-3, atol=1e-4)


def test_a_tone_is_in_its_packet():
    time = np.arange(FRAME) / RATE
    tone = np.sin(2 * np.pi * TONE * time).astype("float32")[None, :, None]
    frames = Frames(FRAME, BANDS, wavelet="db3")
    levels, _ = frames.levels(tf.constant(tone), tf.ones_like(tone))
    assert int(np.argmax(levels[0, 0])) == int(TONE / (RATE / 2) * BANDS)


def test_a_wavelet_that_reaches_too_far_or_is_unknown_is_told():
    row = vibration(1)
    with pytest.raises(UserError, match="wavelet db20 with 3 levels on 64 steps"):
        TASK.settle(replace(SETTINGS, filters="packets", wavelet="db20"), [row])
    with pytest.raises(UserError, match="wavelet 'db99' is not a discrete one"):
        TASK.settle(replace(SETTINGS, filters="packets", wavelet="db99"), [row])


def test_a_frame_with_too_many_gaps_counts_as_unseen():
    seen = np.ones([1, 2 * FRAME, 2], "float32")
    seen[0, 3:17, 1] = 0
    _, mask = Frames(FRAME, BANDS).levels(tf.ones_like(seen), tf.constant(seen))
    assert np.asarray(mask)[0, 0].tolist() == [1] * BANDS + [0] * BANDS
    assert np.asarray(mask)[0, 1].all()


def test_the_scale_of_bands_is_of_normal_frames():
    sound, damaged = vibration(2), vibration(2, damaged=True)
    half = {name: sound[name][: ONSET + 1] for name in ("times", "values", "anomaly")}
    expected = TASK.fit(iter([{**sound, **half}]), SETTINGS)
    state = TASK.fit(iter([damaged]), SETTINGS)
    np.testing.assert_allclose(state["band_center"], expected["band_center"], atol=1e-3)
    assert state["band_center"].shape == (2 * BANDS,)


def test_a_growing_tone_is_found_and_since_when(heard):
    _, cases, predict = heard
    alarms = np.concatenate([each["step_alarms"][-2 * FRAME :] for each in predict(cases)])
    first = cases[0]["step"] - 2 * FRAME + 1
    began = first + int(np.flatnonzero(alarms)[0])
    assert ONSET < began < ONSET + (STEPS - ONSET) / 2
    assert alarms[began - first + 4 * FRAME :].mean() > 0.95


def test_the_loudness_does_not_tell_of_the_tone(heard):
    """Of frames as long: those of the damaged half lie within what sound machines do."""
    row, _, _ = heard
    cut = row["values"][:, 0].reshape(-1, FRAME)
    loud = np.sqrt((cut**2).mean(axis=1))
    sound = np.sqrt((vibration(0)["values"][:, 0].reshape(-1, FRAME) ** 2).mean(axis=1))
    assert (loud[ONSET // FRAME :] > np.quantile(sound, 0.99)).mean() < 0.1


def test_the_sensor_at_the_bearing_is_named(heard):
    _, cases, predict = heard
    (told,) = predict(cases[-1:])
    assert np.shape(told["contributions"]) == (2,)
    assert told["contributions"][0] > 2 * told["contributions"][1]


def test_a_step_has_the_score_of_the_last_frame_that_is_over(heard):
    _, cases, predict = heard
    case = cases[5]
    (told,) = predict([case])
    scores = np.array(told["step_scores"])
    assert len(scores) == 8 * FRAME
    assert (scores[: FRAME - 1] == 0).all()
    assert len({*scores[FRAME - 1 : 2 * FRAME - 1].tolist()}) == 1
    assert scores[2 * FRAME - 1] != scores[2 * FRAME - 2]
    values = case["values"].copy()
    values[4 * FRAME - 1 :] *= 3  # the last step of the fourth frame, and what follows
    (other,) = predict([{"values": values}])
    np.testing.assert_allclose(
        other["step_scores"][: 4 * FRAME - 1], scores[: 4 * FRAME - 1], rtol=1e-5
    )
    assert other["step_scores"][4 * FRAME - 1] != scores[4 * FRAME - 1]


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38, 0.0])
def test_answers_of_bands_are_finite_whatever_is_given(heard, value):
    _, cases, predict = heard
    (told,) = predict([{"values": np.full_like(cases[0]["values"], value)}])
    assert all(np.isfinite(answer).all() for answer in told.values())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"lookback": 8 * FRAME + 1}, "must be multiples of frame"),
        ({"stride": FRAME + 1}, "must be multiples of frame"),
        ({"bands": FRAME // 2 + 1}, "at most half as many frequencies"),
        ({"bands": 6, "filters": "packets"}, "expected 2, 4, 8, 16"),
        ({"frame": 8 * FRAME, "stride": 8 * FRAME}, "must each be below lookback"),
    ],
)
def test_frames_that_do_not_fit_are_told(options, says):
    with pytest.raises(ValueError, match=says):
        replace(SETTINGS, **options)
