"""An encoder of pictures that was trained before, and stays as it is."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from seqapps.images.decode import PREPARED, pixels
from seqapps.images.encoders import SMALL, identity_of, pretrained

FORM = 1  # raised when `maps` makes others of the same pictures


def is_frozen(settings: Any) -> bool:
    """Whether the encoder of these settings stays as it is in training."""
    return settings.image_encoder != SMALL and not settings.fine_tune


class Frozen(tf.Module):
    """Its maps of features, in half precision."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__()
        self._called, self._size = name, size
        self._network = pretrained(name, size)
        self._network.trainable = False
        _, height, width, channels = self._network.compute_output_shape((None, size, size, 3))
        self.shape = [height * width, channels]

    def maps(self, images: tf.Tensor) -> tf.Tensor:
        """Encoded pictures, string [batch] -> float16 [batch, cells, channels]."""
        found = tf.cast(pixels(images, self._size), tf.float32)
        maps = self._network(found, training=False)
        return tf.cast(tf.reshape(maps, [-1, *self.shape]), tf.float16)

    def decided_by(self) -> tuple[str, list[Any]]:
        """(what it is called, all that decides its maps), see `Features.once_by`."""
        called = f"{self._called.replace(chr(92), '/').rpartition('/')[2]}, {self._size} pixels"
        return called, [FORM, PREPARED, self._size, identity_of(self._called, self._network)]
