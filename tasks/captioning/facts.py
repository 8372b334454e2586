"""What a caption of a drawn scene says, and how much of it is so.

NumPy is imported where it is used: tasks import this module, and listing tasks must be instant.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import permutations
from typing import TYPE_CHECKING

from seqapps.task import Case, Example, Metric, Response

from .scenes import COLOURS, OPPOSITE, PLACES, RELATIONS, SHAPES, SIZES, Relation, Thing, place_of

if TYPE_CHECKING:
    import numpy as np

LOOKS = ("shape", "colour", "size")  # what a word says of an object
KINDS = (*LOOKS, "relation", "place")
MOST = 6  # objects of a caption that may be some of the scene's three; what repeats on is wrong
OF_IT = "relation of it"  # "to its left", "above it"

Count = tuple[int, int, int]  # facts that are right, that are said, that there are to be said


@dataclass
class Said:
    """An object that a caption speaks of: what it says of it, and by which of its words."""

    looks: dict[str, str] = field(default_factory=dict)  # {"colour": "red", "shape": "circle"}
    words: dict[str, int] = field(default_factory=dict)  # the position of the word for each
    places: set[str] = field(default_factory=set)


@dataclass
class Facts:
    """What a caption says. Relations are told one way round: left of, above."""

    objects: list[Said] = field(default_factory=list)
    relations: set[Relation] = field(default_factory=set)  # between `objects`, by their numbers


def facts_of(caption: str) -> Facts:
    """What a caption in the words of `scenes` says, also one that is no English.

    "a red star with a big circle above it" has two objects, of which the second is above the first.
    """
    return read(re.findall("[a-z]+", caption.lower()))


def read(words: Sequence[str]) -> Facts:
    """What the words say; positions are those in `words`.

    An object is a run of words for its looks, each told once; it ends with a shape, or where any
    other word comes. A relation is one of the last object to the next, or of the first object after
    "and" ("a star left of a cross and above a circle"). "It" is the first object. A place is the
    last object's, or the next one's where there is none yet.
    """
    found = _Reading()
    for position, phrase in _phrases(words):
        found.hear(phrase, position)
    found.end_object()
    return found.facts


def one_way(first: int, relation: str, second: int) -> Relation:
    """The same relation as left of or above.

    >>> one_way(0, "below", 1)
    (1, 'above', 0)
    """
    if relation in ("left of", "above"):
        return first, relation, second
    return second, OPPOSITE[relation], first


def counts(case: Case, response: Response) -> Mapping[str, Count]:
    """(right, said, true) facts by kind; nothing where the case has no scene.

    The objects that are said are taken for those of the scene in the way that makes most facts
    right. Of n objects n - 1 relations are to be said, which bind all together, and of one object
    its place; more may be said, and is judged by the boxes. A relation is right only between
    objects of which each has its shape or its colour right: any two things have some relation.
    """
    return _counts(str(case.get("scene") or ""), str(response["caption"]))


def facts(kind: str = "") -> Metric:
    """Share of facts that are right: of those said or those to be said, whichever are more.

    `kind` is one of KINDS, or "" for all facts together. Cases without a scene do not count.
    """
    # Of the first scene a whole object is missing, and the relation; in the second the colour is
    # wrong, in the third nothing: shapes are right 1 of 2, 1 of 1 and 1 of 1.
    share = {"shape": 3 / 4, "colour": 2 / 4, "size": 3 / 4, "relation": 0 / 1, "place": 2 / 2}
    kinds = [kind] if kind else KINDS

    def per_case(found: Mapping[str, Count]) -> tuple[float, float]:
        of_kinds = [found[each] for each in kinds]
        return sum(right for right, *_ in of_kinds), sum(max(rest) for _, *rest in of_kinds)

    return _share(per_case, value=share[kind] if kind else 10 / 15)


def exact_scene() -> Metric:
    """Share of scenes of which everything is said, and nothing that is wrong."""

    def per_case(found: Mapping[str, Count]) -> tuple[float, float]:
        return float(all(right == max(rest) for right, *rest in found.values())), 1.0

    return _share(per_case, value=1 / 3)


_CROSS = '{"shape": "cross", "colour": "blue", "size": "large", "box": [40, 20, 64, 44]}'
_CIRCLE = '{"shape": "circle", "colour": "red", "size": "small", "box": [4, 26, 16, 38]}'
_STAR = '{"shape": "star", "colour": "green", "size": "large", "box": [20, 20, 44, 44]}'
_CASES = [
    {"scene": f'{{"objects": [{_CROSS}, {_CIRCLE}], "relations": [[0, "right of", 1]]}}'},
    {"scene": f'{{"objects": [{_STAR}], "relations": []}}'},
    {"scene": f'{{"objects": [{_CIRCLE}], "relations": []}}'},
    {"scene": ""},
]
_RESPONSES = [
    {"caption": "a small red circle"},
    {"caption": "a large blue star in the middle"},
    {"caption": "on the left there is a little red circle"},
    {"caption": "a dog"},
]


def _share(per_case: Callable[[Mapping[str, Count]], tuple[float, float]], value: float) -> Metric:
    """The sum over scenes of the first number, divided by that of the second."""

    def statistics(cases: Sequence[Case], responses: Sequence[Response]) -> np.ndarray:
        import numpy as np

        found = [counts(*pair) for pair in zip(cases, responses, strict=True)]
        return np.array([per_case(each) if each else (0, 0) for each in found], "float64")

    def reduce(sums: np.ndarray) -> float:
        return float(sums[0] / sums[1]) if sums[1] else math.nan  # no scene in it, or no such fact

    return Metric(
        statistics=statistics,
        reduce=reduce,
        example=Example(_CASES, _RESPONSES, value),
        tells_of=lambda case: bool(case.get("scene")),
    )


# reading


def _meanings() -> dict[str, tuple[str, str]]:
    """What each phrase tells: {"little": ("size", "small"), "under it": (OF_IT, "below")}."""
    found = {shape: ("shape", shape) for shape in SHAPES}
    found |= {colour: ("colour", colour) for colour in COLOURS}
    found |= {word: ("size", size) for size, words in SIZES.items() for word in words}
    found |= {phrase: ("place", place) for place, said in PLACES.items() for phrase in said}
    for relation, (before, after) in RELATIONS.items():
        found |= dict.fromkeys(before, ("relation", relation))
        found |= dict.fromkeys(after, (OF_IT, relation))
    return found


MEANINGS = _meanings()
LONGEST = max(len(phrase.split()) for phrase in MEANINGS)


def _phrases(words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Where phrases begin, the longest that mean something: "at the top left" is one of them."""
    start = 0
    while start < len(words):
        for length in range(LONGEST, 0, -1):
            phrase = " ".join(words[start : start + length])
            if phrase in MEANINGS or length == 1:
                break
        yield start, phrase
        start += length


