"""Gaps filled in the graph, beside a twin in NumPy that goes step by step."""

import numpy as np
import pytest

from seqapps.errors import UserError
from seqapps.series.transforms.gaps import fill

BATCH, CHANNELS = 5, 3
FALLBACK = np.array([11.0, -7, 0.5])
HOWS = ["interpolate", "forward", "causal", "mask"]


def windows(lookback, missing, seed=0):
    random = np.random.default_rng(seed)
    values = random.normal(size=[BATCH, lookback, CHANNELS])
    values[random.random(values.shape) < missing] = np.nan
    values[(random.random(values.shape) < 0.1) & np.isnan(values)] = np.inf
    values[0, :, 1] = np.nan
    values[1, :, 2] = random.normal(size=lookback)
    return values


def twin(column, how, fallback):
    """One window and channel."""
    seen = np.flatnonzero(np.isfinite(column))
    steps = np.arange(len(column))
    if not len(seen):
        return np.full(len(column), fallback)
    if how == "interpolate":
        return np.interp(steps, seen, column[seen])
    filled = []
    for step in steps:
        before = seen[seen <= step]
        if np.isfinite(column[step]):
            filled.append(column[step])
        elif how == "mask" or (how == "causal" and not len(before)):
            filled.append(fallback)
        else:
            filled.append(column[before[-1] if len(before) else seen[0]])
    return np.array(filled)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("lookback", "missing"), [(1, 0.5), (2, 0.5), (37, 0.3), (64, 0.95)])
def test_every_way_gives_what_its_twin_gives(how, lookback, missing):
    values = windows(lookback, missing)
    filled, mask = fill(values, how, fallback=FALLBACK)
    np.testing.assert_array_equal(mask, np.isfinite(values))
    for window, answer in zip(values, filled.numpy(), strict=True):
        for channel in range(CHANNELS):
            expected = twin(window[:, channel], how, FALLBACK[channel])
            np.testing.assert_allclose(answer[:, channel], expected, rtol=1e-12, atol=1e-14)


def test_by_hand():
    gap = np.nan
    values = np.array([gap, 4, gap, gap, 1, gap], "float32")[None, :, None]
    expected = {
        "interpolate": [4, 4, 3, 2, 1, 1],
        "forward": [4, 4, 4, 4, 1, 1],
        "causal": [9, 4, 4, 4, 1, 1],
        "mask": [9, 4, 9, 9, 1, 9],
    }
    for how, filled in expected.items():
        given, mask = fill(values, how, fallback=9)
        assert given.dtype == mask.dtype == "float32"
        np.testing.assert_allclose(given[0, :, 0], filled, rtol=1e-6)
        np.testing.assert_array_equal(mask[0, :, 0], [0, 1, 0, 0, 1, 0])


@pytest.mark.parametrize("how", HOWS)
def test_what_was_observed_is_untouched_to_the_last_digit(how):
    values = windows(37, 0.3).astype("float32")
    filled = fill(values, how)[0].numpy()
    seen = np.isfinite(values)
    np.testing.assert_array_equal(filled[seen], values[seen])


def looks_ahead(how):
    """Steps, windows and channels that change when later steps do."""
    found = []
    for seed in range(3):
        values = windows(13, 0.5, seed)
        for step in range(12):
            changed = values.copy()
            changed[:, step + 1 :] = windows(13, 0.5, seed + 100)[:, step + 1 :]
            before, after = (
                np.asarray(fill(each, how)[0])[:, : step + 1] for each in (values, changed)
            )
            observed = np.isfinite(values[:, : step + 1])
            for window, at, channel in np.argwhere(before != after):
                found.append(observed[window, : at + 1, channel].any())
    return found  # whether anything was observed until then


@pytest.mark.parametrize("how", ["causal", "mask"])
def test_later_values_never_change_what_is_filled_in_causally(how):
    assert looks_ahead(how) == []


def test_carrying_forward_looks_ahead_only_before_the_first_observation():
    found = looks_ahead("forward")
    assert found and not any(found)


def test_interpolation_looks_ahead():
    assert any(looks_ahead("interpolate"))


def test_the_largest_numbers_do_not_overflow_on_the_line_between_them():
    values = np.array([3e38, np.nan, -3e38], "float32")[None, :, None]
    np.testing.assert_allclose(fill(values, "interpolate")[0][0, :, 0], [3e38, 0, -3e38])


def test_an_unknown_way_is_refused():
    with pytest.raises(UserError, match="Did you mean 'interpolate'"):
        fill(windows(7, 0.3), "interpolated")


def test_look_back_and_number_of_windows_may_be_any():
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None, None, CHANNELS], "float64")])
    def filled(values):
        return fill(values, "interpolate", fallback=FALLBACK)[0]

    for values in (windows(37, 0.3), windows(2, 0.9), windows(11, 0.5)[:0], np.ones([2, 3, 3])):
        expected, _ = fill(values, "interpolate", fallback=FALLBACK)
        np.testing.assert_array_equal(filled(values), expected)
