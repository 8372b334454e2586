"""Forecasters of every kind: shapes, what they read, what they learn."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import pywt
import tensorflow as tf
from hand_made_series import NAMED, everything, row_of, settings_of, sine
from seqapps.tasks.forecasting.model import loss_of
from seqapps.tasks.forecasting.network import FromLastSeason, OwnScale, Unnamed, WaveletBands
from seqapps.tasks.forecasting.task import TASK

from seqapps.data.batching import batch_of
from seqapps.layers.bands import LEVELS

ENCODERS = ("linear", "lstm", "gru", "segments", "encoder_decoder", "attention")
ALL = {**NAMED, "calendar": True, "embed_series": True, "gaps": "mask"}
TOTAL = list(product(ENCODERS, ("each", "together")))


def inputs_of(forecaster, count=7):
    batch = batch_of(forecaster.cases[:count], forecaster.task.columns)
    return forecaster.features.pair(batch)[0]


@pytest.mark.parametrize(("encoder", "channels"), TOTAL)
def test_every_model_gives_five_quantiles_of_every_step_and_target(made, encoder, channels):
    for head in ("point", "quantiles"):
        forecaster = made(everything(), **ALL, encoder=encoder, channels=channels, head=head)
        assert forecaster.model.output_shape == (None, 5, 2, 5)
        found = forecaster.model(inputs_of(forecaster)).numpy()
        assert found.shape == (7, 5, 2, 5)
        assert np.isfinite(found).all()
        assert (np.diff(found, axis=-1) >= 0).all()
        assert (np.diff(found[..., 0], axis=1) != 0).any()
        if head == "quantiles":
            assert (np.diff(found, axis=-1) > 0).any()


@pytest.mark.parametrize(("encoder", "channels"), TOTAL)
def test_the_forecast_rests_on_every_input_that_is_declared(made, encoder, channels):
    """None is taken and then ignored; of values neither targets nor covariates, nor the mask."""
    forecaster = made(everything(), **ALL, encoder=encoder, channels=channels)
    inputs = inputs_of(forecaster)
    before = forecaster.model(inputs).numpy()
    assert {*inputs} == {"values", "seen", "calendar", "future", "series"}
    for name, place in [("values", 0), ("values", 1), ("values", 2), ("values", 3), ("seen", 0),
                        ("seen", 2), ("calendar", 0), ("future", 0), ("series", None)]:  # fmt: skip
        changed = inputs[name].numpy()
        if place is None:
            changed = 0 * changed
        elif name == "calendar":
            changed[..., place] += 1
        else:
            changed[:, -3, place] = 1 - changed[:, -3, place]
        after = forecaster.model({**inputs, name: tf.constant(changed)}).numpy()
        assert np.abs(after - before).max() > 1e-5, (name, place)


def test_inputs_are_those_that_the_settings_ask_for(made):
    row = everything()
    for options, names in [
        ({}, {"values"}),
        ({"calendar": True}, {"values", "start"}),
        ({"future": "plan"}, {"values", "future"}),
        ({"embed_series": True}, {"values", "series"}),
        ({"gaps": "mask"}, {"values"}),
    ]:
        forecaster = made(row, encoder="linear", **options)
        assert {*forecaster.task.inputs} == names
    assert {*made(row, gaps="mask").model.input} == {"values", "seen"}


@pytest.mark.parametrize("encoder", ENCODERS)
def test_by_itself_a_target_s_forecast_rests_on_no_other_target(made, encoder):
    forecaster = made(row_of({"a": sine(), "b": sine(period=7)}), encoder=encoder, channels="each")
    values = inputs_of(forecaster)["values"].numpy()
    other = values.copy()
    other[:, :, 1] = np.random.default_rng(0).normal(size=other.shape[:2])
    before, after = (forecaster.model({"values": each}).numpy() for each in (values, other))
    np.testing.assert_array_equal(before[:, :, 0], after[:, :, 0])
    assert (before[:, :, 1] != after[:, :, 1]).any()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_by_themselves_targets_are_read_alike(made, encoder):
    """Targets that change places change forecasts' places, where no vector tells them apart."""
    row = row_of({"a": sine(), "b": sine(period=7), "c": sine(period=5)})
    forecaster = made(row, encoder=encoder, channels="each")
    if encoder == "segments":
        forecaster.model.get_layer("channels").vectors.assign(np.zeros([3, 12]))
    values = inputs_of(forecaster)["values"].numpy()
    before = forecaster.model({"values": values}).numpy()
    after = forecaster.model({"values": values[:, :, [2, 0, 1]]}).numpy()
    np.testing.assert_allclose(after, before[:, :, [2, 0, 1]], atol=1e-5)
    assert (before[:, :, 0] != before[:, :, 1]).any()


