"""Several opinions become one: a logarithmic opinion pool, which one opinion calibrates too."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seqapps")
class LogPool(keras.layers.Layer):
    """softmax(sum over members of weight x logits): [batch, members, labels] -> [batch, labels].

    The logarithmic opinion pool (Heskes 1998). Its weights are 1 / members while the members are
    trained and are not trained with them: `seqapps.training.calibrate` fits them on the validation
    split. Of one member, the weight is the inverse temperature of Guo et al. 2017.
    """

    def build(self, shape: tuple[int | None, int, int]) -> None:
        members = shape[1]
        self.pool_weights = self.add_weight(
            shape=(members,),
            initializer=keras.initializers.Constant(1 / members),
            trainable=False,
            name="pool_weights",
        )

    def call(self, logits: Any) -> Any:
        return ops.softmax(ops.sum(logits * self.pool_weights[None, :, None], axis=1))
