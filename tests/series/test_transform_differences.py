"""Differences and the way back."""

import numpy as np
import pytest
from scipy import signal

from seqapps.errors import UserError
from seqapps.series.transforms.differences import differences, lags_of, levels
from seqapps.series.transforms.matrix import apply, looks_ahead

BATCH, LOOKBACK, HORIZON, CHANNELS = 3, 29, 13, 5
LAGS = [(), (1,), (1, 1), (7,), (1, 7), (7, 1, 1), (17,)]
RANDOM = np.random.default_rng(0)


def test_differences_are_numpys():
    values = RANDOM.normal(size=[BATCH, LOOKBACK, CHANNELS])
    np.testing.assert_allclose(
        apply(differences(LOOKBACK, (1, 1)), values), np.diff(values, 2, axis=1), atol=1e-12
    )


def test_seasonal_differences_are_the_product_of_the_operators():
    """(1 - B)(1 - B^7) as one filter with the coefficients of the polynomials' product."""
    operator = np.convolve([1, -1], [1, 0, 0, 0, 0, 0, 0, -1])
    values = RANDOM.normal(size=[LOOKBACK])
    expected = signal.lfilter(operator, 1, values)[8:]
    np.testing.assert_allclose(differences(LOOKBACK, (1, 7)) @ values, expected, atol=1e-12)


def test_no_difference_looks_ahead():
    assert not looks_ahead(differences(LOOKBACK, (1, 7)))


@pytest.mark.parametrize("lags", LAGS, ids=str)
def test_levels_come_back_from_their_differences_exactly(lags):
    """Whole numbers, so that nothing is rounded even in single precision."""
    whole = RANDOM.integers(-999, 999, [BATCH, LOOKBACK + HORIZON, CHANNELS]).astype("float32")
    changes = apply(differences(LOOKBACK + HORIZON, lags), whole)[:, -HORIZON:]
    given = levels(changes, whole[:, :LOOKBACK], lags)
    np.testing.assert_array_equal(given, whole[:, LOOKBACK:])


def test_by_hand_the_last_value_plus_the_sum_so_far():
    changes, last = np.array([[[1.0], [-3], [2]]]), np.array([[[99.0], [10]]])
    np.testing.assert_array_equal(levels(changes, last), [[[11], [8], [10]]])


def test_single_precision_loses_no_more_than_a_price_can_show():
    """Second differences of a price of 10,000: 97 steps on, its last digits are still right."""
    price = 1e4 + np.cumsum(RANDOM.normal(size=[1, LOOKBACK + 97, 1]), axis=1)
    price = price.astype("float32")
    changes = np.diff(price.astype("float64"), 2, axis=1)[:, -97:].astype("float32")
    given = levels(changes, price[:, :LOOKBACK], (1, 1)).numpy()
    assert np.abs(given - price[:, LOOKBACK:]).max() < 0.01


def test_too_few_values_before_the_horizon_are_refused():
    with pytest.raises(ValueError, match=r"received 3 steps .* at least 8"):
        levels(np.zeros([1, 2, 1]), np.zeros([1, 3, 1]), (1, 7))


def test_lags_that_a_window_cannot_hold_are_refused():
    with pytest.raises(UserError, match="look-back of 7 steps has no such difference"):
        differences(7, (1, 6))
    with pytest.raises(UserError, match="lags of 1 or more"):
        differences(7, (0,))


def test_orders_are_arimas():
    assert lags_of() == (1,)
    assert lags_of(1, season=12, seasonal_order=2) == (1, 12, 12)
    with pytest.raises(UserError, match="season of 1 or more"):
        lags_of(1, seasonal_order=1)
