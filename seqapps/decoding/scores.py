"""What hypotheses of different lengths are ranked by: log P / lp + cp.

From Wu et al. 2016 (arXiv:1609.08144), equation 14.
"""

from __future__ import annotations

import tensorflow as tf

LEAST = 1e-6  # what a source step is covered at least, so that its logarithm is a number


def length(tokens: tf.Tensor, alpha: float) -> tf.Tensor:
    """The length penalty lp = ((5 + |Y|) / 6) ** alpha: int32 to float32 of any shape.

    |Y| is the number of tokens of the hypothesis; `end`, where it has it, is one of them.
    """
    return ((5.0 + tf.cast(tokens, tf.float32)) / 6.0) ** alpha


def coverage(covered: tf.Tensor, source: tf.Tensor, beta: float) -> tf.Tensor:
    """The coverage penalty cp = beta * sum_i log(min(c_i, 1)), over the real steps i of the source.

    `covered` float32 [batch, beams, source] is the attention that all tokens together paid to a
    step; `source` is bool [batch, source] -> float32 [batch, beams].
    """
    logs = tf.math.log(tf.clip_by_value(covered, LEAST, 1.0))
    return beta * tf.reduce_sum(tf.where(source[:, None], logs, 0.0), axis=-1)
