"""Whether a model looks at what it names: the pointing score, on drawn scenes.

Of each word for a shape, or a colour, the cell with the strongest attention is a hit where its
centre lies in the box of the object that is meant. (The pointing game of Zhang et al. 2016, arXiv
1608.00507, for the words of a caption.)
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.report.labels import wilson
from seqapps.task import Case, Response

from .facts import LOOKS, Said, read
from .scenes import COLOURS, SHAPES

WORDS = {"shape": SHAPES, "colour": tuple(COLOURS)}
ALL = "all"
Look = tuple[str, str, bool, float]  # "shape", "circle", whether it hits, by chance
Score = dict[str, float]


def pointing(cases: Sequence[Case], explained: Sequence[Response]) -> dict[str, dict[str, Score]]:
    """How often the strongest cell lies in the box of what is named, by word and over all words.

    {"shape": {"all": {"hits": 80, "count": 100, "share": 0.8, "low": 0.71, "high": 0.87,
    "chance": 0.06, "ceiling": 1.0}, "circle": ...}, "colour": {"all": ..., "red": ...}}

    `explained` holds `tokens` [token] and `attention` [token, height, width] for each case. Words
    that the scene has no object for say nothing of where the model looks and are not counted.
    `chance` is the mean share of cells whose centre lies in the box: what looking anywhere would
    score; `ceiling` is the share of words of which any cell's centre does. `low` and `high` are the
    95 % interval (Wilson 1927), which takes the words of a caption for independent.
    """
    looks: dict[tuple[str, str], list[tuple[bool, float]]] = defaultdict(list)
    for case, told in zip(cases, explained, strict=True):
        if case.get("scene"):
            tokens, attention = told["tokens"], np.asarray(told["attention"])
            for kind, word, hit, chance in looks_at(tokens, attention, json.loads(case["scene"])):
                looks[kind, word].append((hit, chance))
                looks[kind, ALL].append((hit, chance))
    return {
        kind: {word: _score(looks[kind, word]) for word in (ALL, *words) if looks[kind, word]}
        for kind, words in WORDS.items()
    }


def looks_at(
    tokens: Sequence[str], attention: np.ndarray[Any, Any], scene: Mapping[str, Any]
) -> Iterator[Look]:
    """(kind, word, whether it hits, by chance) of each token that names what the scene has.

    Tokens are words. attention: [token, height, width]. Of several objects with the shape that is
    named the one is meant which has most of the looks that the caption tells with it; where
    they tell nothing, any of these will do.
    """
    words = [token.strip().lower() for token in tokens]
    for said in read(words).objects:
        for kind in WORDS:
            meant = _meant(said, kind, scene["objects"]) if kind in said.looks else []
            if meant:
                weights = attention[said.words[kind]]  # [height, width]
                inside = np.any([_inside(box, weights.shape, scene["size"]) for box in meant], 0)
                hit = bool(inside.flat[np.argmax(weights)])
                yield kind, said.looks[kind], hit, float(inside.mean())


def _meant(said: Said, kind: str, objects: Sequence[Mapping[str, Any]]) -> list[Sequence[float]]:
    """The boxes of those with this look that agree in most of the others."""
    agreeing = [
        (sum(each[look] == said.looks.get(look) for look in LOOKS), each["box"])
        for each in objects
        if each[kind] == said.looks[kind]
    ]
    most = max((count for count, _ in agreeing), default=0)
    return [box for count, box in agreeing if count == most]


def _inside(box: Sequence[float], shape: tuple[int, ...], size: float) -> np.ndarray[Any, Any]:
    """Which cells have their centre in the box, where the cells part the picture evenly."""
    left, top, right, bottom = box
    down, across = ((np.arange(count) + 0.5) * size / count for count in shape)
    rows, columns = (top <= down) & (down < bottom), (left <= across) & (across < right)
    return np.asarray(rows[:, None] & columns)  # bool [height, width]


def _score(looks: Sequence[tuple[bool, float]]) -> Score:
    hits, chances = np.array(looks, float).T  # each [words]
    low, high = wilson(hits.sum(), np.array(len(hits)))
    return {
        "hits": int(hits.sum()),
        "count": len(hits),
        "share": float(hits.mean()),
        "low": float(low),
        "high": float(high),
        "chance": float(chances.mean()),
        "ceiling": float((chances > 0).mean()),
    }
