"""What makes pictures comparable, for the baseline that takes the nearest one's caption."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from seqapps.images.encoders import FINER, SMALL

if TYPE_CHECKING:
    import numpy as np

    Vectors = np.ndarray[Any, Any]

AT_ONCE = 64  # pictures
COARSE = 16  # cells to a side of the pictures that are compared as they are


def vectors_of(settings: Any) -> Callable[[Sequence[bytes]], Vectors]:
    """Encoded pictures -> float32 [pictures, size]: mean features of an encoder that was trained

    before; where there is none, the pixels of a coarse picture. Features that training keeps for
    later runs are taken, and new ones kept with them.
    """

    def vectors(images: Sequence[bytes]) -> Vectors:
        import numpy as np

        read = _coarse() if settings.image_encoder == SMALL else _means(settings)
        return np.concatenate(
            [read(images[start : start + AT_ONCE]) for start in range(0, len(images), AT_ONCE)]
        )

    return vectors


def _means(settings: Any) -> Callable[[Sequence[bytes]], Vectors]:
    """Pictures -> the means of their features: float32 [batch, channels]."""
    import numpy as np
    import tensorflow as tf

    from seqapps.data.once import Once

    finer = settings.image_map == FINER
    graph, decided_by, parts = _encoder(settings.image_encoder, settings.image_size, finer)

    def features(images: Sequence[bytes]) -> Any:
        raw = {"image_bytes": tf.constant(list(images))}
        if settings.fine_tune:
            return graph(raw)["image_bytes"].numpy()
        with Once(graph, *decided_by) as once:
            return once(raw)["image_bytes"]

    def means(images: Sequence[bytes]) -> Vectors:
        cells, overview = parts(features(images).astype("float32"))
        found: Vectors = np.mean(cells, axis=1) if overview is None else np.asarray(overview)
        return found

    return means


@cache  # tracing takes longer than reading
def _encoder(name: str, size: int, finer: bool) -> tuple[Any, tuple[str, list[Any]], Any]:
    """(graph of pictures to their features, what decides these, their parts)."""
    import tensorflow as tf

    from seqapps.data.graph import graph_of
    from seqapps.task import Column

    from .frozen import Frozen

    encoder = Frozen(name, size, finer=finer)

    def features(raw: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"image_bytes": encoder.vectors(raw["image_bytes"])}

    graph = graph_of(features, {"image_bytes": Column("image", "a picture")})
    return graph, encoder.decided_by(), encoder.parts


@cache
def _coarse() -> Callable[[Sequence[bytes]], Vectors]:
    import tensorflow as tf

    from seqapps.images.decode import pixels

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def coarse(images: tf.Tensor) -> tf.Tensor:
        return tf.cast(pixels(images, COARSE), tf.float32) - 127.5

    def read(images: Sequence[bytes]) -> Vectors:
        found: Vectors = coarse(tf.constant(list(images))).numpy()
        return found.reshape(len(images), -1)

    return read
