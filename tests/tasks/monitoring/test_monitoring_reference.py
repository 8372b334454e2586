"""A run that tells its own level: scores are measured from it, and the threshold is set on it."""

from dataclasses import replace

import machine
import numpy as np
import pytest
import tensorflow as tf
from seqapps.tasks.monitoring.reference import (
    LEAST,
    from_level,
    highest,
    level_of,
    own,
    usual_scale,
)
from seqapps.tasks.monitoring.task import TASK
from seqapps.tasks.monitoring.windows import windows_of

from seqapps.errors import UserError
from seqapps.series.thresholds import threshold
from seqapps.series.transforms.scaling import Scale

REFERENCE = 67
OPTIONS = {"reference": REFERENCE, "margin": 1.3}
CLOSE = {"rtol": 0.02, "atol": 0.02}
SETTINGS = replace(TASK.settings, **{**machine.SMALL, "reference": REFERENCE})


def moved(case, *, by=1000.0, times=7.0):
    """The same case of a machine at another level, whose sensors have other units."""
    return {
        **case,
        "values": case["values"] * times + by,
        "reference": case["reference"] * times + by,
    }


def test_a_case_holds_the_first_steps_of_its_run():
    row = machine.row(3, held_out=True)
    for case in windows_of([row], SETTINGS):
        np.testing.assert_array_equal(case["reference"], row["values"][:REFERENCE])


def test_nothing_is_judged_in_the_reference():
    row = machine.row(3, held_out=True)
    judged = np.concatenate([case["times"] for case in windows_of([row], SETTINGS)])
    assert judged.min() >= row["times"][REFERENCE]
    assert judged.min() < row["times"][REFERENCE + machine.SMALL["stride"]]


def test_a_run_shorter_than_its_reference_has_no_window():
    row = machine.row(3, steps=REFERENCE - 1)
    assert not len(windows_of([row], SETTINGS))
    with pytest.raises(UserError, match="reference = 67 before any is judged, the longest series"):
        TASK.settle(SETTINGS, [row])


def test_a_reference_shorter_than_a_window_is_refused():
    with pytest.raises(ValueError, match=r"reference = 22 is shorter .*lookback = 23"):
        replace(SETTINGS, reference=22)


def test_the_level_is_mean_and_deviation_of_what_was_observed():
    random = np.random.default_rng(0)
    values = random.normal(5, 3, [2, 31, 3]).astype("float32")
    values[random.random(values.shape) < 0.2] = np.nan
    center, deviation = level_of(tf.constant(values))
    np.testing.assert_allclose(center, np.nanmean(values, axis=1, keepdims=True), rtol=1e-5)
    np.testing.assert_allclose(deviation, np.nanstd(values, axis=1, keepdims=True), rtol=1e-5)


def test_a_sensor_without_a_reference_is_measured_as_in_training():
    values = np.full([1, 31, 2], np.nan, "float32")
    values[0, 7, 1] = 3.0
    center, deviation = level_of(tf.constant(values))
    assert np.ravel(center).tolist() == [0, 0]
    assert np.ravel(deviation).tolist() == [1, 1]


def test_a_sensor_that_stood_still_has_a_small_unit():
    still = tf.fill([1, 31, 1], 2.0)
    away = from_level(tf.constant([[[2.0], [2.5]]]), still)
    np.testing.assert_allclose(np.ravel(away), [0, 0.5 / LEAST], rtol=1e-5)


def test_the_usual_scale_is_that_within_runs():
    random = np.random.default_rng(0)
    runs = [level + random.normal(0, 2, [313, 1]) for level in (100.0, 500.0)]
    runs[1][200:] += 1000
    well = [np.ones(313, bool), np.arange(313) < 200]
    found = usual_scale(list(zip(runs, well, strict=True)), 67)
    levels = [run[:67].mean() for run in runs]
    np.testing.assert_allclose(found.center, np.mean(levels))
    within = np.concatenate([runs[0] - levels[0], runs[1][:200] - levels[1]])
    np.testing.assert_allclose(found.scale, within.std(axis=0))


