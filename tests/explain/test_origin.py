"""The model behind an export is found by the values of its weights, or not at all."""

import keras
import numpy as np
import pytest

from seqapps.errors import UserError
from seqapps.explain.origin import run_of, take_weights

INPUTS, UNITS = 5, 3


def model(seed):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input([INPUTS]),
            keras.layers.Dense(INPUTS, bias_initializer="glorot_normal"),
            keras.layers.Dense(INPUTS, bias_initializer="glorot_normal"),
            keras.layers.Rescaling(2.0),
            keras.layers.Dense(UNITS, use_bias=False),
        ]
    )


def test_weights_are_found_in_any_order():
    mine, theirs = model(0), model(0)
    take_weights(mine, theirs.get_weights()[::-1])
    for weight, expected in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_what_was_set_after_training_is_taken_from_the_export():
    mine, exported = model(0), model(0).get_weights()
    exported[4] = exported[4] * 7
    take_weights(mine, exported)
    np.testing.assert_array_equal(mine.get_weights()[4], exported[4])


def test_weights_of_another_training_are_refused():
    """Two kernels of one shape: nobody can tell which is which."""
    with pytest.raises(ValueError, match="are not those of the export"):
        take_weights(model(0), model(1).get_weights())


def test_missing_weights_are_refused():
    with pytest.raises(ValueError, match="are not those of the export"):
        take_weights(model(0), [])


def test_a_run_is_found_by_the_name_that_the_export_notes(tmp_path):
    run = tmp_path / "runs" / "sentiment" / "first"
    run.mkdir(parents=True)
    (run / "run.toml").touch()
    bundle = {"task": "sentiment", "run": "first"}
    found = run_of(tmp_path / "saved_models" / "x" / "1", bundle, runs=tmp_path / "runs")
    assert found.folder == run
    inside = run_of(run / "model", {"task": "sentiment"}, runs=tmp_path / "none")
    assert inside.folder == run
    for unknown in ({"task": "sentiment"}, {"task": "sentiment", "run": "second"}):
        with pytest.raises(UserError, match="is not under"):
            run_of(tmp_path / "1", unknown, runs=tmp_path / "runs")
