"""Rows of the sample of drawn scenes: a picture, three captions of it, and what it really holds.

All of it lies in this file, as a sample's rows are kept until the file of its functions changes;
they also follow from NumPy's random numbers and Pillow's drawing. Both are imported where they are
used: tasks import this module, and listing tasks must be instant.
"""

from __future__ import annotations

import io
import json
import math
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from seqapps.task import Row

if TYPE_CHECKING:
    import numpy as np

SIZE = 64  # pixels of a side of the picture
COUNTS = {"train": 8000, "valid": 500, "test": 1000}
SHAPES = ("circle", "square", "triangle", "cross", "star")
COLOURS = {
    "red": (214, 38, 42), "orange": (245, 140, 20), "yellow": (240, 222, 40),
    "green": (40, 160, 62), "blue": (40, 88, 216), "purple": (142, 52, 176),
}  # fmt: skip
SIDES = {"small": (12, 15), "large": (22, 27)}  # least and most pixels of a side of the box
SIZES = {"small": ("small", "little"), "large": ("large", "big")}  # the words for each
# How a relation is said before an object, and after one of which "it" is the other.
RELATIONS = {
    "left of": (("left of", "to the left of"), ("to its left",)),
    "right of": (("right of", "to the right of"), ("to its right",)),
    "above": (("above",), ("above it",)),
    "below": (("below", "under"), ("below it", "under it")),
}
OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
PLACES = {
    "upper left": ("in the upper left", "at the top left"),
    "top": ("at the top",),
    "upper right": ("in the upper right", "at the top right"),
    "left": ("on the left",),
    "middle": ("in the middle", "in the centre"),
    "right": ("on the right",),
    "lower left": ("in the lower left", "at the bottom left"),
    "bottom": ("at the bottom",),
    "lower right": ("in the lower right", "at the bottom right"),
}
MIDDLE = (0.39, 0.61)  # of a side: what has its centre between is neither left nor right
CENTRES = ((0, 22), (28, 36), (42, SIZE))  # pixels where a lone object's centre may be, each axis
GAP = 4  # pixels between objects at least, and half as many to the edge
APART = 8  # pixels between centres along an axis, to be called left of or above
STEEP = 0.5  # how far along an axis, for each pixel along the other one, to be called so
HOW_MANY = (1, 2, 2, 3)  # objects of a scene, equally likely
FINE = 8  # masks are drawn so many times larger and reduced, so that edges are smooth
NOISE = 4.0  # standard deviation of a channel, of 255

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels, half-open
Relation = tuple[int, str, int]  # the first object is left of (...) the second, by their numbers


@dataclass(frozen=True)
class Thing:
    """An object of a scene."""

    shape: str
    colour: str
    size: str
    box: Box

    @property
    def centre(self) -> tuple[float, float]:
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2


def scenes_of_train() -> Iterator[Row]:
    """{"image_bytes": PNG, "captions": "a small red star above a big ...", "scene": "..."}.

    One to three objects that do not overlap, in three captions, one on a line, each of which names
    all objects with size and colour. One object has its place told; several are bound together by
    relations that clearly hold. `scene` is JSON: {"size": 64, "objects": [{"shape", "colour",
    "size", "box"}], "relations": [[0, "left of", 1], ...]}, with every relation that holds.

    Ten of the thirty pairs of a colour and a shape, such as red circles, are never here, though
    each colour and each shape is in other pairs: see `split_of`.
    """
    return _scenes("train")


def scenes_of_valid() -> Iterator[Row]:
    """As `scenes_of_train`; every scene has an object of a pair that only this split has."""
    return _scenes("valid")


def scenes_of_test() -> Iterator[Row]:
    """As `scenes_of_train`; every scene has an object of a pair that only this split has."""
    return _scenes("test")


