"""From the states of a sequence to one vector, looking at real steps only.

Every pooling maps [batch, time, units] to [batch, units], zeros for a row without real steps, and
tells by `shares` how much of its vector each step gives: [batch, time], sums of 1 over the real
steps.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

FAR_BELOW = -3e4  # stands for minus infinity, and is finite in half precision too


class Pooling(keras.layers.Layer):
    """What the poolings share: they take a mask and give none on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def shares(self, states: Any, mask: Any = None) -> Any:
        """How much of the vector comes from each step: [batch, time]."""
        raise NotImplementedError

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        return None


@keras.saving.register_keras_serializable(package="seqapps")
class MaxPooling(Pooling):
    """The strongest signal of each unit over the unmasked steps.

    Keras's own GlobalMaxPooling1D takes padding for signal.
    """

    def call(self, states: Any, mask: Any = None) -> Any:
        highest = ops.max(_lowered(states, mask), axis=1)  # [batch, units]
        if mask is None:
            return highest
        return ops.where(ops.any(mask, axis=1, keepdims=True), highest, 0.0)

    def shares(self, states: Any, mask: Any = None) -> Any:
        """The share of units whose strongest signal is at the step."""
        strongest = ops.argmax(_lowered(states, mask), axis=1)  # [batch, units]
        steps = ops.arange(ops.shape(states)[1], dtype=strongest.dtype)
        same = ops.equal(strongest[:, None, :], steps[None, :, None])  # [batch, time, units]
        return ops.mean(ops.cast(same, states.dtype), axis=-1) * _real(states, mask)


@keras.saving.register_keras_serializable(package="seqapps")
class MeanPooling(Pooling):
    """The mean of the unmasked steps."""

    def call(self, states: Any, mask: Any = None) -> Any:
        return ops.sum(states * self.shares(states, mask)[:, :, None], axis=1)

    def shares(self, states: Any, mask: Any = None) -> Any:
        """The same for every real step."""
        real = _real(states, mask)  # [batch, time]
        return real / ops.maximum(ops.sum(real, axis=1, keepdims=True), 1.0)


@keras.saving.register_keras_serializable(package="seqapps")
class LastPooling(Pooling):
    """The state after the last unmasked step; of a `bidirectional` reading, of each direction.

    The second half of a bidirectional reading's units has read everything at the first step.
    """

    def __init__(self, bidirectional: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bidirectional = bidirectional

    def call(self, states: Any, mask: Any = None) -> Any:
        first, last = _ends(states, mask)  # each [batch, time]
        at_last = ops.sum(states * last[:, :, None], axis=1)  # [batch, units]
        if not self.bidirectional:
            return at_last
        half = states.shape[-1] // 2
        at_first = ops.sum(states * first[:, :, None], axis=1)
        return ops.concatenate([at_last[:, :half], at_first[:, half:]], axis=-1)

    def shares(self, states: Any, mask: Any = None) -> Any:
        """All at the last step, or half there and half at the first."""
        first, last = _ends(states, mask)
        return (first + last) / 2 if self.bidirectional else last

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "bidirectional": self.bidirectional}


@keras.saving.register_keras_serializable(package="seqapps")
class AttentionPooling(Pooling):
    """A weighted mean of the steps, weighted by how much each matters (Yang et al. 2016, eq. 5-7).

    The score is additive: a hidden layer of `units`, then the product with a learnt query.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units

    def build(self, shape: tuple[int | None, ...]) -> None:
        add = self.add_weight
        self.kernel = add(
            shape=(shape[-1], self.units), initializer="glorot_uniform", name="kernel"
        )
        self.bias = add(shape=(self.units,), initializer="zeros", name="bias")
        self.query = add(shape=(self.units, 1), initializer="glorot_uniform", name="query")

    def call(self, states: Any, mask: Any = None) -> Any:
        return ops.sum(states * self.shares(states, mask)[:, :, None], axis=1)

    def shares(self, states: Any, mask: Any = None) -> Any:
        """The attention weights."""
        hidden = ops.tanh(ops.matmul(states, self.kernel) + self.bias)  # [batch, time, units]
        logits = ops.squeeze(ops.matmul(hidden, self.query), axis=-1)  # [batch, time]
        real = _real(states, mask)
        return ops.softmax(logits * real + FAR_BELOW * (1 - real)) * real

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def _real(states: Any, mask: Any) -> Any:
    """1 for real steps and 0 for padding: [batch, time]."""
    if mask is None:
        return ops.ones_like(states[:, :, 0])
    return ops.cast(mask, states.dtype)


def _ends(states: Any, mask: Any) -> tuple[Any, Any]:
    """1 at the first real step, and 1 at the last: each [batch, time]."""
    real = _real(states, mask)
    steps = ops.shape(states)[1]
    late = ops.cast(ops.arange(1, steps + 1), real.dtype) * real  # grows to the last real step
    first = ops.one_hot(ops.argmax(real, axis=1), steps, dtype=real.dtype) * real
    return first, ops.one_hot(ops.argmax(late, axis=1), steps, dtype=real.dtype) * real


def _lowered(states: Any, mask: Any) -> Any:
    """The states with padding far below any signal: [batch, time, units]."""
    if mask is None:
        return states
    real = _real(states, mask)[:, :, None]
    return states * real + FAR_BELOW * (1 - real)
