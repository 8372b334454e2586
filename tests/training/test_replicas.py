"""Several devices: what one machine shows of them, and a process that has two."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from seqapps.devices import ALL, check_present, resolved
from seqapps.errors import UserError
from seqapps.training.replicas import row_weights


@pytest.mark.long
@pytest.mark.parametrize("which", ["not long", "long"])
def test_the_tests_that_need_two_devices_pass_in_a_process_of_their_own(which):
    """TensorFlow takes up its devices once."""
    file = Path(__file__).with_name("process_on_two_devices.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", which, str(file)],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_the_weights_of_rows_that_were_added_are_taken_by_the_real_ones():
    assert row_weights(3, 3).tolist() == [[1], [1], [1]]
    weights = row_weights(5, 7)
    assert weights[5:].tolist() == [[0], [0]]
    np.testing.assert_allclose(weights[:5], 7 / 5, rtol=1e-6)


def test_all_is_as_many_as_there_are():
    """Here one CPU, which is always there."""
    assert resolved(ALL) == 1
    check_present(1)


def test_a_number_is_taken_before_it_is_known_whether_they_are_there():
    """Who exports a training of three devices on a machine with one needs none of them."""
    assert resolved(3) == 3
    with pytest.raises(UserError, match=r"--devices 3: TensorFlow sees no GPU and 1 CPU"):
        check_present(3)


@pytest.mark.parametrize("asked", [0, -1, "two", 1.5])
def test_what_is_no_number_of_devices_is_told(asked):
    with pytest.raises(UserError, match=f"--devices {asked}: expected a number from 1, or all"):
        resolved(asked)


@pytest.mark.parametrize("asked", [2, ALL])
def test_jax_has_one(asked):
    assert resolved(1, backend="jax") == 1
    with pytest.raises(UserError, match="several devices are for TensorFlow only"):
        resolved(asked, backend="jax")
