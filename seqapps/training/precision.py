"""Mixed precision: layers compute in 16 bits, weights, losses and optimizer stay in 32.

A training has two models then: the one that is trained, and a float32 one of the same weights that
is judged after every round, looked at by the probes and exported. So the score of a round is that
of its export, and nothing of 16 bits leaves the training.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from seqapps.progress import Progress
from seqapps.training.backend import on_jax
from seqapps.training.optimizer import FLOAT32


def precision_of(settings: Any) -> str:
    """Keras's name of the precision that settings ask for; float32 where they know of none."""
    return getattr(settings, "precision", FLOAT32)


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Layers that are made in the block compute in it, but for those that name their own."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def warn_where_slow(settings: Any, progress: Progress) -> None:
    """Say that 16 bits gain nothing without a GPU; the run goes on, as it may go on elsewhere."""
    precision = precision_of(settings)
    if on_jax():  # in a process that hides its GPU from TensorFlow
        return
    if precision != FLOAT32 and not tf.config.list_logical_devices("GPU"):
        progress.say(f"training: precision = {precision!r} gains nothing without a GPU")
