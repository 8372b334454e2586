"""Any linear function of a window is a matrix."""

import numpy as np
import pytest

from seqapps.series.transforms.matrix import apply, look_ahead, looks_ahead, matrix_of

BATCH, LOOKBACK, CHANNELS = 3, 7, 5
VALUES = np.random.default_rng(0).normal(size=[BATCH, LOOKBACK, CHANNELS])


def test_the_product_gives_what_the_function_gives():
    matrix = matrix_of(lambda columns: np.cumsum(columns, axis=0)[1:] * 2, LOOKBACK)
    assert matrix.shape == (LOOKBACK - 1, LOOKBACK)
    np.testing.assert_allclose(apply(matrix, VALUES), np.cumsum(VALUES, axis=1)[:, 1:] * 2)


@pytest.mark.parametrize(
    "function",
    [
        lambda columns: columns + 1,
        lambda columns: np.abs(columns),
        lambda columns: np.where(np.abs(columns) > 50, 0, columns),
        lambda columns: columns - np.median(columns, axis=0),
        lambda columns: columns / columns.std(axis=0),
        lambda columns: columns * np.linspace(0, 1, columns.shape[1]),
    ],
    ids=["constant", "absolute", "threshold", "median", "deviation", "columns"],
)
def test_a_function_that_is_not_linear_is_refused(function):
    with pytest.raises(ValueError, match="is not linear on 7 steps"):
        matrix_of(function, LOOKBACK)


def test_a_function_that_leaves_no_columns_is_refused():
    with pytest.raises(ValueError, match=r"gave shape \[7\] .* expected \[out, 7\]"):
        matrix_of(lambda columns: columns.sum(axis=1), LOOKBACK)


def test_a_function_that_gives_nan_is_refused():
    with pytest.raises(ValueError, match="NaN or infinity"):
        matrix_of(lambda columns: columns * np.nan, LOOKBACK)


def test_what_comes_from_later_steps_is_told_row_by_row():
    matrix = np.array([[2.0, -1, 1], [5, 1, 0], [0, -3, 1]])
    np.testing.assert_array_equal(look_ahead(matrix), [0.5, 0, 0])
    assert looks_ahead(matrix)
    assert not looks_ahead(np.tril(matrix))


def test_rows_stand_at_the_last_steps_unless_told():
    """A difference of 3 steps stands at the later one of its two."""
    matrix = np.array([[-1.0, 1, 0], [0, -1, 1]])
    assert not looks_ahead(matrix)
    np.testing.assert_array_equal(look_ahead(matrix, at=[0, 1]), [0.5, 0.5])
    with pytest.raises(ValueError, match="must name the step of each row"):
        look_ahead(matrix, at=[0, 1, 2])


def test_rounding_is_no_looking_ahead():
    assert not looks_ahead(np.array([[1, 1e-17], [1, 1]]))


def test_a_gap_reaches_no_other_window_and_channel():
    values = VALUES.copy()
    values[1, 2, 3] = np.nan
    missing = np.isnan(apply(np.ones([2, LOOKBACK]), values))
    expected = np.zeros([BATCH, 2, CHANNELS], bool)
    expected[1, :, 3] = True
    np.testing.assert_array_equal(missing, expected)


def test_the_type_of_the_values_is_kept():
    assert apply(np.eye(LOOKBACK), VALUES.astype("float32")).dtype == "float32"


def test_a_model_on_another_backend_can_hold_it():
    jax = pytest.importorskip("jax")
    import keras

    matrix = np.random.default_rng(1).normal(size=[2, LOOKBACK])
    symbolic = apply(matrix, keras.KerasTensor([None, LOOKBACK, CHANNELS]))
    assert symbolic.shape == (None, 2, CHANNELS)
    if keras.backend.backend() == "jax":
        given = apply(matrix, jax.numpy.asarray(VALUES))
        np.testing.assert_allclose(given, np.einsum("ol,blc->boc", matrix, VALUES), rtol=1e-5)
