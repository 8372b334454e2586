"""Adam as one operation for each variable."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="seqapps")
class Adam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` (Kingma and Ba 2015) with the same numbers in fewer passes.

    Keras's own walks through weights and moments about ten times a step, which for large
    vocabularies takes as long as the network does. On the TensorFlow backend this one makes
    one operation of it, on every device where several train; elsewhere and with `amsgrad` it is
    Keras's.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if keras.backend.backend() != "tensorflow" or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        dtype = variable.dtype
        place = self._get_variable_index(variable)
        steps = tf.cast(self.iterations + 1, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[place]),
            v=_handle(self._velocities[place]),
            beta1_power=tf.pow(tf.cast(self.beta_1, dtype), steps),
            beta2_power=tf.pow(tf.cast(self.beta_2, dtype), steps),
            lr=tf.cast(learning_rate, dtype),
            beta1=tf.cast(self.beta_1, dtype),
            beta2=tf.cast(self.beta_2, dtype),
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(tf.convert_to_tensor(gradient), dtype),  # of an embedding: made dense
        )


def _handle(variable: Any) -> Any:
    """The resource of a Keras variable, or of TensorFlow's."""
    if isinstance(variable, keras.Variable):
        variable = variable.value
    return variable.handle
