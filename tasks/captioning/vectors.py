"""What makes pictures comparable, for the baseline that takes the nearest one's caption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from seqapps.images.encoders import SMALL

if TYPE_CHECKING:
    import numpy as np

AT_ONCE = 64  # pictures
COARSE = 16  # cells to a side of the pictures that are compared as they are


def vectors_of(settings: Any) -> Callable[[Sequence[bytes]], np.ndarray]:
    """Encoded pictures -> float32 [pictures, size]: by an encoder that was trained before its mean

    features; where there is none, the pixels of a coarse picture.
    """

    def vectors(images: Sequence[bytes]) -> np.ndarray:
        import numpy as np
        import tensorflow as tf

        from seqapps.images.decode import pixels
        from seqapps.images.encoders import pretrained

        if settings.image_encoder == SMALL:
            read = tf.function(lambda found: tf.cast(pixels(found, COARSE), tf.float32) - 127.5)
        else:
            encoder = pretrained(settings.image_encoder, settings.image_size)

            @tf.function
            def read(found: Any) -> Any:
                values = tf.cast(pixels(found, settings.image_size), tf.float32)
                return tf.reduce_mean(encoder(values, training=False), axis=[1, 2])

        parts = [
            read(tf.constant(list(images[start : start + AT_ONCE]))).numpy()
            for start in range(0, len(images), AT_ONCE)
        ]
        return np.concatenate([part.reshape(len(part), -1) for part in parts])

    return vectors