def test_numpy_values_are_measured_as_those_in_the_graph():
    row = machine.row(5)
    scale = Scale(machine.CENTER, np.abs(machine.GAIN))
    first = row["values"][:REFERENCE].astype("float64")
    expected = (row["values"] - first.mean(axis=0)) / first.std(axis=0)
    np.testing.assert_allclose(own(row["values"], first, scale), expected, atol=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.31])
def test_the_threshold_in_the_graph_is_the_quantile_that_validation_takes(share):
    scores = np.random.default_rng(0).gamma(2, size=[3, 59]).astype("float32")
    found = highest(tf.constant(scores), share=share)
    expected = [threshold(each, false_alarms=share).value for each in scores]
    np.testing.assert_allclose(found, expected)


def test_a_machine_at_another_level_has_the_same_scores_and_alarms(made):
    monitor = made(**OPTIONS)
    cases = monitor.cases("test")
    for before, after in zip(
        monitor.predict(cases), monitor.predict([moved(case) for case in cases]), strict=True
    ):
        np.testing.assert_allclose(
            after["step_scores"], before["step_scores"], rtol=0.02, atol=0.02
        )
        np.testing.assert_allclose(after["threshold"], before["threshold"], rtol=0.02)
        np.testing.assert_allclose(after["drift"], before["drift"], **CLOSE)


def test_without_a_reference_it_has_not(made):
    """What the property above would be worth if levels did not matter anyway."""
    monitor = made()
    case = monitor.cases("test")[0]
    before, after = monitor.predict([case, {**case, "values": case["values"] * 7 + 1000}])
    assert after["score"] > 3 * before["score"]


def test_the_threshold_is_the_highest_score_of_the_run_s_own_first_steps(made):
    """Asked of the same export: the scores of the windows that the reference holds."""
    monitor = made(**OPTIONS)
    case = monitor.cases("test")[0]
    lookback, smooth = machine.SMALL["lookback"], machine.SMALL["smooth"]
    new = lookback - smooth
    ends = [67, 49, 31]
    inside = [{**case, "values": case["reference"][end - lookback : end]} for end in ends]
    scores = [answer["step_scores"][-new:] for answer in monitor.predict(inside)]
    expected = 1.3 * np.max(scores)
    assert monitor.predict([case])[0]["threshold"] == pytest.approx(expected, rel=1e-4)


def test_a_reference_that_nobody_observed_leaves_the_threshold_of_validation(made):
    monitor = made(**OPTIONS)
    case = monitor.cases("test")[0]
    case = {**case, "reference": np.full_like(case["reference"], np.nan)}
    judge = monitor.trained[0].get_layer("judge")
    assert monitor.predict([case])[0]["threshold"] == pytest.approx(float(judge.threshold.numpy()))


@pytest.mark.parametrize("name", ["shewhart", "t_squared", "moving_average"])
def test_charts_are_measured_from_the_same_level(made, name):
    monitor = made(**OPTIONS)
    train = monitor.task.cases(monitor.rows["train"], monitor.settings)
    predict = monitor.task.baselines[name](train)
    cases = monitor.cases("test")
    for before, after in zip(
        predict(cases), predict([{**moved(case), "series": "other"} for case in cases]), strict=True
    ):
        np.testing.assert_allclose(
            after["step_scores"], before["step_scores"], rtol=0.02, atol=0.02
        )
        np.testing.assert_allclose(after["threshold"], before["threshold"], rtol=0.02)


def test_a_fault_after_the_reference_is_found(made):
    monitor = made(**OPTIONS)
    cases = monitor.cases("test")
    told = monitor.predict(cases)
    far = [each["score"] / each["threshold"] for each in told]
    wrong = np.array([case["anomaly"].min() > 0 for case in cases])
    assert np.median(np.array(far)[wrong]) > 1.5 * np.median(np.array(far)[~wrong])
