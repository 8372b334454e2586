"""An encoder of pictures that was trained before, and stays as it is."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf
from keras import ops

from seqapps.images.decode import PREPARED, pixels
from seqapps.images.encoders import SMALL, identity_of, pretrained

FORM = 2  # raised when `vectors` makes others of the same pictures


def is_frozen(settings: Any) -> bool:
    """Whether the encoder of these settings stays as it is in training."""
    return settings.image_encoder != SMALL and not settings.fine_tune


class Frozen(tf.Module):
    """What it sees in pictures, in half precision.

    Of each picture that is a vector of its cells, and of its overview where a finer map is looked
    at, see `with_finer_map`.
    """

    def __init__(self, name: str, size: int, *, finer: bool) -> None:
        super().__init__()
        self._called, self._size, self._finer = name, size, finer
        self._network = pretrained(name, size, finer=finer)
        self._network.trainable = False
        found = self._network.compute_output_shape((None, size, size, 3))
        (_, height, width, channels), *overview = found if finer else [found]
        self._cells = (height * width, channels)
        self.size = math.prod(self._cells) + sum(count for _, count in overview)

    def vectors(self, images: tf.Tensor) -> tf.Tensor:
        """Encoded pictures, string [batch] -> float16 [batch, size]."""
        found = tf.cast(pixels(images, self._size), tf.float32)
        parts = tf.nest.flatten(self._network(found, training=False))
        flat = [tf.reshape(part, [tf.shape(part)[0], -1]) for part in parts]
        return tf.ensure_shape(tf.cast(tf.concat(flat, axis=1), tf.float16), [None, self.size])

    def parts(self, vectors: Any) -> tuple[Any, Any]:
        """[batch, size] -> (cells [batch, cells, channels], overview [batch, n] or None)."""
        count = math.prod(self._cells)
        cells = ops.reshape(vectors[:, :count], [-1, *self._cells])
        return cells, vectors[:, count:] if self._finer else None

    def decided_by(self) -> tuple[str, list[Any]]:
        """(what it is called, all that decides its vectors), see `Features.once_by`."""
        called = f"{self._called.replace(chr(92), '/').rpartition('/')[2]}, {self._size} pixels"
        called += ", the finer map" if self._finer else ""
        identity = identity_of(self._called, self._network)
        return called, [FORM, PREPARED, self._size, self._finer, identity]
