"""What a monitor answers follows from its errors, reckoned here in NumPy, step by step."""

from types import SimpleNamespace

import machine
import numpy as np
import pytest
import tensorflow as tf

from seqapps.errors import UserError
from seqapps.predict import answer_raw

ROWS, LOOKBACK, DETECTORS, SENSORS = 7, 23, 2, 3
HYSTERESIS, THRESHOLD = 0.8, 1.1
NAMES = {"step_scores", "score", "threshold", "alarm", "step_alarms", "contributions", "drift"}


class Given:
    """A model whose errors and usual errors are given."""

    def __init__(self, errors, usual, spread, threshold):
        self._errors = tf.constant(errors, "float32")
        weights = {"usual": usual, "spread": spread, "threshold": threshold}
        self._judge = SimpleNamespace(
            **{name: tf.Variable(value, dtype="float32") for name, value in weights.items()}
        )

    def __call__(self, inputs):
        return self._errors

    def get_layer(self, name):
        return {"judge": self._judge}[name]


@pytest.fixture
def features(made):
    return made().task.features(made(hysteresis=HYSTERESIS).settings, made().state)


def values_like(random, rows=ROWS):
    load = random.normal(size=[rows, LOOKBACK, 1])
    return (machine.CENTER + machine.GAIN * load).astype("float32")


def deviations_by_hand(errors, usual, spread, smooth):
    """[rows, lookback, sensors], with a loop over steps."""
    found = np.zeros([ROWS, LOOKBACK, SENSORS])
    for step in range(LOOKBACK):
        mean = errors[:, max(0, step - smooth + 1) : step + 1].mean(axis=1)
        found[:, step] = (np.abs(mean - usual) / spread).mean(axis=1)
    return found


def alarms_by_hand(scores, duration):
    """As a machine with a state would tell them."""
    found = np.zeros(scores.shape, int)
    for row, line in enumerate(scores):
        on, since = False, 0
        for step, score in enumerate(line):
            if score > THRESHOLD:
                on = True
            elif score < HYSTERESIS * THRESHOLD:
                on = False
            since = since + 1 if on else 0
            found[row, step] = since >= duration
    return found


def test_the_answer_is_what_numpy_makes_of_the_errors(made, features):
    random = np.random.default_rng(3)
    errors = random.normal(size=[ROWS, LOOKBACK, DETECTORS, SENSORS])
    usual = random.normal(0, 0.2, size=[DETECTORS, SENSORS])
    spread = random.uniform(0.3, 0.9, size=[DETECTORS, SENSORS])
    raw = {"values": tf.constant(values_like(random))}
    told = features.respond(Given(errors, usual, spread, THRESHOLD), raw)
    settings = made().settings
    deviations = deviations_by_hand(errors, usual, spread, settings.smooth)
    scores = deviations.max(axis=2)
    alarms = alarms_by_hand(scores, settings.duration)
    assert 0.1 < alarms.mean() < 0.9  # neither all nor nothing, or nothing is tested
    assert told.keys() == NAMES
    np.testing.assert_allclose(told["step_scores"], scores, rtol=1e-4)
    np.testing.assert_allclose(told["score"], scores[:, -1], rtol=1e-4)
    np.testing.assert_allclose(told["threshold"], np.full(ROWS, THRESHOLD), rtol=1e-6)
    np.testing.assert_array_equal(told["step_alarms"], alarms)
    np.testing.assert_array_equal(told["alarm"], alarms[:, -1])
    np.testing.assert_allclose(told["contributions"], deviations[:, -1], rtol=1e-4)


def test_drift_is_the_mean_deviation_from_training_in_its_deviations(made):
    monitor = made()
    values = values_like(np.random.default_rng(5), rows=1)
    values[0, 3, 1] = np.nan
    (told,) = monitor.predict([{"values": values[0]}])
    normal = np.concatenate([row["values"] for row in monitor.rows["train"]]).astype("float64")
    expected = (np.nanmean(values[0], axis=0) - normal.mean(axis=0)) / normal.std(axis=0)
    np.testing.assert_allclose(told["drift"], expected, rtol=1e-3)


def test_a_sensor_in_other_units_drifts(made):
    values = made().cases("valid")[0]["values"].copy()
    values[:, 1] *= 1000
    usual, told = made().predict([made().cases("valid")[0], {"values": values}])
    assert np.abs(usual["drift"]).max() < 3
    assert abs(told["drift"][1]) > 500
    assert np.argmax(np.abs(told["drift"])) == 1


@pytest.mark.parametrize("sensor", range(3))
def test_contributions_name_the_sensor_that_is_off(made, sensor):
    values = made().cases("valid")[3]["values"].copy()
    values[13:, sensor] += 6 * machine.GAIN[sensor]
    (told,) = made().predict([{"values": values}])
    assert np.argmax(told["contributions"]) == sensor
    assert told["alarm"] == 1


BAD = {
    "one NaN": (slice(11, 12), slice(1, 2), np.nan),
    "a sensor that is off": (slice(None), slice(0, 1), np.nan),
    "nothing observed": (slice(None), slice(None), np.nan),
    "infinity": (slice(7, 11), slice(2, 3), np.inf),
    "minus infinity": (slice(None), slice(None), -np.inf),
    "the largest number": (slice(None), slice(None), np.finfo("float32").max),
}


@pytest.mark.parametrize("what", BAD)
def test_answers_are_finite_whatever_is_given(made, what):
    steps, sensors, value = BAD[what]
    values = made().cases("valid")[0]["values"].copy()
    values[steps, sensors] = value
    (told,) = made().predict([{"values": values}])
    for name, answer in told.items():
        assert np.isfinite(answer).all(), f"{name} is {answer}"


def test_what_was_not_observed_raises_no_alarm(made):
    values = np.full([LOOKBACK, SENSORS], np.nan, "float32")
    (told,) = made(detector="both").predict([{"values": values}])
    assert told["drift"] == [0, 0, 0]
    assert told["alarm"] == 0


@pytest.mark.parametrize("step", [1, 11, 22])
def test_no_score_waits_for_later_steps(made, step):
    monitor = made(detector="both")
    case = monitor.cases("test")[-1]
    values = case["values"].copy()
    values[step:] = 5 - 3 * values[step:]
    values[step + 3 :: 5] = np.nan
    before, after = monitor.predict([case, {"values": values}])
    for name in ("step_scores", "step_alarms"):
        np.testing.assert_allclose(before[name][:step], after[name][:step], rtol=1e-5)
    assert before["step_scores"][step] != after["step_scores"][step]


def test_windows_of_several_rows_are_answered_as_each_alone(made):
    cases = made().cases("test")[:7]
    together = made().predict(cases)
    for case, told in zip(cases, together, strict=True):
        (alone,) = made().predict([case])
        np.testing.assert_allclose(told["step_scores"], alone["step_scores"], rtol=1e-4)


@pytest.mark.parametrize("shape", [(LOOKBACK, SENSORS - 1), (LOOKBACK - 1, SENSORS), (SENSORS,)])
def test_a_window_of_another_shape_is_refused_with_what_is_expected(made, shape):
    monitor = made()
    with pytest.raises(UserError, match=rf"values .*{LOOKBACK}, {SENSORS}"):
        answer_raw(lambda raw: raw, [{"values": np.zeros(shape)}], monitor.task.inputs)
