"""Which tokens are frequent, told from some of the training texts that come by once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from seqapps.text.token_ids import BOUNDARY, Codec
from seqapps.text.words import chunks

COUNTED = 2_000_000  # characters, most


class Spread:
    """Texts from all along a stream of them: every one at first, then every second, fourth ...

    `texts` have `most` characters together at most, but for one text, which is cut there.
    """

    def __init__(self, most: int) -> None:
        self.texts: list[str] = []
        self._most, self._held = most, 0
        self._step, self._seen = 1, 0

    def add(self, text: str) -> None:
        """Keep the text, if it is its turn."""
        turn = self._seen % self._step == 0
        self._seen += 1
        if not turn or not self._most:
            return
        self.texts.append(text[: self._most])
        self._held += len(self.texts[-1])
        while self._held > self._most and len(self.texts) > 1:
            self._step *= 2
            self.texts = self.texts[::2]
            self._held = sum(map(len, self.texts))


def by_frequency(texts: Sequence[str], codec: Codec) -> np.ndarray:
    """All ids from the most frequent to the rarest, equal ones in their own order: int [vocab].

    Each text ends with a boundary.
    """
    counts = np.zeros(codec.size, "int64")
    for chunk in chunks(texts, characters=len):
        ids = codec.encode(tf.constant(chunk)).flat_values.numpy()
        counts += np.bincount(ids, minlength=codec.size)
        counts[BOUNDARY] += len(chunk)
    return np.argsort(-counts, kind="stable").astype("int32")