@pytest.mark.parametrize("window", ["last", "standard"])
def test_a_window_s_level_is_added_to_its_forecast_again(made, window):
    forecaster = made(row_of({"v": sine()}), encoder="gru", window=window)
    values = inputs_of(forecaster)["values"].numpy()
    before, after = (forecaster.model({"values": each}).numpy() for each in (values, values + 11))
    np.testing.assert_allclose(after, before + 11, atol=1e-4)


def test_a_window_s_own_scale_is_that_of_observed_values():
    values = np.array([[[2.0], [0.0], [5.0], [0.0]]], "float32")
    seen = np.array([[[1.0], [0.0], [1.0], [0.0]]], "float32")
    found, level, spread = OwnScale("last")(values, seen)
    assert np.ravel(found).tolist() == [-3, 0, 0, 0]
    assert (np.ravel(level), np.ravel(spread)) == (5, 1)
    found, level, spread = OwnScale("standard")(values, seen)
    np.testing.assert_allclose(np.ravel(found), [-1, 0, 1, 0], atol=1e-4)
    np.testing.assert_allclose([np.ravel(level), np.ravel(spread)], [[3.5], [1.5]], atol=1e-4)
    found, level, spread = OwnScale("none")(values)
    assert (np.ravel(found).tolist(), np.ravel(level), np.ravel(spread)) == ([2, 0, 5, 0], 0, 1)


def test_steps_are_measured_from_those_of_the_season_before():
    values = np.array([1, 2, 3, 5, 7, 9, 6], "float32")[None, :, None]
    found, level, spread = FromLastSeason(3, 5)(values)
    assert np.ravel(found).tolist() == [0, 0, 0, 4, 5, 6, 1]
    assert np.ravel(level).tolist() == [7, 9, 6, 7, 9]  # the seasonal naive forecast
    assert np.ravel(spread).tolist() == [1]


def test_a_season_that_was_not_observed_is_stood_for_by_the_one_before():
    values = np.array([1, 2, 3, 5, 0, 9, 6], "float32")[None, :, None]
    seen = np.array([1, 0, 1, 1, 0, 1, 1], "float32")[None, :, None]
    found, level, _ = FromLastSeason(2, 2)(values, seen)
    assert np.ravel(found).tolist() == [0, 0, 2, 0, 0, 4, 0]
    assert np.ravel(level).tolist() == [9, 6]
    gone = seen * [[[1], [1], [1], [1], [1], [0], [0]]]
    assert np.ravel(FromLastSeason(2, 2)(values, gone)[1]).tolist() == [5, 3]
    assert np.ravel(FromLastSeason(2, 2)(values, 0 * seen)[1]).tolist() == [0, 0]


@pytest.mark.parametrize("gaps", ["interpolate", "mask"])
@pytest.mark.parametrize("head", ["point", "quantiles"])
def test_a_network_that_says_nothing_forecasts_the_last_season(made, gaps, head):
    """Also of several targets, for horizons that are longer than a season."""
    row = row_of({"a": sine(), "b": sine(period=7)})
    forecaster = made(row, encoder="gru", window="season", season=3, gaps=gaps, head=head)
    inputs = inputs_of(forecaster)
    forecaster.model.get_layer("head").set_weights(
        [0 * weight for weight in forecaster.model.get_layer("head").get_weights()]
    )
    values = inputs["values"].numpy()
    expected = np.concatenate([values[:, -3:], values[:, -3:-1]], axis=1)
    found = forecaster.model(inputs).numpy()
    np.testing.assert_allclose(found[..., 2], expected, atol=1e-6)


