"""Where a forecaster with attention looks in its window."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from seqapps.layers.rollout import attention_rollout

from .model import LOOK_BACK, block_name


def attended(settings: Any, model: Any, inputs: Any) -> tf.Tensor:
    """How much each forecast rests on each step: [rows, lookback], of sum 1 over the steps.

    The mean over all that looks: coming steps of a decoder, segments of self-attention.
    """
    found = {"encoder_decoder": _looked_back, "attention": _rolled_out}[settings.encoder]
    return found(settings, model, inputs)


def _looked_back(settings: Any, model: Any, inputs: Any) -> tf.Tensor:
    look = keras.Model(model.input, model.get_layer(LOOK_BACK).output[1])
    weights = look(inputs)  # [rows, horizon, lookback]
    return tf.reduce_mean(weights, axis=1)


def _rolled_out(settings: Any, model: Any, inputs: Any) -> tf.Tensor:
    """A segment's share, evenly over its steps; steps before the first whole segment have none."""
    blocks = [block_name(number) for number in range(settings.layers)]
    shares = attention_rollout(model, inputs, blocks=blocks)  # [rows, segments, segments]
    # The head reads the states of all segments alike.
    shares = tf.reduce_mean(shares, axis=1)  # [rows, segments]
    each = tf.repeat(shares / settings.segment, settings.segment, axis=1)
    return tf.pad(each, [[0, 0], [settings.lookback % settings.segment, 0]])
