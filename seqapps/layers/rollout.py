"""How much of each step is in what a stack of self-attention makes of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


def attention_rollout(model: Any, inputs: Any, *, blocks: Sequence[str]) -> Any:
    """Shares [batch, time, source] of the states after these blocks, that sum to 1 over the source.

    `blocks` are names of `attention_block`s without a mask, one on top of the other. Attention
    rollout (Abnar and Zuidema 2020, section 3): of a block half is the mean of its heads' weights
    and half what it hands on as it came; blocks are multiplied. The weights are worked out
    here anew, so training does without them.
    """
    entries = [model.get_layer(f"{name}_norm_1").output for name in blocks]
    read = keras.Model(model.input, entries)
    normed = keras.tree.flatten(read(inputs))  # each [batch, time, units]
    found = None
    for name, states in zip(blocks, normed, strict=True):
        layer = model.get_layer(f"{name}_attention")
        _, weights = layer(states, states, return_attention_scores=True, training=False)
        mean = ops.mean(ops.cast(weights, "float32"), axis=1)  # [batch, time, source]
        through = (mean + ops.eye(mean.shape[-1])) / 2
        found = through if found is None else ops.matmul(through, found)
    return found
