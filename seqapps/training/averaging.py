"""Averaged weights are judged and exported; training goes on from the raw ones.

Keras keeps an exponential moving average beside the weights, as part of the optimizer (so
checkpoints hold both), and at the end of every `fit` overwrites the weights with it (Polyak and
Juditsky 1992). A round of ours is one `fit`, so what the last step left is put back after judging.
"""

from __future__ import annotations

from typing import Any

import keras

from seqapps.training.optimizer import unwrapped


class KeepsRaw(keras.callbacks.Callback):
    """Remembers the weights of the last step of `fit`, before Keras puts the averages there."""

    def __init__(self) -> None:
        super().__init__()
        self._raw: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if unwrapped(self.model.optimizer).use_ema:
            self._raw = [keras.ops.copy(variable) for variable in self.model.trainable_variables]

    def put_back(self) -> None:
        """Go on from the raw weights; does nothing where none are averaged."""
        for variable, value in zip(self.model.trainable_variables, self._raw, strict=False):
            variable.assign(value)


def put_averages(model: Any) -> None:
    """What is judged and exported: the averages, where the optimizer keeps them."""
    model.optimizer.finalize_variable_values(model.trainable_variables)
