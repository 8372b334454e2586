"""Training on what the model itself would have written: scheduled sampling."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

FALLS = ("linear", "exponential", "inverse_sigmoid")
NEARLY = 0.01  # of its whole fall is left to a share that falls without an end


@keras.saving.register_keras_serializable(package="seqapps")
class ScheduledSampling(keras.layers.Layer):
    """Puts the model's own tokens in the place of some true ones (Bengio et al. 2015).

    Takes the true tokens before each place, ids int [..., time], and logits [..., time, vocab]
    that the model gave for them; gives ids of which each was kept with the probability of teacher
    forcing and is else the likeliest token of the place before. So a whole sequence is mixed at
    once, from one pass with true tokens, as Mihaylova and Martins 2019 do; Bengio et al. draw step
    by step. The first token is always kept, and padding too.

    The probability falls from 1 to `share` within `steps` steps of training: linearly, or as k^i or
    k / (k + exp(i / k)) of the paper, k such that a hundredth of the fall is left then. Steps are
    counted in a weight, so that checkpoints hold them.
    """

    def __init__(self, share: float, steps: int, fall: str = "linear", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if fall not in FALLS:
            raise ValueError(f"fall={fall!r}, expected one of {', '.join(FALLS)}")
        self.share, self.steps, self.fall = share, steps, fall
        self.seed = keras.random.SeedGenerator()

    def build(self, *shapes: Any) -> None:
        self.done = self.add_weight(
            shape=[], initializer="zeros", trainable=False, dtype="float32", name="steps"
        )

    def call(self, ids: Any, logits: Any, training: bool = False) -> Any:
        if not training:
            return ids
        forcing = self.forcing(self.done)
        self.done.assign(self.done + 1.0)
        own = ops.cast(ops.argmax(logits, axis=-1), ids.dtype)  # [..., time], of the place after
        own = ops.concatenate([ids[..., :1], own[..., :-1]], axis=-1)
        kept = keras.random.uniform(ops.shape(ids), seed=self.seed) < forcing
        first = ops.arange(ops.shape(ids)[-1]) == 0
        return ops.where(ops.logical_or(ops.logical_or(kept, first), ids == 0), ids, own)

    def forcing(self, step: Any) -> Any:
        """The probability of teacher forcing at a step, counted from 0."""
        if self.fall == "linear":
            left = ops.maximum(0.0, 1.0 - step / self.steps)
        elif self.fall == "exponential":
            left = ops.power(NEARLY, step / self.steps)
        else:
            k = _k_of(self.steps)
            left = k / (k + ops.exp(ops.minimum(step / k, 80.0)))  # float32 ends at exp(88)
        return self.share + (1.0 - self.share) * left

    def compute_output_spec(self, ids: Any, logits: Any, training: bool = False) -> Any:
        return keras.KerasTensor(ids.shape, dtype=ids.dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it anew."""
        return {
            **super().get_config(), "share": self.share, "steps": self.steps, "fall": self.fall,
        }  # fmt: skip


def _k_of(steps: int) -> float:
    """K with k / (k + exp(steps / k)) = NEARLY: by bisection, the left side grows with k."""
    low, high = 1e-3, float(max(1, steps))
    for _ in range(60):
        k = (low + high) / 2
        low, high = (k, high) if _log_odds(k, steps) < math.log(NEARLY / (1 - NEARLY)) else (low, k)
    return (low + high) / 2


def _log_odds(k: float, steps: int) -> float:
    return math.log(k) - steps / k
