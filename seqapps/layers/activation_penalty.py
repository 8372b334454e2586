"""What a recurrent layer pays for large states and for hasty ones."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seqapps")
class ActivationPenalty(keras.layers.Layer):
    """Adds to the loss what states are large by, and what they change by from step to step.

    Takes the states of a recurrent layer and the same after dropout, each [batch, time, units],
    and gives the latter. The mean square of those after dropout counts `size` times (activation
    regularisation), that of the difference of neighbouring states before dropout `change` times
    (temporal activation regularisation, Merity et al. 2017).
    """

    def __init__(self, size: float, change: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size, self.change = size, change

    def call(self, states: Any, dropped: Any, training: bool = False) -> Any:
        if training:
            steps = states[:, 1:] - states[:, :-1]
            penalty = self.size * ops.mean(ops.square(dropped))
            changes = ops.cast(ops.maximum(ops.size(steps), 1), steps.dtype)  # one step: none
            self.add_loss(penalty + self.change * ops.sum(ops.square(steps)) / changes)
        return dropped

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        return {**super().get_config(), "size": self.size, "change": self.change}
