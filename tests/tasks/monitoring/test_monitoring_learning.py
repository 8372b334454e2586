"""Monitors learn normal operation, are calibrated on it, and charts answer as they do."""

from dataclasses import replace

import machine
import numpy as np
import pytest
from seqapps.tasks.monitoring.baselines import chart
from seqapps.tasks.monitoring.calibrate import calibrate
from seqapps.tasks.monitoring.task import BASELINES, TASK

from seqapps.data.batching import batch_of
from seqapps.errors import UserError
from seqapps.predict import in_process
from seqapps.training.train import build


def copy_of(monitor):
    """The trained model, to be calibrated in another way."""
    model, _ = build(monitor.task, monitor.settings, monitor.state, seed=1)
    model.set_weights(monitor.trained[0].get_weights())
    return model


@pytest.mark.parametrize(
    ("detector", "cell"),
    [("autoencoder", "lstm"), ("forecaster", "gru"), ("both", "lstm")]
    + [
        pytest.param(detector, cell, marks=pytest.mark.long)
        for detector, cell in (("autoencoder", "gru"), ("forecaster", "lstm"), ("both", "gru"))
    ],
)
def test_every_detector_learns(made, detector, cell):
    model, _, before, after = made(detector=detector, cell=cell).trained
    assert model.output_shape == (None, 23, 1 + (detector == "both"), 3)
    assert after < 0.7 * before


def test_a_fault_is_found_and_normal_operation_is_not(made):
    told = made(detector="both").predict(made().cases("test"))
    cases = made().cases("test")
    inside = [t["score"] > t["threshold"] for t, c in zip(told, cases, strict=True)
              if c["anomaly"].all()]  # fmt: skip
    outside = [t["score"] > t["threshold"] for t, c in zip(told, cases, strict=True)
               if not c["anomaly"].any()]  # fmt: skip
    assert np.mean(inside) == 1
    assert np.mean(outside) < 0.1


@pytest.mark.parametrize("share", [0.03, 0.11])
def test_the_threshold_lets_the_wanted_share_of_normal_steps_above(made, share):
    monitor, valid = made(), made().cases("valid")
    settings, other = replace(monitor.settings, false_alarms=share), copy_of(monitor)
    calibrate(settings, other, monitor.trained[1], valid)
    told = in_process(monitor.task, settings, other, monitor.trained[1])(valid)
    scores = np.concatenate([each["step_scores"][-7:] for each in told])
    above = (scores > told[0]["threshold"]).mean()
    assert share - 1 / len(scores) < above + 1e-9 <= share + 1e-9


