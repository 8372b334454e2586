"""Normalisation over the batch whose averages hold after few batches, too."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seqapps")
class BatchNorm(keras.layers.BatchNormalization):
    """Batch normalisation (Ioffe and Szegedy 2015), its moving averages freed of where they begin.

    Any shape of channels last -> the same. Keras's averages begin at a mean of 0 and a variance of
    1, which after 140 batches still are a quarter of them: a small training would answer by
    other numbers than it learnt with. So answers divide by the weight of what was seen, as Adam
    does (Kingma and Ba 2015, section 3). After thousands of batches nothing is left of it.
    """

    def build(self, shape: Any) -> None:
        super().build(shape)
        self.batches = self.add_weight(
            name="batches", shape=(), initializer="zeros", trainable=False, autocast=False
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training and self.trainable:
            fused = keras.backend.backend() == "tensorflow"
            found = self._fused(inputs) if fused else super().call(inputs, training=True)
            self.batches.assign(self.batches + 1.0)
            return found
        begun = ops.power(self.momentum, self.batches)
        seen = ops.where(begun < 1.0, 1.0 - begun, 1.0)  # 1 where no batch was seen
        variance = (self.moving_variance - ops.where(begun < 1.0, begun, 0.0)) / seen
        found = ops.batch_normalization(
            ops.cast(inputs, "float32"),
            self.moving_mean / seen,
            variance,
            axis=-1,
            offset=self.beta,
            scale=self.gamma,
            epsilon=self.epsilon,
        )
        return ops.cast(found, self.compute_dtype)

    def _fused(self, inputs: Any) -> Any:
        """As Keras's own in training, which makes every part of it a pass over the values."""
        import tensorflow as tf

        rows = tf.reshape(tf.cast(inputs, "float32"), [-1, 1, 1, inputs.shape[-1]])
        values, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            rows, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        count = tf.cast(tf.shape(rows)[0], "float32")
        biased = variance * (count - 1) / count  # the kernel's is that of a sample
        for average, found in ((self.moving_mean, mean), (self.moving_variance, biased)):
            average.assign(average * self.momentum + found * (1.0 - self.momentum))
        return tf.cast(tf.reshape(values, tf.shape(inputs)), self.compute_dtype)
