"""Stop at the first loss or gradient that is not finite, and say where it came from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqapps.errors import RunError
from seqapps.training.gradients import name_of, unchanged
from seqapps.training.recording import layers_of, recorded
from seqapps.training.watch import Watch

STEPS = "Lower learning_rate or clip_norm, or give a warm_up."


@dataclass(frozen=True)
class Finding:
    """Where numbers first stop being finite, and what that usually means."""

    where: str
    cause: str


class Guard(keras.callbacks.Callback):
    """Raises RunError in the step that breaks; `again` gives a batch of the round once more."""

    def __init__(
        self, watch: Watch, *, round_: int, batches: int, folder: Path, again: Callable[[int], Any]
    ) -> None:
        super().__init__()
        self._watch, self._round, self._batches = watch, round_, batches
        self._folder, self._again = folder, again

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = (logs or {}).get("loss", 0.0)
        if math.isfinite(loss) and not self._watch.broken:
            return
        found = self.find(*self._again(batch))
        if math.isfinite(loss):
            what = "The gradient is not finite"
        else:
            what = f"The loss became {loss}"
        raise RunError(
            f"{what} at batch {batch + 1} of {self._batches} of round {self._round}. "
            f"{found.where} {found.cause} {self.last_good}"
        )

    def find(self, inputs: Any, targets: Any) -> Finding:
        """Where the batch broke the model."""
        return find(self.model, inputs, targets)

    @property
    def last_good(self) -> str:
        """What training could go on from."""
        if self._round == 1:
            return "There is no checkpoint yet: this was the first round."
        kept = self._folder / f"round-{self._round - 1:05d}.checkpoint"
        return f"The last good checkpoint is {kept}."


def find(model: Any, inputs: Any, targets: Any) -> Finding:
    """Put the batch through the model once more and look at everything on the way.

    Dropout draws anew, so what only one draw brought about may not show again.
    """
    layers = layers_of(model)
    with unchanged(model), recorded(layers) as calls, tf.GradientTape() as tape:
        told = model(inputs, training=True)
        loss = model.compute_loss(inputs, targets, told, training=True)
    variables = model.trainable_variables
    gradients = tape.gradient(loss, variables)
    return (
        in_data(inputs, targets)
        or _in_weights(model.variables)
        or _in_outputs(calls)
        or _in_loss(loss)
        or _in_gradients(calls, variables, gradients)
        or Finding("A second pass over that batch, in which dropout draws anew, is finite.", STEPS)
    )


def in_data(inputs: Any, targets: Any) -> Finding | None:
    for name, values in (("inputs", inputs), ("targets", targets)):
        if not all(map(_finite, tf.nest.flatten(values))):
            return Finding(
                f"The {name} of the batch hold it already.",
                "Look at the data, and at what `pair` of the task's features makes of them.",
            )
    return None


def _in_weights(variables: Sequence[Any]) -> Finding | None:
    for variable in variables:
        if not _finite(variable.value):
            return Finding(
                f"The weights {variable.path} are not finite.",
                f"A step before was too large, or they were given so. {STEPS}",
            )
    return None


def _in_outputs(calls: Sequence[Any]) -> Finding | None:
    for call in calls:
        if not all(map(_finite, tf.nest.flatten(call.output))):
            return Finding(
                f"The {_told(call.layer)} is the first to give it.",
                f"Its values grew out of range, most often because steps are too large. {STEPS}",
            )
    return None


def _in_loss(loss: Any) -> Finding | None:
    if _finite(loss):
        return None
    return Finding(
        "All layers give finite numbers, the loss does not.",
        "Look at the loss and its targets: a logarithm of 0, a division by 0, a label out of "
        "range.",
    )


def _in_gradients(
    calls: Sequence[Any], variables: Sequence[Any], gradients: Sequence[Any]
) -> Finding | None:
    """Gradients flow from the loss to the inputs, so the last layer that has it is the first."""
    broken = {
        name_of(variable)
        for variable, gradient in zip(variables, gradients, strict=True)
        if gradient is not None and not _finite(tf.convert_to_tensor(gradient))
    }
    for call in reversed(calls):
        if {name_of(variable) for variable in call.layer.trainable_variables} & broken:
            return Finding(
                "The loss is finite; coming from it, the gradient breaks at the "
                f"{_told(call.layer)}.",
                f"A root or a division at 0 has an infinite slope; else it exploded. {STEPS}",
            )
    return None


def _told(layer: Any) -> str:
    return f"layer {layer.path or layer.name} ({type(layer).__name__})"


def _finite(values: Any) -> bool:
    array = np.asarray(values)
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
