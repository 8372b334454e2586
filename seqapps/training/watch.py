"""What the optimizer is given in every step of a round: norms, clipped steps, broken gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from seqapps.training.optimizer import unwrapped

LEAST_SCALE = 1.0  # of a loss; a gradient that is not finite then would not be without it either


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

    With loss scaling the optimizer inside gets the true gradients, and only finite ones: a step
    whose scaled gradient was too large for 16 bits is skipped and not counted. That is how the
    scale finds its size, and no failure until it falls below `LEAST_SCALE`.
    """

    def __init__(self, model: Any) -> None:
        optimizer = unwrapped(model.optimizer)
        self._scale = getattr(model.optimizer, "dynamic_scale", None)
        self.limit = optimizer.global_clipnorm or None
        with model.distribute_strategy.scope():
            optimizer.build(model.trainable_variables)  # within the condition below it could not be
            self._steps, self._clipped, self._total, self._broken = (
                # Every device counts the same.
                tf.Variable(
                    0.0, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA
                )
                for _ in range(4)
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

        def go(gradients: Sequence[Any]) -> None:
            self._given(gradients, variables)

        _where(finite, go, gradients)

    @property
    def broken(self) -> bool:
        """Whether a gradient of this round was NaN or infinite, whatever the scale of the loss."""
        if self._scale is not None and float(self._scale.numpy()) < LEAST_SCALE:
            return True
        return bool(self._broken.numpy() > 0)

    def norm(self) -> float:
        """The mean norm over the steps of the round so far."""
        return float(self._total.numpy()) / max(1.0, float(self._steps.numpy()))

    def columns(self, steps: int) -> dict[str, float]:
        """For `history.csv`, of a round of so many steps.

        {"gradient_norm": 0.83, "clipped": 0.25, "skipped": 0.01}: the mean norm over the steps
        that were counted, and shares of clipped and of skipped ones; without clipping, or without
        loss scaling, there is no such share.
        """
        counted = max(1.0, float(self._steps.numpy()))
        found = {"gradient_norm": self.norm()}
        if self.limit:
            found["clipped"] = float(self._clipped.numpy()) / counted
        if self._scale is not None:
            found["skipped"] = 1 - float(self._steps.numpy()) / steps
        return found


def _where(condition: Any, go: Callable[[Any], None], gradients: Sequence[Any]) -> None:
    """`go(gradients)` where the condition holds, on each device where there are several."""
    if not tf.distribute.has_strategy():
        tf.cond(condition, lambda: _done(go, gradients), lambda: False)
        return

    def everywhere(strategy: Any, condition: Any, gradients: Sequence[Any]) -> None:
        # A condition that one device takes cannot hold what devices do together, as the optimizer's
        # step does; so the condition is outside. It is the same on every device.
        (first, *_) = strategy.experimental_local_results(condition)
        each = strategy.extended.call_for_each_replica
        tf.cond(first, lambda: _done(each, go, args=(gradients,)), lambda: False)

    tf.distribute.get_replica_context().merge_call(everywhere, args=(condition, gradients))


def _done(function: Callable[..., Any], *arguments: Any, **options: Any) -> bool:
    """True, once the function was called; a branch of a condition has to give something."""
    function(*arguments, **options)
    return True