@pytest.mark.parametrize(
    "transform", ["difference", "butterworth", "savitzky_golay", "wavelet", "bands"]
)
def test_every_transform_is_read(made, transform):
    plain = made(row_of({"v": sine()}), encoder="linear")
    forecaster = made(row_of({"v": sine()}), encoder="linear", transform=transform)
    values = inputs_of(plain)
    read = inputs_of(forecaster)
    assert forecaster.model(read).shape == (7, 5, 1, 5)
    noise = np.random.default_rng(0).normal(size=[7, 29, 1]).astype("float32")
    raw = {"values": tf.constant(50 + noise)}
    before = plain.model(plain.features.inputs(raw)).numpy()
    after = forecaster.model(forecaster.features.inputs(raw)).numpy()
    assert np.abs(after - before).max() > 1e-3
    assert values["values"].shape == read["values"].shape


def test_wavelet_bands_stand_side_by_side_and_add_up():
    values = np.random.default_rng(0).normal(size=[3, 29, 2]).astype("float32")
    found = np.reshape(WaveletBands()(values), [3, 29, 2, -1])
    assert found.shape[-1] == 3  # 29 steps have two levels of db4
    np.testing.assert_allclose(found.sum(axis=-1), values, atol=1e-5)
    expected = pywt.wavedec(values[1, :, 1], "db4")
    slow = pywt.waverec([expected[0], *(0 * detail for detail in expected[1:])], "db4")[:29]
    np.testing.assert_allclose(found[1, :, 1, 0], slow, atol=1e-5)


@pytest.mark.parametrize("channels", ["each", "together"])
@pytest.mark.parametrize("covariates", ["all", "none"])
def test_every_channel_is_read_in_bands(made, channels, covariates):
    """Targets and covariates; whether a step was observed is no channel of values."""
    row = row_of({"a": sine(), "b": sine(period=7), "c": sine(period=5)})
    forecaster = made(
        row, target="a,b", covariates=covariates, channels=channels, transform="bands",
        encoder="gru", gaps="mask",
    )  # fmt: skip
    beside = covariates == "all"
    values = {"each": 1 + beside, "together": 2 + beside}[channels]
    (reader,) = [layer for layer in forecaster.model.layers if layer.name == "gru_1"]
    assert reader.input.shape[-1] == values * 3 + values
    assert forecaster.model(inputs_of(forecaster)).shape[1:] == (5, 2, 5)


def by_hand(truth, known, quantiles, settings):
    """The loss of one case [horizon, targets], in NumPy."""
    if settings.head == "quantiles":
        error = truth[..., None] - quantiles
        levels = np.array(LEVELS)
        each = 2 * np.where(error > 0, levels * error, (levels - 1) * error).mean(axis=-1)
    else:
        error = truth - quantiles[..., 2]
        each = {
            "mse": error**2,
            "mae": np.abs(error),
            "huber": np.where(np.abs(error) < 1, error**2, 2 * np.abs(error) - 1),
        }[settings.loss]
    return each[known].mean()


OF_LOSSES = [{"loss": "mse"}, {"loss": "mae"}, {"loss": "huber"}, {"head": "quantiles"}]