@dataclass
class _Reading:
    """What was read so far, and what waits for the object that comes next."""

    facts: Facts = field(default_factory=Facts)
    object: Said = field(default_factory=Said)
    subject: tuple[int, str] | None = None  # an object, and its relation to the next
    place: str = ""
    before: str = ""  # the phrase before

    def hear(self, phrase: str, position: int) -> None:
        kind, meaning = MEANINGS.get(phrase, ("", ""))
        if kind in LOOKS:
            self.see(kind, meaning, position)
        else:
            self.end_object()
        last = len(self.facts.objects) - 1
        if kind == "place" and last >= 0:
            self.facts.objects[last].places.add(meaning)
        elif kind == "place":
            self.place = meaning
        elif kind == "relation" and last >= 0:
            self.subject = (0 if self.before == "and" else last), meaning
        elif kind == OF_IT and last > 0:
            self.facts.relations.add(one_way(last, meaning, 0))
        self.before = phrase

    def see(self, look: str, meaning: str, position: int) -> None:
        if look in self.object.looks:
            self.end_object()
        self.object.looks[look] = meaning
        self.object.words[look] = position
        if look == "shape":
            self.end_object()

    def end_object(self) -> None:
        if not self.object.looks:
            return
        if self.place:
            self.object.places.add(self.place)
        if self.subject:
            self.facts.relations.add(one_way(*self.subject, len(self.facts.objects)))
        self.facts.objects.append(self.object)
        self.object, self.subject, self.place = Said(), None, ""


# comparing


@lru_cache(maxsize=10_000)  # several metrics ask for the same
def _counts(scene: str, caption: str) -> Mapping[str, Count]:
    if not scene:
        return {}
    known, said = json.loads(scene), facts_of(caption)
    things = [
        Thing(each["shape"], each["colour"], each["size"], tuple(each["box"]))
        for each in known["objects"]
    ]
    holds = {one_way(*relation) for relation in known["relations"]}
    right = max(
        (_right(said, things, holds, match) for match in _matches(len(said.objects), len(things))),
        key=sum,
    )
    told = [sum(look in each.looks for each in said.objects) for look in LOOKS]
    told += [len(said.relations), sum(len(each.places) for each in said.objects)]
    true = [len(things)] * len(LOOKS)
    true += [min(len(things) - 1, len(holds)), int(len(things) == 1)]
    return dict(zip(KINDS, zip(right, told, true, strict=True), strict=True))


def _matches(said: int, things: int) -> Iterator[dict[int, int]]:
    """All ways to take objects that are said for things, as many as can be."""
    said = min(said, MOST)
    if said < things:
        for chosen in permutations(range(things), said):
            yield dict(enumerate(chosen))
    else:
        for chosen in permutations(range(said), things):
            yield {one: thing for thing, one in enumerate(chosen)}


def _right(
    said: Facts, things: Sequence[Thing], holds: set[Relation], match: Mapping[int, int]
) -> list[int]:
    """How many facts are right, by kind in the order of KINDS."""
    pairs = {one: (said.objects[one], things[thing]) for one, thing in match.items()}
    looks = {
        one: [each.looks.get(look) == getattr(thing, look) for look in LOOKS]
        for one, (each, thing) in pairs.items()
    }
    known = {one for one, (shape, colour, _) in looks.items() if shape or colour}
    right = [sum(each) for each in zip(*looks.values(), strict=True)] or [0] * len(LOOKS)
    relations = [
        one_way(match[first], relation, match[second]) in holds
        for first, relation, second in said.relations
        if {first, second} <= known
    ]
    places = [place_of(thing) in each.places for each, thing in pairs.values()]
    return [*right, sum(relations), sum(places)]
