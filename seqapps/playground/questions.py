"""What a page lets people ask: one form for what belongs together, made of the signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from seqapps.export.manifest import CLASSIFY
from seqapps.playground.controls import Control, control_of
from seqapps.playground.views import View, views_of
from seqapps.task import DEFAULT, GO_ON, Column, Signature

WRITTEN = "written"  # what `go_on` is given back, see `Signature`
LOOKS = {"tokens", "weights", "alignment", "heat_map"}


@dataclass(frozen=True)
class Ask:
    """One request that a form makes: a signature, what it takes of the form, how it is shown."""

    signature: str
    meaning: str
    inputs: Sequence[str]
    views: Sequence[View]
    meanings: Mapping[str, str]  # of each output
    in_parts: bool = False


@dataclass(frozen=True)
class Question:
    """A form and the requests that it makes, the first of which is the answer."""

    title: str
    controls: Sequence[Control]
    asks: Sequence[Ask]
    # the signature that answers at once what the first request answers in parts
    at_once: str | None = None


def questions_of(
    signatures: Mapping[str, Signature], *, seen: Mapping[str, Sequence[Any]]
) -> list[Question]:
    """The forms of a page: what the model is for, with what explains it; then what else it tells.

    `seen` are values that the golden requests have of each input.
    """
    asked = {name: each for name, each in signatures.items() if name != CLASSIFY}
    first = GO_ON if GO_ON in asked else DEFAULT
    absorbed = [n for n, each in asked.items() if n != first and _at_once(asked, first, each)]
    inputs = dict(asked[first].inputs)
    inputs.pop(WRITTEN if first == GO_ON else "", None)
    beside = [
        name
        for name, each in asked.items()
        if name not in (first, *absorbed) and _goes_with(each, inputs)
    ]
    groups = [[first, *beside]]
    for name, each in asked.items():
        if name in (*groups[0], *absorbed):
            continue
        same = next((group for group in groups[1:] if asked[group[0]].inputs == each.inputs), None)
        if same is None:
            groups.append([name])
        else:
            same.append(name)
    for group in groups[1:]:  # what explains is the more telling title
        group.sort(key=lambda name: not _explains(asked[name]))
    wider = [name for name in absorbed if name != DEFAULT]
    found = [_question({name: asked[name] for name in group}, seen) for group in groups]
    if first == GO_ON:
        at_once = wider[0] if wider else None
        found[0] = Question(found[0].title, found[0].controls, found[0].asks, at_once)
    return found


def _question(asked: Mapping[str, Signature], seen: Mapping[str, Sequence[Any]]) -> Question:
    columns: dict[str, Column] = {}
    for name, each in asked.items():
        taken = {key: c for key, c in each.inputs.items() if (name, key) != (GO_ON, WRITTEN)}
        only_here = taken.keys() - columns.keys() if columns else set()
        for key in only_here:
            taken[key] = replace(taken[key], meaning=f"{taken[key].meaning} ({each.meaning})")
        columns = {**taken, **columns}
    controls = [control_of(key, column, seen=seen.get(key, ())) for key, column in columns.items()]
    controls.sort(key=lambda control: control.option)
    return Question(
        next(iter(asked)), controls, [_ask(name, signature) for name, signature in asked.items()]
    )


def _ask(name: str, signature: Signature) -> Ask:
    in_parts = name == GO_ON
    meanings = {key: output.meaning for key, output in signature.answer.items()}
    views = [View("written", {"text": "continuation"})] if in_parts else views_of(signature)
    return Ask(name, signature.meaning, list(signature.inputs), views, meanings, in_parts)


def _at_once(asked: Mapping[str, Signature], first: str, other: Signature) -> bool:
    """Whether a signature answers as the default one does, which is had in parts."""
    return first == GO_ON and other.answer == asked[DEFAULT].answer


def _goes_with(signature: Signature, inputs: Mapping[str, Column]) -> bool:
    """Whether a form with these inputs can ask a signature too.

    One may take more, such as a caption in place of the model's own, if it tells what was looked
    at and need not be given it.
    """
    more = {name: c for name, c in signature.inputs.items() if name not in inputs}
    same = all(inputs[n].kind == c.kind for n, c in signature.inputs.items() if n in inputs)
    explains = _explains(signature)
    needed = [name for name, column in more.items() if column.default is None or not explains]
    return same and not needed


def _explains(signature: Signature) -> bool:
    return bool(LOOKS & {output.kind for output in signature.answer.values()})
