"""Forecasts become five quantiles that ascend, moved by what validation data said."""

import keras
import numpy as np

from seqapps.layers.bands import LEVELS, MIDDLE, Bands, spread_of
from seqapps.metrics.conformal import LEAST, factor_of

OFFSETS = [-3.0, -2.0, 0.0, 1.0, 5.0]


def with_offsets(forecast, offsets):
    layer = Bands()
    layer.build(forecast.shape)
    layer.offsets.assign(np.broadcast_to(offsets, layer.offsets.shape))
    return layer(forecast).numpy()


def test_levels_are_those_of_the_80_and_the_95_percent_interval():
    assert LEVELS == (0.025, 0.1, 0.5, 0.9, 0.975)
    assert MIDDLE == 2


def test_a_point_is_the_median_and_its_offsets_are_the_bands():
    points = np.random.default_rng(0).normal(size=[2, 3, 7]).astype("float32")
    found = with_offsets(points, OFFSETS)
    np.testing.assert_allclose(found, points[..., None] + np.array(OFFSETS), rtol=1e-5)


def test_before_calibration_bands_of_points_have_no_width():
    points = np.ones([2, 3, 7], "float32")
    assert (Bands()(points).numpy() == 1).all()


def test_offsets_are_those_of_each_step_and_target():
    points = np.zeros([2, 3, 7], "float32")
    offsets = np.sort(np.random.default_rng(0).normal(size=[3, 7, 5]), axis=-1)
    offsets -= offsets[..., 2:3]
    found = with_offsets(points, offsets)
    np.testing.assert_allclose(found, np.stack([offsets, offsets]), rtol=1e-5)


def test_bands_are_wider_after_restless_windows_as_width_says():
    """Mean changes 2 and 6: with a half that follows, of a usual 4, 0.75 and 1.25 times as wide."""
    layer = Bands()
    points = np.ones([2, 3, 1], "float32")
    windows = np.array([[1.0, 3.0, 1.0, 3.0], [0.0, 9.0, 5.0, 0.0]], "float32")[..., None]
    assert spread_of(windows).numpy().tolist() == [[2], [6]]
    layer(points, windows)
    layer.offsets.assign(np.broadcast_to(OFFSETS, [3, 1, 5]))
    np.testing.assert_allclose(layer(points, windows), layer(points).numpy()[[0, 0]])
    layer.width.assign([[0.5], [0.5 / 4]])
    found = layer(points, windows).numpy()[:, 0, 0]
    np.testing.assert_allclose(found, 1 + np.array([[0.75], [1.25]]) * OFFSETS)
    factor = factor_of(np.array([[2.0], [6.0]]), layer.width.numpy())
    np.testing.assert_allclose(found[:, :1], 1 + factor * OFFSETS[0])
    layer.width.assign([[1.0], [1e-9]])
    np.testing.assert_allclose(layer(points, windows)[0, 0, 0], 1 + LEAST * np.array(OFFSETS))


def test_quantiles_that_were_learnt_in_disorder_are_sorted():
    quantiles = np.random.default_rng(0).normal(size=[2, 3, 7, 5]).astype("float32")
    np.testing.assert_array_equal(Bands()(quantiles), np.sort(quantiles, axis=-1))


def test_bands_that_are_drawn_in_too_far_do_not_cross_the_median():
    """Bands that were too wide are narrowed; the median stays, and the wider band the wider."""
    quantiles = np.broadcast_to(np.arange(5.0, dtype="float32"), [1, 1, 1, 5])
    assert with_offsets(quantiles, [2.5, 0.5, 0.0, -0.5, -2.5]).ravel().tolist() == [
        1.5, 1.5, 2, 2.5, 2.5,
    ]  # fmt: skip
    assert (with_offsets(quantiles, [9.0, 9.0, 0.0, -9.0, -9.0]) == 2).all()


def test_no_offset_is_trained():
    layer = Bands()
    layer(np.ones([2, 3, 7], "float32"))
    assert (layer.trainable_variables, layer.offsets.shape) == ([], (3, 7, 5))
    assert layer.width.shape == (2, 7)


def test_shapes_are_told_and_the_layer_is_made_anew_from_its_configuration():
    again = Bands.from_config(Bands(name="bands").get_config())
    assert again.compute_output_shape((None, 3, 7)) == (None, 3, 7, 5)
    assert again.compute_output_shape((None, 3, 7, 5)) == (None, 3, 7, 5)
    assert keras.saving.get_registered_name(Bands) == "seqapps>Bands"
