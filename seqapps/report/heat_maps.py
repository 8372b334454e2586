"""A picture once for every word of its caption, lit where the model looked for that word."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

PER_ROW = 6  # panels
GAP, TEXT = 0.08, 0.2  # of a panel's side: between panels, and above each for its word
DARKEST = 0.25  # of its light is left to what is not looked at


def draw(axes: Any, image: bytes, tokens: Sequence[str], maps: Any, *, size: float = 8.0) -> None:
    """The picture, then the same for each token: maps [tokens, height, width], each of sum 1."""
    pixels = opened(image)
    panels = [
        ("", np.asarray(pixels)),
        *zip(tokens, (lit(pixels, each) for each in maps), strict=True),
    ]
    for number, (token, panel) in enumerate(panels):
        row, column = divmod(number, PER_ROW)
        left, top = column * (1 + GAP), row * (1 + GAP + TEXT) + TEXT
        axes.imshow(
            panel, extent=(left, left + 1, top + 1, top), interpolation="bilinear", zorder=2
        )
        axes.text(left + 0.5, top - 0.03, token, ha="center", va="bottom", fontsize=size)
    rows = rows_of(len(tokens))
    axes.set_xlim(0, min(len(panels), PER_ROW) * (1 + GAP) - GAP)
    axes.set_ylim(rows * (1 + GAP + TEXT) - GAP, 0)
    axes.set_aspect("equal")
    axes.set_axis_off()


def rows_of(tokens: int) -> int:
    """Rows of panels, the picture itself being the first panel."""
    return -(-(1 + tokens) // PER_ROW)


def opened(image: bytes) -> Any:
    """A Pillow image in colours, turned as the camera notes, on white where it is clear."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(image)) as found:
        shown = ImageOps.exif_transpose(found).convert("RGBA")
    ground = Image.new("RGBA", shown.size, "white")
    return Image.alpha_composite(ground, shown).convert("RGB")


def lit(pixels: Any, looked: Any) -> np.ndarray:
    """The picture, dark where `looked` [height, width] is small: uint8 [height, width, 3].

    The map is enlarged smoothly, as its cells overlap in what they see.
    """
    from PIL import Image

    strength = np.asarray(looked, "float32")
    strength = strength / max(float(strength.max()), 1e-9)
    large = Image.fromarray(strength).resize(pixels.size, Image.Resampling.BICUBIC)
    light = DARKEST + (1 - DARKEST) * np.clip(np.asarray(large), 0, 1)[..., None]
    return np.asarray(np.asarray(pixels) * light).astype("uint8")
