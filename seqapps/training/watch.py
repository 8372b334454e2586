"""What the optimizer is given in every step of a round: norms, clipped steps, broken gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf


def global_norm(gradients: Sequence[Any]) -> tf.Tensor:
    """The length of all gradients taken as one vector, as Keras's clipping counts it.

    The rows of an embedding that a batch reads more than once count one by one.
    """
    parts = [each.values if isinstance(each, tf.IndexedSlices) else each
             for each in gradients if each is not None]  # fmt: skip
    return tf.sqrt(tf.add_n([tf.reduce_sum(tf.square(tf.cast(part, "float32"))) for part in parts]))


class Watch:
    """Counts the gradients of a round and keeps those that are not finite from the weights.

    It stands in front of the optimizer's `apply`, so it serves whatever optimizer a task has. Its
    counters are those of one round and no part of a checkpoint. A gradient with a NaN would make
    all weights NaN; left out, it leaves the model as it was when things broke, to be looked at.
    """

    def __init__(self, model: Any) -> None:
        # With loss scaling the inner optimizer gets the true gradients, and only finite ones.
        optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
        optimizer.build(model.trainable_variables)  # within the condition below it could not be
        self.limit = optimizer.global_clipnorm or None
        self._steps, self._clipped, self._total, self._broken = (
            tf.Variable(0.0, trainable=False) for _ in range(4)
        )
        self._given = optimizer.apply
        optimizer.apply = self.apply

    def start(self) -> None:
        """Count anew: a round begins."""
        for counter in (self._steps, self._clipped, self._total, self._broken):
            counter.assign(0.0)

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """The optimizer's own `apply` where all gradients are finite."""
        gradients = list(grads)
        variables = None if trainable_variables is None else list(trainable_variables)
        norm = global_norm(gradients)
        finite = tf.math.is_finite(norm)
        self._steps.assign_add(1.0)
        self._total.assign_add(norm)
        self._broken.assign_add(tf.cast(~finite, "float32"))
        if self.limit:
            self._clipped.assign_add(tf.cast(norm > self.limit, "float32"))

        def go() -> bool:
            self._given(gradients, variables)
            return True

        tf.cond(finite, go, lambda: False)

    @property
    def broken(self) -> bool:
        """Whether a gradient of this round was NaN or infinite."""
        return bool(self._broken.numpy() > 0)

    def columns(self) -> dict[str, float]:
        """For `history.csv`: the mean norm over the steps of the round, the share of clipped ones.

        {"gradient_norm": 0.83, "clipped": 0.25}; without clipping there is no such share.
        """
        steps = max(1.0, float(self._steps))
        found = {"gradient_norm": float(self._total) / steps}
        if self.limit:
            found["clipped"] = float(self._clipped) / steps
        return found