@pytest.mark.parametrize("options", OF_LOSSES, ids=lambda options: next(iter(options.values())))
def test_the_loss_is_what_is_worked_out_by_hand_and_teaches_nothing_of_unknown_steps(options):
    settings = replace(TASK.settings, **options)
    random = np.random.default_rng(0)
    truth = random.normal(size=[3, 5, 2], scale=2)
    quantiles = np.sort(random.normal(size=[3, 5, 2, 5], scale=2), axis=-1)
    known = random.random([3, 5, 2]) < 0.6
    packed = tf.constant(np.stack([np.where(known, truth, 0), known], axis=-1), "float32")
    told = tf.constant(quantiles, "float32")
    with tf.GradientTape() as tape:
        tape.watch(told)
        found = loss_of(settings)(packed, told)
    expected = [by_hand(truth[i], known[i], quantiles[i], settings) for i in range(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    slope = np.abs(tape.gradient(found, told).numpy()).max(axis=-1)
    assert (slope[~known] == 0).all()
    assert (slope[known] > 0).all()


def test_the_vector_of_a_series_without_a_name_is_learnt_from_some_of_all_rows(made):
    rows = [row_of({"v": sine(phase=5 * place)}, series=name) for place, name in enumerate("ab")]
    forecaster = made(*rows, encoder="linear", embed_series=True)
    assert forecaster.features.known_values() == {"series": ["a", "b"]}
    vectors = forecaster.model.get_layer("series_vectors").embeddings
    before = vectors.numpy()
    batch = batch_of([*forecaster.cases], forecaster.task.columns)
    forecaster.model.train_on_batch(*forecaster.features.pair(batch))
    assert (np.abs(vectors.numpy() - before).max(axis=1) > 0).all()


def test_names_are_left_out_in_training_alone():
    numbers = tf.range(1, 2004)
    layer = Unnamed(0.1)
    assert layer(numbers).numpy().tolist() == numbers.numpy().tolist()
    hidden = layer(numbers, training=True).numpy()
    assert set(hidden[hidden != numbers]) == {0}
    assert 0.07 < np.mean(hidden == 0) < 0.13


def test_a_window_without_any_known_step_has_no_loss():
    packed, told = tf.zeros([2, 5, 1, 2]), tf.ones([2, 5, 1, 5])
    assert loss_of(TASK.settings)(packed, told).numpy().tolist() == [0, 0]


def learnt(forecaster, *, steps):
    """(mean square error of the trained forecaster, of the last value), in their own units."""
    train, test = forecaster.cases[:150], forecaster.cases[150:]
    columns = forecaster.task.columns
    pair = forecaster.features.pair(batch_of(train, columns))
    for _ in range(steps):
        forecaster.model.train_on_batch(*pair)
    truth = np.stack([case["truth"] for case in test])
    last = np.stack([case["values"][-1:, : truth.shape[2]] for case in test])
    told = forecaster.features.respond(forecaster.model, batch_of(test, forecaster.task.inputs))
    return ((told["mean"] - truth) ** 2).numpy().mean(), ((last - truth) ** 2).mean()


LONG = [pytest.param(name, marks=pytest.mark.long) for name in ENCODERS if name != "segments"]


@pytest.mark.parametrize("encoder", ["segments", *LONG])
def test_a_sine_is_learnt(made, encoder):
    forecaster = made(
        row_of({"v": sine()}), encoder=encoder, learning_rate=0.01, schedule="constant"
    )
    model, last = learnt(forecaster, steps=120)
    assert model < last / 20


@pytest.mark.long
def test_what_is_known_in_advance_is_learnt(made):
    """A series of nothing but the plan of its day is foreseen by the plan alone."""
    plan = np.random.default_rng(0).normal(size=211)
    row = row_of({"v": 5 + plan, "plan": plan})
    forecaster = made(
        row, future="plan", encoder="linear", window="none", learning_rate=0.02,
        schedule="constant",
    )  # fmt: skip
    model, last = learnt(forecaster, steps=300)
    assert model < last / 10


@pytest.mark.parametrize(
    "encoder", ["encoder_decoder", pytest.param("attention", marks=pytest.mark.long)]
)
def test_what_the_forecast_looks_at_sums_to_1(made, encoder):
    for channels in ("each", "together"):
        forecaster = made(everything(), **ALL, encoder=encoder, channels=channels, layers=2)
        told = forecaster.ask(forecaster.cases[:3], "explain")
        weights = np.array([one["weights"] for one in told])
        assert weights.shape == (3, 29)
        unread = 29 % forecaster.settings.segment if encoder == "attention" else 0
        assert (weights[:, :unread] == 0).all()
        assert (weights[:, unread:] > 0).all()
        np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
        assert told[0]["steps"] == [str(step) for step in range(-29, 0)]


def test_the_segment_that_all_look_at_has_the_weight_of_attention(made):
    """Half is what the states hand on as it came, a quarter of each of four segments; of the other
    half all lies on the third segment, whose key alone is not 0.
    """
    forecaster = made(row_of({"v": sine()}), encoder="attention", lookback=28, segment=7)
    forecaster.model.get_layer("segment").kernel.assign(np.zeros([7, 12]))
    forecaster.model.get_layer("segment").bias.assign(np.zeros(12))
    places = np.zeros([4, 12])
    places[2, 0] = 1.0
    forecaster.model.get_layer("places").vectors.assign(places)
    norm = forecaster.model.get_layer("block_1_norm_1")
    norm.gamma.assign(np.eye(12)[0])
    norm.beta.assign(np.zeros(12))
    attention = forecaster.model.get_layer("block_1_attention")
    attention.query_dense.kernel.assign(np.zeros([12, 3, 4]))
    attention.query_dense.bias.assign(np.ones([3, 4]))
    attention.key_dense.kernel.assign(np.full([12, 3, 4], 100.0))
    [told] = forecaster.ask(forecaster.cases[:1], "explain")
    shares = np.reshape(told["weights"], [4, 7])
    np.testing.assert_allclose(shares, np.array([[1, 1, 5, 1]]).T / 8 / 7 * np.ones([4, 7]))


def test_only_a_model_with_attention_says_where_it_looks():
    assert TASK.signatures(settings_of(row_of({"v": sine()}))) == {}


def test_bands_hold_what_they_say_after_calibration(made):
    """Of noise that nobody foresees, on windows after those that set the bands."""
    noise = np.random.default_rng(2).normal(size=1009)
    row = row_of({"v": noise})
    forecaster = made(row, encoder="linear", horizon=3, lookback=5, origins=0)
    forecaster.model.get_layer("head").kernel.assign(np.zeros([5, 3]))
    cases = forecaster.cases
    TASK.calibrate(forecaster.settings, forecaster.model, forecaster.features, cases[:500])
    told = forecaster.ask(cases[500:])
    truth = np.stack([case["truth"] for case in cases[500:]])
    ends = {name: np.array([one[name] for one in told]) for name in told[0]}
    inside = (ends["lower_80"] <= truth) & (truth <= ends["upper_80"])
    assert 0.75 < inside.mean() < 0.85
    inside = (ends["lower"] <= truth) & (truth <= ends["upper"])
    assert 0.92 < inside.mean() < 0.98


def test_bands_are_wider_in_restless_times(made):
    """Noise that is five times as large in every second hundred of steps."""
    random = np.random.default_rng(2)
    size = np.where(np.arange(1009) // 100 % 2, 5.0, 1.0)
    forecaster = made(
        row_of({"v": size * random.normal(size=1009)}), encoder="linear", horizon=3, lookback=13,
        window="none",
    )  # fmt: skip
    forecaster.model.get_layer("head").set_weights([np.zeros([13, 3]), np.zeros(3)])
    cases = forecaster.cases
    TASK.calibrate(forecaster.settings, forecaster.model, forecaster.features, cases[:500])
    told = forecaster.ask(cases[500:])
    wide = np.array([np.subtract(one["upper_80"], one["lower_80"]).mean() for one in told])
    restless = np.array([np.abs(np.diff(case["values"][:, 0])).mean() for case in cases[500:]])
    calm = restless < np.median(restless)
    assert wide[~calm].mean() > 2 * wide[calm].mean()
    truth = np.stack([case["truth"] for case in cases[500:]])
    ends = [np.array([one[name] for one in told]) for name in ("lower_80", "upper_80")]
    inside = (ends[0] <= truth) & (truth <= ends[1])
    assert 0.7 < inside[calm].mean() < 0.9
    assert 0.7 < inside[~calm].mean() < 0.9


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"segment": 31}, "segment = 31 is longer than lookback = 29"),
        ({"encoder": "encoder_decoder", "units": 13}, "units = 13 must be a multiple of heads = 3"),
    ],
)
def test_sizes_that_do_not_go_together_are_told(options, problem):
    with pytest.raises(ValueError, match=problem):
        settings_of(row_of({"v": sine()}), **options)