def split_of(colour: str, shape: str) -> str:
    """The split that alone has this pair, or "train" for the pairs that all splits have.

    Each shape is missing in two colours of six: one is the test's, one that of validation.
    Validation asks what the test asks, of other pairs: were it of seen ones, it would choose the
    model that learnt pairs by heart; were it of the test's, the test would be of the best seen.
    """
    away = (list(COLOURS).index(colour) - SHAPES.index(shape)) % len(COLOURS)
    return {0: "test", len(COLOURS) // 2: "valid"}.get(away, "train")


def relations_of(things: Sequence[Thing]) -> list[Relation]:
    """All relations that hold by the centres, once for each pair of objects and axis.

    Along a diagonal two hold, left of and above, neither of which captions use.
    """
    found: list[Relation] = []
    for second in range(len(things)):
        for first in range(second):
            found += [(first, name, second) for name in _between(things[first], things[second])]
    return found


def place_of(thing: Thing) -> str:
    """Where the centre lies: "upper left", "top", "middle"."""
    across, down = (sum(at > edge * SIZE for edge in MIDDLE) for at in thing.centre)
    return list(PLACES)[3 * down + across]


def _scenes(split: str) -> Iterator[Row]:
    import numpy as np

    drawn = random.Random(f"scenes of {split}")
    noise = np.random.default_rng(drawn.getrandbits(64))
    for _ in range(COUNTS[split]):
        things = _things(split, drawn)
        yield {
            "image_bytes": _png(_picture(things, drawn, noise)),
            "captions": "\n".join(_captions(things, drawn)),
            "scene": _json(things),
        }


def _json(things: Sequence[Thing]) -> str:
    objects = [
        {"shape": thing.shape, "colour": thing.colour, "size": thing.size, "box": thing.box}
        for thing in things
    ]
    return json.dumps({"size": SIZE, "objects": objects, "relations": relations_of(things)})


# what is in a scene


def _things(split: str, drawn: random.Random) -> list[Thing]:
    """Objects that differ in colour, shape or size, and are bound together by clear relations."""
    looks = _looks(split, drawn.choice(HOW_MANY), drawn)
    while True:
        sides = [drawn.randint(*SIDES[size]) for _, _, size in looks]
        boxes = [_placed(sides[0], drawn)] if len(sides) == 1 else _scattered(sides, drawn)
        things = [
            Thing(shape, colour, size, box)
            for (colour, shape, size), box in zip(looks, boxes, strict=True)
        ]
        if _pivots(things):
            return things


def _looks(split: str, count: int, drawn: random.Random) -> list[tuple[str, str, str]]:
    """(colour, shape, size) of each object, all different; one at least is of the split's own."""
    own, usual = _pairs(split)
    found: list[tuple[str, str, str]] = []
    while len(found) < count:
        look = (*drawn.choice(usual if found else own), drawn.choice(list(SIZES)))
        if look not in found:
            found.append(look)
    drawn.shuffle(found)
    return found


@cache
def _pairs(split: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(the pairs of colour and shape that are of the split's own, all that it has)."""
    pairs = [(colour, shape) for colour in COLOURS for shape in SHAPES]
    own = [pair for pair in pairs if split_of(*pair) == split]
    return own, [pair for pair in pairs if split_of(*pair) in ("train", split)]


def _placed(side: int, drawn: random.Random) -> Box:
    """The box of a lone object, whose place is clear."""
    corner = []
    for low, high in (drawn.choice(CENTRES), drawn.choice(CENTRES)):
        least, most = max(GAP // 2, low - side // 2), min(high - side // 2, SIZE - side - GAP // 2)
        corner.append(drawn.randint(least, most - side % 2))
    return corner[0], corner[1], corner[0] + side, corner[1] + side


def _scattered(sides: Sequence[int], drawn: random.Random) -> list[Box]:
    """Boxes anywhere, apart from each other."""
    while True:
        boxes: list[Box] = []
        for side in sides:
            left, top = (drawn.randint(GAP // 2, SIZE - side - GAP // 2) for _ in range(2))
            box = (left, top, left + side, top + side)
            if not all(_apart(box, other) for other in boxes):
                break
            boxes.append(box)
        else:
            return boxes


def _apart(box: Box, other: Box) -> bool:
    return any(
        first[axis] - second[axis + 2] >= GAP
        for first, second in ((box, other), (other, box))
        for axis in (0, 1)
    )


def _between(first: Thing, second: Thing) -> list[str]:
    """What the first one is to the second: nothing, one relation, or two along a diagonal."""
    across, down = (a - b for a, b in zip(first.centre, second.centre, strict=True))
    found = []
    if abs(across) >= max(APART, STEEP * abs(down)):
        found.append("left of" if across < 0 else "right of")
    if abs(down) >= max(APART, STEEP * abs(across)):
        found.append("above" if down < 0 else "below")
    return found


def _pivots(things: Sequence[Thing]) -> list[int]:
    """The objects that have a clear relation to all others."""
    return [
        number
        for number, thing in enumerate(things)
        if all(other is thing or len(_between(thing, other)) == 1 for other in things)
    ]


# captions


def _captions(things: Sequence[Thing], drawn: random.Random) -> list[str]:
    """Three different ones."""
    write = (_of_one, _of_two, _of_three)[len(things) - 1]
    found: dict[str, None] = {}
    while len(found) < 3:
        found[write(things, drawn)] = None
    return list(found)


def _of_one(things: Sequence[Thing], drawn: random.Random) -> str:
    one, place = _named(things[0], drawn), drawn.choice(PLACES[place_of(things[0])])
    return drawn.choice(
        (
            f"{one} {place}",
            f"{one} is {place}",
            f"there is {one} {place}",
            f"{place} there is {one}",
        )
    )


def _of_two(things: Sequence[Thing], drawn: random.Random) -> str:
    first, second = drawn.sample(things, 2)
    one, other = _named(first, drawn), _named(second, drawn)
    related, back = _before(first, second, drawn), _after(second, first, drawn)
    return drawn.choice(
        (
            f"{one} {related} {other}",
            f"{one} is {related} {other}",
            f"there is {one} {related} {other}",
            f"{one} with {other} {back}",
            f"there is {one} and {other} {back}",
        )
    )


def _of_three(things: Sequence[Thing], drawn: random.Random) -> str:
    """One that is told of both others, or stands between them in a chain."""
    middle = things[drawn.choice(_pivots(things))]
    first, last = drawn.sample([thing for thing in things if thing is not middle], 2)
    one, pivot, other = (_named(thing, drawn) for thing in (first, middle, last))
    chain = f"{one} {_before(first, middle, drawn)} {pivot} that is"
    chain += f" {_before(middle, last, drawn)} {other}"
    both = f"{_before(middle, first, drawn)} {one} and {_before(middle, last, drawn)} {other}"
    around = f"{one} {_after(first, middle, drawn)} and {other} {_after(last, middle, drawn)}"
    return drawn.choice(
        (
            chain,
            f"there is {chain}",
            f"{pivot} {both}",
            f"{pivot} is {both}",
            f"{pivot} with {around}",
            f"there is {pivot} with {around}",
        )
    )


def _named(thing: Thing, drawn: random.Random) -> str:
    return f"a {drawn.choice(SIZES[thing.size])} {thing.colour} {thing.shape}"


def _before(first: Thing, second: Thing, drawn: random.Random) -> str:
    """What the first is to the second that follows: "to the left of"."""
    return drawn.choice(RELATIONS[_between(first, second)[0]][0])


def _after(first: Thing, second: Thing, drawn: random.Random) -> str:
    """What the first is, said after it, to the second that was named before: "to its left"."""
    return drawn.choice(RELATIONS[_between(first, second)[0]][1])


# drawing


def _picture(
    things: Sequence[Thing], drawn: random.Random, noise: np.random.Generator
) -> np.ndarray[Any, Any]:
    """uint8 [height, width, channels]"""
    import numpy as np

    canvas = _ground(drawn)  # [height, width, channels]
    for thing in things:
        left, top, right, bottom = thing.box
        brightness = drawn.uniform(0.8, 1.08)
        colour = [brightness * value + drawn.uniform(-8, 8) for value in COLOURS[thing.colour]]
        cover = _mask(thing.shape, right - left)[:, :, None]  # [height, width, 1]
        part = canvas[top:bottom, left:right]
        part += cover * (np.array(colour, "float32") - part)
    canvas += NOISE * noise.standard_normal(canvas.shape, "float32")
    return canvas.clip(0, 255).astype("uint8")


def _ground(drawn: random.Random) -> np.ndarray[Any, Any]:
    """A light or a dark tone, plain or shaded softly: float32 [height, width, channels]."""
    import numpy as np

    light = drawn.uniform(180, 235) if drawn.random() < 0.5 else drawn.uniform(25, 75)
    tone = [light + drawn.uniform(-9, 9) for _ in range(3)]
    slope = drawn.uniform(10, 45) if drawn.random() < 0.6 else 0.0
    angle = drawn.uniform(0, 2 * math.pi)
    steps = np.linspace(-0.5, 0.5, SIZE, dtype="float32")
    shade = math.cos(angle) * steps + math.sin(angle) * steps[:, None]  # [height, width]
    return np.asarray(slope * shade[:, :, None] + np.array(tone, "float32"), "float32")


@cache
def _mask(shape: str, side: int) -> np.ndarray[Any, Any]:
    """How much of each pixel the shape covers, 0 to 1, filling its box: float32 [side, side]."""
    import numpy as np
    from PIL import Image, ImageDraw

    most = side * FINE - 1
    image = Image.new("L", (most + 1, most + 1))
    pen = ImageDraw.Draw(image)
    if shape == "circle":
        pen.ellipse((0, 0, most, most), fill=255)
    else:
        pen.polygon([(most * x, most * y) for x, y in _corners(shape)], fill=255)
    return np.asarray(image.reduce(FINE), "float32") / 255


def _corners(shape: str) -> list[tuple[float, float]]:
    """Of a shape in a box from 0 to 1, all sides of which it touches."""
    if shape == "square":
        return [(0, 0), (1, 0), (1, 1), (0, 1)]
    if shape == "triangle":
        return [(0.5, 0), (1, 1), (0, 1)]
    if shape == "cross":
        a, b = 0.34, 0.66
        return [
            (a, 0), (b, 0), (b, a), (1, a), (1, b), (b, b), (b, 1), (a, 1), (a, b), (0, b), (0, a),
            (a, a),
        ]  # fmt: skip
    turns = [math.pi * number / 5 for number in range(10)]
    reach = (1, 0.42) * 5
    across = [math.sin(turn) * far for turn, far in zip(turns, reach, strict=True)]
    down = [-math.cos(turn) * far for turn, far in zip(turns, reach, strict=True)]
    return list(zip(_filling(across), _filling(down), strict=True))


def _filling(values: Sequence[float]) -> list[float]:
    """The values moved and stretched to go from 0 to 1."""
    least, most = min(values), max(values)
    return [(value - least) / (most - least) for value in values]


def _png(picture: np.ndarray[Any, Any]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    # In noise there is nothing to find again, which is what zlib spends most of its time on.
    Image.fromarray(picture).save(file, "PNG", compress_type=zlib.Z_HUFFMAN_ONLY)
    return file.getvalue()
