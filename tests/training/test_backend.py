"""What is different on JAX."""

import os
import subprocess
import sys
from pathlib import Path

from seqapps.training import backend

TOLD = [  # of the first the worker says nothing either; the second is Keras's own business
    "-W", "ignore:Explicitly requested dtype int64:UserWarning",
    "-W", "ignore:__array__ implementation:DeprecationWarning",
]  # fmt: skip


def test_the_tests_that_need_jax_pass_in_a_process_of_their_own():
    """Keras takes up its backend once, when it is imported."""
    file = Path(__file__).with_name("process_on_jax.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TOLD, str(file)],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_here_it_is_tensorflow():
    assert not backend.on_jax()
