"""A picture once for every word of its caption, lit where the model looked for that word."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

PER_ROW = 6  # panels
GAP, TEXT = 0.08, 0.2  # of a panel's width: between panels, and above each for its word
DARKEST = 0.25  # of its light is left to what is not looked at


def draw(axes: Any, picture: Any, tokens: Sequence[str], maps: Any, *, size: float = 8.0) -> None:
    """The picture, then the same for each token: maps [tokens, height, width], each of sum 1.

    The picture is a Pillow image, shown in its own proportions, each in a panel of width 1.
    """
    panels = [
        ("", np.asarray(picture)),
        *zip(tokens, (lit(picture, each) for each in maps), strict=True),
    ]
    wide, tall = _sides(picture)
    for number, (token, panel) in enumerate(panels):
        row, column = divmod(number, PER_ROW)
        middle, top = column * (1 + GAP) + 0.5, row * (tall + GAP + TEXT) + TEXT
        axes.imshow(
            panel,
            extent=(middle - wide / 2, middle + wide / 2, top + tall, top),
            interpolation="bilinear",
            zorder=2,
        )
        axes.text(middle, top - 0.03, token, ha="center", va="bottom", fontsize=size)
    axes.set_xlim(0, min(len(panels), PER_ROW) * (1 + GAP) - GAP)
    axes.set_ylim(height_of(picture, len(tokens)) - GAP, 0)
    axes.set_aspect("equal")
    axes.set_axis_off()


def height_of(picture: Any, tokens: int) -> float:
    """Of all rows of panels, in widths of a panel; the picture itself is the first panel."""
    rows = -(-(1 + tokens) // PER_ROW)
    return rows * (_sides(picture)[1] + GAP + TEXT)


def _sides(picture: Any) -> tuple[float, float]:
    """(width, height) of the picture in a panel, the longer one being 1."""
    return picture.width / max(picture.size), picture.height / max(picture.size)


def opened(image: bytes, longest: int | None = None) -> Any:
    """A Pillow image in colours, turned as the camera notes, on white where it is clear.

    Its longer side has at most `longest` pixels.
    """
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(image)) as found:
        if longest:  # of a JPEG file no more pixels are made than are needed
            found.draft(None, (longest, longest))
        shown = ImageOps.exif_transpose(found).convert("RGBA")
    if longest:
        shown.thumbnail((longest, longest))
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
