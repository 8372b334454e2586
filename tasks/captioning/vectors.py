"""What makes pictures comparable, for the baseline that takes the nearest one's caption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from seqapps.images.encoders import SMALL

if TYPE_CHECKING:
    import numpy as np

AT_ONCE = 64  # pictures
COARSE = 16  # cells to a side of the pictures that are compared as they are


def vectors_of(settings: Any) -> Callable[[Sequence[bytes]], np.ndarray]:
    """Encoded pictures -> float32 [pictures, size]: mean features of an encoder that was trained

    before; where there is none, the pixels of a coarse picture.
    """

    def vectors(images: Sequence[bytes]) -> np.ndarray:
        import numpy as np
        import tensorflow as tf

        read = _reader(settings.image_encoder, settings.image_size)
        parts = [
            read(tf.constant(list(images[start : start + AT_ONCE]))).numpy()
            for start in range(0, len(images), AT_ONCE)
        ]
        return np.concatenate([part.reshape(len(part), -1) for part in parts])

    return vectors


@cache
def _reader(name: str, size: int) -> Any:
    """String [batch] -> float [batch, ...]; made once, as tracing it takes longer than reading."""
    import tensorflow as tf

    from seqapps.images.decode import pixels
    from seqapps.images.encoders import pretrained

    encoder = None if name == SMALL else pretrained(name, size)

    def read(images: Any) -> Any:
        if encoder is None:
            return tf.cast(pixels(images, COARSE), tf.float32) - 127.5
        values = tf.cast(pixels(images, size), tf.float32)
        return tf.reduce_mean(encoder(values, training=False), axis=[1, 2])

    return tf.function(read, input_signature=[tf.TensorSpec([None], tf.string)])
