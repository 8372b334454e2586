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
    first, at_once = DEFAULT, None
    if GO_ON in asked:  # tells in parts what these tell at once
        answer = asked[DEFAULT].answer
        same = [name for name, each in asked.items() if each.answer == answer and name != GO_ON]
        first, at_once = GO_ON, next((name for name in same if name != DEFAULT), None)
        asked = {name: each for name, each in asked.items() if name not in same}
    found = [_question(group, seen) for group in _groups(asked, first)]
    return [replace(found[0], at_once=at_once), *found[1:]]


def _groups(asked: Mapping[str, Signature], first: str) -> list[dict[str, Signature]]:
    """The signatures of each form: `first` with what its inputs can ask, then those that are left,
    together where they take the same, what explains first, as it is the more telling title.
    """
    inputs = {key: c for key, c in asked[first].inputs.items() if (first, key) != (GO_ON, WRITTEN)}
    rest = {name: each for name, each in asked.items() if name != first}
    beside = {name: each for name, each in rest.items() if _goes_with(each, inputs)}
    groups = [{first: asked[first], **beside}]
    for name, each in sorted(rest.items(), key=lambda pair: not _explains(pair[1])):
        if name in beside:
            continue
        same = [group for group in groups[1:] if next(iter(group.values())).inputs == each.inputs]
        if same:
            same[0][name] = each
        else:
            groups.append({name: each})
    return groups


def _question(asked: Mapping[str, Signature], seen: Mapping[str, Sequence[Any]]) -> Question:
    columns: dict[str, Column] = {}
    for name, each in asked.items():
        for key, column in each.inputs.items():
            if key in columns or (name, key) == (GO_ON, WRITTEN):
                continue
            if name != next(iter(asked)):  # say what it is for
                column = replace(column, meaning=f"{column.meaning} ({each.meaning})")
            columns[key] = column
    controls = [control_of(key, column, seen=seen.get(key, ())) for key, column in columns.items()]
    controls.sort(key=lambda control: control.option)
    asks = [_ask(name, signature) for name, signature in asked.items()]
    return Question(next(iter(asked)), controls, asks)


def _ask(name: str, signature: Signature) -> Ask:
    in_parts = name == GO_ON
    meanings = {key: output.meaning for key, output in signature.answer.items()}
    views = [View("written", {"text": "continuation"})] if in_parts else views_of(signature)
    return Ask(name, signature.meaning, list(signature.inputs), views, meanings, in_parts)


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