def test_smoothed_errors_of_validation_have_mean_zero_and_deviation_one(made):
    monitor = made()
    model, features, _, _ = monitor.trained
    inputs = features.inputs(batch_of(monitor.cases("valid"), monitor.task.inputs))
    errors = np.asarray(features.smoothed(model(inputs)))[:, -7:]
    judge = model.get_layer("judge")
    told = (errors - np.asarray(judge.usual)) / np.asarray(judge.spread)
    np.testing.assert_allclose(told.mean(axis=(0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(told.std(axis=(0, 1)), 1, atol=1e-4)


def test_a_margin_raises_the_threshold(made):
    (usual,) = made().predict(made().cases("valid")[:1])
    monitor = made()
    other = copy_of(monitor)
    calibrate(
        replace(monitor.settings, margin=1.7), other, monitor.trained[1], monitor.cases("valid")
    )
    assert float(other.get_layer("judge").threshold) == pytest.approx(1.7 * usual["threshold"])


def test_anomalies_of_validation_do_not_set_the_threshold(made):
    monitor = made()
    model, features, _, _ = monitor.trained
    other = copy_of(monitor)
    wild = machine.row(9, steps=46, fault=(2, 17), held_out=True)
    wild["anomaly"][22:] = 0  # the fault is over, but windows still hold it
    cases = monitor.cases("valid") + list(monitor.task.cases([wild], monitor.settings))[:3]
    calibrate(monitor.settings, other, features, cases)
    np.testing.assert_allclose(
        other.get_layer("judge").threshold, model.get_layer("judge").threshold, rtol=1e-6
    )


def test_of_many_windows_those_of_all_runs_set_the_threshold(made, monkeypatch):
    monitor, asked = made(), []
    monkeypatch.setattr("seqapps.tasks.monitoring.calibrate.MOST", 5)
    monkeypatch.setattr(
        "seqapps.tasks.monitoring.calibrate.batch_of",
        lambda cases, columns: asked.extend(cases) or batch_of(cases, columns),
    )
    calibrate(monitor.settings, copy_of(monitor), monitor.trained[1], monitor.cases("valid"))
    assert [case["series"] for case in asked] == ["run-5", "run-5", "run-6", "run-7", "run-7"]


def test_without_a_normal_validation_window_there_is_no_threshold(made):
    monitor = made()
    wild = machine.row(9, fault=(2, 5), held_out=True)
    (case, *_) = monitor.task.cases([wild], monitor.settings)
    with pytest.raises(UserError, match=r"no window of normal operation.*--shares"):
        calibrate(monitor.settings, *monitor.trained[:2], [case])


@pytest.mark.parametrize("name", BASELINES)
def test_a_chart_answers_as_the_export_does(made, name):
    monitor = made()
    cases = monitor.cases("test")
    (model,) = monitor.predict(cases[:1])
    predict = monitor.task.baselines[name](monitor.cases("train"))
    for told in predict(cases[:3]):
        assert told.keys() == model.keys()
        for output, value in told.items():
            assert np.shape(value) == np.shape(model[output]), output
            assert np.isfinite(value).all()
            assert isinstance(value, type(model[output])), output


@pytest.mark.parametrize("name", ["shewhart", "moving_average", "t_squared"])
def test_a_chart_finds_a_gross_fault(made, name):
    monitor = made()
    cases = monitor.cases("test")
    told = monitor.task.baselines[name](monitor.cases("train"))(cases)
    assert told[-1]["alarm"] == 1
    assert np.argmax(told[-1]["contributions"]) == 1


@pytest.mark.parametrize(("name", "times"), [("shewhart", 1.7), ("isolation_forest", 1)])
def test_a_margin_raises_the_threshold_of_scores_without_a_bound(made, name, times):
    """A forest's scores are at most 1: a multiple of a threshold may be out of reach."""
    monitor = made()
    settings = replace(monitor.settings, margin=1.7)
    cases = monitor.cases("train")
    (usual,), (told,) = (
        chart(name, cases, each)(cases[:1]) for each in (monitor.settings, settings)
    )
    assert told["threshold"] == pytest.approx(times * usual["threshold"])


@pytest.mark.parametrize("listed", [False, True])
def test_anomalies_in_the_training_part_are_left_out_of_charts(made, listed):
    settings = made().settings
    clean = machine.row(2, steps=157)
    wild = {name: np.copy(clean[name]) for name in ("values", "anomaly", "times")}
    wild["values"][101:127] *= 1e6
    wild["anomaly"][101:127] = 1
    kept = clean["anomaly"] == wild["anomaly"]
    without = {**clean, **{name: clean[name][kept] for name in wild}}
    answers = []
    for row in ({**clean, **wild}, without):
        cases = TASK.cases([row], settings)
        predict = chart("shewhart", list(cases) if listed else cases, settings)
        answers.append(predict(made().cases("test")[:1])[0])
    if listed:  # the last windows show steps up to the last whole stride alone
        assert answers[0]["threshold"] == pytest.approx(answers[1]["threshold"], rel=0.2)
    else:
        assert answers[0] == answers[1]


def test_of_many_short_series_whole_ones_set_a_charts_threshold(made):
    """The end of each is unlike its beginning, as in a measurement that ends in clean air."""
    settings = made().settings
    rows = [machine.row(number, steps=31) for number in range(29)]
    for row in rows:
        row["values"][25:] += 1000 * machine.GAIN
    predict = chart("shewhart", TASK.cases(rows, settings), settings)
    (told,) = predict([TASK.cases(rows[:1], settings)[0]])
    assert told["threshold"] < 5


def test_a_machine_that_stands_still_gets_answers_and_an_alarm_when_it_moves(made):
    monitor = made()
    rows = [machine.row(number, held_out=number > 1) for number in range(3)]
    for row in rows:
        row["values"] = np.broadcast_to(machine.CENTER.astype("float32"), row["values"].shape)
    state = TASK.fit(iter(rows[:2]), monitor.settings)
    model, features = build(monitor.task, monitor.settings, state, seed=0)
    cases = list(monitor.task.cases(rows[2:], monitor.settings))
    calibrate(monitor.settings, model, features, cases)
    predict = in_process(monitor.task, monitor.settings, model, features)
    moved = cases[0]["values"].copy()
    moved[13:, 1] += 1
    still, told = predict([cases[0], {"values": moved}])
    assert all(np.isfinite(value).all() for value in (*still.values(), *told.values()))
    assert 0 < still["threshold"] < told["score"]
    assert (still["alarm"], told["alarm"]) == (0, 1)


@pytest.mark.parametrize("name", BASELINES)
def test_a_chart_answers_windows_together_as_each_alone(made, name):
    monitor = made()
    cases = monitor.cases("test")
    predict = monitor.task.baselines[name](monitor.cases("train"))
    together = predict(cases)
    for place in (0, 3, len(cases) - 1):
        (alone,) = predict([cases[place]])
        assert together[place]["score"] == pytest.approx(alone["score"], rel=1e-9)
        assert together[place]["step_scores"] == pytest.approx(alone["step_scores"], rel=1e-9)
