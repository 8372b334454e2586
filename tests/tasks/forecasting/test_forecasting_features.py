"""Windows become tensors alike in training and in serving, and forecasts go back to their units."""

import numpy as np
import pytest
import tensorflow as tf
from hand_made_series import NAMED, START, everything, row_of, settings_of, sine
from seqapps.tasks.forecasting.features import NAMES
from seqapps.tasks.forecasting.task import TASK

from seqapps.data.batching import batch_of

NAN, INF = float("nan"), float("inf")


def features_of(*rows, **options):
    settings = settings_of(*rows, **options)
    return TASK.features(settings, TASK.fit(iter(rows), settings))


def read(row, window, **options):
    """What the model takes of a window [lookback] of one channel, in the user's own units."""
    options = {"lookback": len(window), "horizon": 2, "encoder": "linear", **options}
    features = features_of(row, **options)
    inputs = features.inputs({"values": tf.constant([[[value] for value in window]])})
    scale = features._scale
    found = inputs["values"].numpy()[0, :, 0] * scale.scale[0] + scale.center[0]
    return found, inputs


@pytest.mark.parametrize("how", ["interpolate", "forward", "mask"])
def test_serving_reads_what_training_reads(how):
    row = everything()
    settings = settings_of(row, **NAMED, gaps=how, calendar=True, embed_series=True)
    features = TASK.features(settings, TASK.fit(iter([row]), settings))
    task = TASK.under(settings)
    batch = batch_of(TASK.cases([row], settings)[:11], task.columns)
    trained, _ = features.pair(batch)
    served = {}

    def model(inputs):
        served.update(inputs)
        return tf.zeros([11, settings.horizon, 2, 5])

    features.respond(model, {name: batch[name] for name in task.inputs})
    assert trained.keys() == served.keys() >= {"values", "calendar", "future", "series"}
    for name, given in trained.items():
        np.testing.assert_array_equal(given, served[name])


@pytest.mark.parametrize("scale", ["standard", "robust"])
@pytest.mark.parametrize("log", [0.0, 1e-3])
def test_a_model_that_knew_the_truth_would_answer_it(scale, log):
    """Scale and logarithm are taken off again, each target's own."""
    random = np.random.default_rng(3)
    row = row_of({"a": random.lognormal(size=101), "b": 1000 * random.lognormal(size=101)})
    features = features_of(row, scale=scale, log=log)
    truth = np.abs(random.lognormal(size=[3, 5, 2])).astype("float32") * [1, 1000]
    batch = {"values": tf.ones([3, 29, 2]), "truth": tf.constant(truth, "float32")}
    _, told = features.pair(batch)
    answer = features.respond(lambda inputs: tf.repeat(told[..., :1], 5, axis=-1), batch)
    assert list(answer) == ["mean", "lower", "upper", "lower_80", "upper_80"]
    for value in answer.values():
        np.testing.assert_allclose(value, truth, rtol=1e-4)


def test_quantiles_go_out_under_their_names():
    features = features_of(row_of({"v": sine()}), scale="standard")
    steps = tf.broadcast_to(tf.range(5.0), [1, 5, 1, 5])
    answer = features.respond(lambda inputs: steps, {"values": tf.zeros([1, 29, 1])})
    order = [float(answer[name][0, 0, 0]) for name in NAMES]
    assert order == sorted(order)
    assert NAMES == ("lower", "lower_80", "mean", "upper_80", "upper")


def test_values_are_in_deviations_of_the_training_part():
    row = row_of({"v": np.arange(1, 102), "w": 7 * np.arange(1, 102) + 3})
    inputs = features_of(row).inputs({"values": tf.constant([[[51.0, 360.0]] * 28 + [[52, 367]]])})
    np.testing.assert_allclose(inputs["values"][0, 0], [0, 0], atol=1e-6)
    np.testing.assert_allclose(inputs["values"][0, 28], [1 / np.arange(101).std()] * 2, rtol=1e-5)


def test_logarithms_are_those_of_at_least_the_least_value():
    row = row_of({"v": np.exp(np.arange(101) / 50)})
    window = np.array([0.1, -5.0, 0.5, 1.0, np.e, NAN, np.e, np.e, 1.0], "float32")
    found, _ = read(row, window, log=0.5, gaps="forward")
    expected = [np.log(0.5)] * 3 + [0, 1, 1, 1, 1, 0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("how", "expected"),
    [("interpolate", [3, 3, 3, 4, 5, 5, 5]), ("forward", [3, 3, 3, 3, 5, 5, 5]),
     ("mask", [51, 51, 3, 51, 5, 51, 51])],
)  # fmt: skip
@pytest.mark.parametrize("gap", [NAN, INF, -INF])
def test_gaps_are_filled_as_told_and_infinity_is_one(how, expected, gap):
    row = row_of({"v": np.arange(1, 102)})  # of mean 51
    found, inputs = read(row, [gap, gap, 3.0, gap, 5.0, gap, gap], gaps=how)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    if how == "mask":
        assert inputs["seen"][0, :, 0].numpy().tolist() == [0, 0, 1, 0, 1, 0, 0]
    else:
        assert "seen" not in inputs


