"""How an answer is shown: by the kinds of its outputs, never by the task that they are of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from seqapps.task import AnswerKind, Signature

# The view of an output that nothing belongs to. Each view is a file in static/views/.
ALONE: Mapping[AnswerKind, str] = {
    "label": "text",
    "labels": "list",
    "scores": "list",
    "text": "text",
    "sample": "text",
    "tokens": "list",
    "ids": "list",
    "weights": "list",
    "number": "numbers",
    "series": "series",
    "band": "series",
    "alignment": "grid",
    "heat_map": "grid",
    "tags": "list",
}
SHADED = ("tokens", "weights", "ids")  # roles of the view of that name
TAGGED = ("tokens", "tags", "ids", "scores")
TOGETHER = ("scores", "shaded", "alignment", "heat_map", "tagged", "written")  # of several outputs


@dataclass(frozen=True)
class View:
    """A part of an answer: the name of what shows it, and the outputs that it shows by role."""

    name: str
    outputs: Mapping[str, str | list[str]] = field(default_factory=dict)


def views_of(signature: Signature) -> list[View]:
    """What shows the answer of a signature, the most telling first; each output is in one view."""
    together = [*_labelled(signature), *_looked(signature)]
    taken = {name for view in together for name in view.outputs.values() if isinstance(name, str)}
    rest = {name: each.kind for name, each in signature.answer.items() if name not in taken}
    alone = [View(_alone(kind), {"value": name}) for name, kind in rest.items()]
    texts = [view for view in alone if view.name == "text"]
    lists = [view for view in alone if view.name not in ("text", "numbers", "series")]
    series, ends, numbers = (
        [name for name, kind in rest.items() if kind == wanted]
        for wanted in ("series", "band", "number")
    )
    found = [*texts, *together, *lists]
    if numbers:
        found.append(View("numbers", {"numbers": numbers}))
    if series or ends:  # with the numbers, as one may be the threshold of a series
        found.append(View("series", {"series": series, "ends": ends, "numbers": numbers}))
    return found


def _alone(kind: AnswerKind) -> str:
    """The view of a kind; a list for one that only a newer export knows."""
    return ALONE.get(kind, "list")


def _labelled(signature: Signature) -> Iterator[View]:
    """Labels with their scores, in the order in which they are declared, and the one told."""
    label, labels, scores = (
        [name for name, output in signature.answer.items() if output.kind == kind]
        for kind in ("label", "labels", "scores")
    )
    for place, pair in enumerate(zip(labels, scores, strict=False)):
        told = {"label": label[place]} if place < len(label) else {}
        yield View("scores", {**told, "labels": pair[0], "scores": pair[1]})


def _looked(signature: Signature) -> Iterator[View]:
    """What a model tells of tokens: where it looked, what they are."""
    if signature.aligned is not None:
        first, second, weights = signature.aligned
        yield View("alignment", {"first": first, "second": second, "weights": weights})
    elif signature.lights is not None:
        tokens, maps = signature.lights
        yield View("heat_map", {"tokens": tokens, "maps": maps})
    elif {"tokens", "tags"} <= signature.outputs.keys():
        names = signature.outputs
        yield View("tagged", {role: names[role] for role in names if role in TAGGED})
    elif signature.explains:
        names = signature.outputs
        yield View("shaded", {role: names[role] for role in names if role in SHADED})
