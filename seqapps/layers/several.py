"""Several sequences of one case, each a row of its own while a decoder reads them."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="seqapps")
class Apart(keras.layers.Layer):
    """Ids [batch, time, several] -> [batch * several, time]."""

    def call(self, ids: Any) -> Any:
        rows, time, several = ops.shape(ids)
        return ops.reshape(ops.transpose(ids, [0, 2, 1]), [rows * several, time])

    def compute_output_spec(self, ids: Any) -> Any:
        return keras.KerasTensor((None, ids.shape[1]), dtype=ids.dtype)


@keras.saving.register_keras_serializable(package="seqapps")
class ForEach(keras.layers.Layer):
    """What all sequences of a case share, once for each: [batch, ...] -> [batch * several, ...].

    Takes it and the ids [batch, time, several].
    """

    def call(self, values: Any, ids: Any) -> Any:
        rows, _, several = ops.shape(ids)
        rest = list(values.shape[1:])
        return ops.reshape(
            ops.broadcast_to(values[:, None], [rows, several, *rest]), [rows * several, *rest]
        )

    def compute_output_spec(self, values: Any, ids: Any) -> Any:
        return keras.KerasTensor((None, *values.shape[1:]), dtype=self.compute_dtype)


@keras.saving.register_keras_serializable(package="seqapps")
class Together(keras.layers.Layer):
    """The inverse of `Apart`, of logits: [batch * several, time, n] -> [batch, time, several, n].

    Takes them and the ids [batch, time, several].
    """

    def call(self, logits: Any, ids: Any) -> Any:
        rows, time, several = ops.shape(ids)
        apart = ops.reshape(logits, [rows, several, time, logits.shape[-1]])
        return ops.transpose(apart, [0, 2, 1, 3])

    def compute_output_spec(self, logits: Any, ids: Any) -> Any:
        return keras.KerasTensor((*ids.shape, logits.shape[-1]), dtype=logits.dtype)