@pytest.mark.parametrize("how", ["interpolate", "forward", "mask"])
def test_a_window_without_any_value_is_that_of_the_mean(how):
    found, _ = read(row_of({"v": np.arange(1, 102)}), [NAN] * 7, gaps=how)
    np.testing.assert_allclose(found, [51] * 7, rtol=1e-5)


@pytest.mark.parametrize("size", [1e20, 3e38, -3e38])
def test_what_lies_beyond_any_measure_is_a_gap(size):
    found, _ = read(row_of({"v": np.arange(1, 102)}), [7.0, size, 9.0])
    np.testing.assert_allclose(found, [7, 8, 9], rtol=1e-5)


def test_a_thousandfold_of_the_units_is_a_value():
    found, _ = read(row_of({"v": np.arange(1, 102)}), [7000.0, 8000.0, 9000.0])
    np.testing.assert_allclose(found, [7000, 8000, 9000], rtol=1e-5)


def test_a_truth_that_is_not_known_is_marked_and_0():
    features = features_of(row_of({"v": np.arange(1, 102)}))
    truth = tf.constant([[[51.0], [NAN], [INF], [80.0], [51.0]]])
    _, told = features.pair({"values": tf.zeros([1, 29, 1]), "truth": truth})
    assert told.shape == (1, 5, 1, 2)
    assert told[0, :, 0, 1].numpy().tolist() == [1, 0, 0, 1, 1]
    assert told[0, 1:3, 0, 0].numpy().tolist() == [0, 0]
    np.testing.assert_allclose(told[0, 3, 0, 0], 29 / np.arange(101).std(), rtol=1e-5)


def test_forecasts_of_logarithms_are_finite_however_large():
    features = features_of(row_of({"v": np.exp(sine(height=3.0, level=0.0))}), log=1e-3)
    answer = features.respond(
        lambda inputs: tf.fill([1, 5, 1, 5], 1e30), {"values": tf.ones([1, 29, 1])}
    )
    assert np.isfinite(answer["upper"]).all()


def test_series_are_numbered_from_1_and_others_are_0():
    rows = [row_of({"v": sine()}, series=name) for name in ("c", "a", "b")]
    features = features_of(*rows, embed_series=True)
    raw = {"values": tf.zeros([4, 29, 1]), "series": tf.constant(["a", "c", "unheard of", ""])}
    assert features.inputs(raw)["series"].numpy().tolist() == [1, 3, 0, 0]


def test_the_calendar_is_that_of_the_window_and_of_what_follows():
    """The first of January 2019 was a Tuesday: a day after the week's beginning."""
    features = features_of(row_of({"v": sine()}), calendar=True)
    raw = {"values": tf.zeros([1, 29, 1]), "start": tf.constant([START], tf.int64)}
    found = features.inputs(raw)["calendar"].numpy()
    assert found.shape == (1, 29 + 5, 4) == (1, 34, features.moments)
    week = np.arange(1, 35) / 7
    np.testing.assert_allclose(found[0, :, 0], np.sin(2 * np.pi * week), atol=1e-5)
    year = np.arange(34) / 365.2425
    np.testing.assert_allclose(found[0, :, 3], np.cos(2 * np.pi * year), atol=1e-5)


def test_plans_are_scaled_by_the_scale_of_their_own_column():
    row = row_of({"plan": 1000.0 + np.arange(101), "v": sine(101)})
    features = features_of(row, future="plan")
    raw = {
        "values": tf.zeros([1, 29, 2]),
        "future": tf.constant([[[1050.0], [NAN]] + [[1051]] * 3]),
    }
    expected = np.array([0, 0, 1, 1, 1]) / np.arange(101).std()
    np.testing.assert_allclose(features.inputs(raw)["future"][0, :, 0], expected, atol=1e-5)


def test_the_state_is_a_scale_of_all_series_and_their_names():
    train, more = row_of({"v": np.arange(1, 102)}), row_of({"v": np.arange(1, 102)}, series="b")
    settings = settings_of(train)
    state = TASK.fit(iter([train, more]), settings)
    assert (state["center"].tolist(), state["series"]) == ([51], ["b", "mill"])
