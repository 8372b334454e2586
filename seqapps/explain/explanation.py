"""Everything that can be told of a few examples: from the export, and from the run behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seqapps.data.batching import batch_of
from seqapps.errors import UserError
from seqapps.explain.origin import Origin, origin_of
from seqapps.explain.steps import Recording, Step, input_of, record
from seqapps.export import manifest
from seqapps.export.compare import compare
from seqapps.export.manifest import DEFAULT
from seqapps.layers.gates import Gates, gates, has_gates
from seqapps.predict import answer_raw, load_export, signature, split_batch
from seqapps.task import Output, Response, Row, Signature


@dataclass(frozen=True)
class Links:
    """Which tokens of two texts belong together; padding left out."""

    first: list[str]
    second: list[str]
    weights: list[list[float]]  # [second, first]


@dataclass(frozen=True)
class Looked:
    """Where in a picture the model looked for each token; padding left out."""

    tokens: list[str]
    maps: list[list[list[float]]]  # [token, height, width]


@dataclass(frozen=True)
class Shown:
    """One example, step by step; lists are empty where the model has no such thing."""

    input: Row
    answer: Response
    tokens: list[str] = field(default_factory=list)  # [time]
    ids: list[int] = field(default_factory=list)  # [time]; 0 padding, 1 unknown
    weights: list[float] = field(default_factory=list)  # [time]
    links: Links | None = None
    looked: Looked | None = None
    entries: dict[str, dict[str, float]] = field(default_factory=dict)  # by input: name -> value


@dataclass(frozen=True)
class Reading:
    """The gates of one recurrent layer for one example, by direction: each [1, time, units]."""

    layer: str
    kind: str
    tokens: list[str]  # [time]; numbers where the steps are no tokens
    directions: dict[str, Gates]


@dataclass(frozen=True)
class Explanation:
    """Examples, and the layers that all of them went through together."""

    model: Path
    answer: Mapping[str, Output]
    examples: list[Shown]
    steps: list[Step]  # none where `unknown` says why
    run: Path | None = None
    unknown: str = ""
    reading: Reading | None = None


def explain(
    folder: Path, rows: Sequence[Row], *, runs: Path, gates_of: str | None = None
) -> Explanation:
    """What the export in `folder` makes of the rows, one batch of them.

    Answers, tokens and their weights are the export's own. The steps are those of the model that it
    was made of, where its run is under `runs`, and are told only if that model answers the same.
    `gates_of` names a recurrent layer, "" stands for the first one; then there must be one row.

    Raises UserError where a row does not fit, and, with `gates_of`, where there are no gates.
    """
    bundle = manifest.read(folder)
    default = manifest.signature_of(bundle, DEFAULT)
    loaded = load_export(folder)
    answers = answer_raw(signature(loaded, DEFAULT, folder), rows, default.inputs)
    shown = (
        *_tokens(loaded, bundle, rows, folder),
        _links(loaded, bundle, rows, folder),
        _looked(loaded, bundle, rows, folder),
    )
    raw = batch_of(rows, default.inputs)
    try:
        exported = [np.asarray(value) for value in getattr(loaded, "variables_read", [])]
        origin = origin_of(folder, bundle, exported, runs=runs)
        recording = record(origin.model, origin.features, raw)
        _check_same(recording, answers, default.answer, origin)
    except UserError as error:
        reason = str(error).removesuffix(".")
        if gates_of is not None:
            raise UserError(f"The gates cannot be drawn: {reason}.") from None
        examples = [Shown(*known) for known in zip(rows, answers, *shown, strict=True)]
        return Explanation(folder, default.answer, examples, [], unknown=reason)
    tokens, ids, weights, links, looked = shown
    ids = [mine or _recorded_ids(recording, i, tokens[i]) for i, mine in enumerate(ids)]
    named = _entries(origin.features.entries(raw), len(rows))
    examples = [
        Shown(*known)
        for known in zip(rows, answers, tokens, ids, weights, links, looked, named, strict=True)
    ]
    reading = None if gates_of is None else _reading(recording, origin, gates_of, tokens[0])
    return Explanation(
        folder, default.answer, examples, recording.steps, origin.run.folder, reading=reading
    )


def explaining(bundle: Mapping[str, Any]) -> tuple[str, Signature] | None:
    """The signature that tells tokens and weights."""
    for name in bundle["signatures"]:
        found = manifest.signature_of(bundle, name)
        if found.explains:
            return name, found
    return None


def _tokens(
    loaded: Any, bundle: Mapping[str, Any], rows: Sequence[Row], folder: Path
) -> tuple[list[list[str]], list[list[int]], list[list[float]]]:
    """(tokens, ids, weights), each with a list for every row, padding left out."""
    found = explaining(bundle)
    if found is None or not found[1].inputs.keys() <= rows[0].keys():
        return [[] for _ in rows], [[] for _ in rows], [[] for _ in rows]
    name, declared = found
    names = declared.outputs
    responses = answer_raw(signature(loaded, name, folder), rows, declared.inputs)
    tokens = [_without_padding(response[names["tokens"]]) for response in responses]
    lengths = [len(row) for row in tokens]

    def of(kind: str) -> list[list[Any]]:
        values = [response[names[kind]] if kind in names else [] for response in responses]
        return [value[:length] for value, length in zip(values, lengths, strict=True)]

    return tokens, of("ids"), of("weights")


def _links(
    loaded: Any, bundle: Mapping[str, Any], rows: Sequence[Row], folder: Path
) -> list[Links | None]:
    """What the first signature tells that aligns two texts, for every row; None without one."""
    asked = _asked(loaded, bundle, rows, folder, tells=lambda declared: declared.aligned)
    if asked is None:
        return [None for _ in rows]
    (first, second, weights), answers = asked
    found: list[Links | None] = []
    for told in answers:
        one, other = _without_padding(told[first]), _without_padding(told[second])
        kept = [line[: len(one)] for line in told[weights][: len(other)]]
        found.append(Links(one, other, kept))
    return found


def _looked(
    loaded: Any, bundle: Mapping[str, Any], rows: Sequence[Row], folder: Path
) -> list[Looked | None]:
    """What the first signature tells that lights a picture, for every row; None without one."""
    asked = _asked(loaded, bundle, rows, folder, tells=lambda declared: declared.lights)
    if asked is None:
        return [None for _ in rows]
    (tokens, maps), answers = asked
    words = [_without_padding(told[tokens]) for told in answers]
    return [Looked(w, told[maps][: len(w)]) for w, told in zip(words, answers, strict=True)]


def _asked(
    loaded: Any,
    bundle: Mapping[str, Any],
    rows: Sequence[Row],
    folder: Path,
    *,
    tells: Callable[[Signature], Any],
) -> tuple[Any, list[Response]] | None:
    """(what `tells` finds in it, its answers) of the first signature that tells such a thing.

    Inputs that the rows lack have their defaults; one without a default is not asked.
    """
    for name in bundle["signatures"]:
        declared = manifest.signature_of(bundle, name)
        defaults = {key: column.default for key, column in declared.inputs.items()}
        asked = [{**defaults, **row} for row in rows]
        if tells(declared) and not any(None in row.values() for row in asked):
            return tells(declared), answer_raw(
                signature(loaded, name, folder), asked, declared.inputs
            )
    return None


def _without_padding(tokens: list[str]) -> list[str]:
    length = max((place for place, token in enumerate(tokens, 1) if token), default=0)
    return tokens[:length]


def _check_same(
    recording: Recording, answers: list[Response], declared: Mapping[str, Output], origin: Origin
) -> None:
    found = compare(split_batch(recording.answer), answers, declared)
    if found.differences:
        raise UserError(
            f"the model in {origin.run.folder} no longer answers as this export does "
            f"({found.differences[0]})"
        )


def _recorded_ids(recording: Recording, row: int, tokens: list[str]) -> list[int]:
    """The ids of a model that takes whole numbers, one for each token."""
    for value in recording.inputs:
        if value.dtype.is_integer and len(value.shape) == 2 and value.shape[1] >= len(tokens):
            return [int(number) for number in np.asarray(value)[row, : len(tokens)]]
    return []


def _entries(
    found: Mapping[str, Sequence[Mapping[str, float]]], rows: int
) -> list[dict[str, dict[str, float]]]:
    """Of each row, by name: the entries that are not zero, largest first."""
    return [{name: largest_first(of[row]) for name, of in found.items()} for row in range(rows)]


def largest_first(entries: Mapping[str, float]) -> dict[str, float]:
    """Those that are not zero.

    >>> largest_first({"a": 0, "film": 0.6, "lovely": -0.8})
    {'lovely': -0.8, 'film': 0.6}
    """
    kept = [name for name, value in entries.items() if value]
    return {name: entries[name] for name in sorted(kept, key=lambda name: -abs(entries[name]))}


def _reading(recording: Recording, origin: Origin, layer: str, tokens: list[str]) -> Reading:
    known = [one.name for one in origin.model.layers if has_gates(one)]
    if not known:
        raise UserError(
            "This model has no layer with gates. An LSTM and a GRU have them; the layers here are "
            f"{', '.join(dict.fromkeys(step.kind for step in recording.steps))}."
        )
    if layer and layer not in known:
        raise UserError(f"--layer {layer}: no such layer with gates. Known: {', '.join(known)}.")
    chosen = origin.model.get_layer(layer or known[0])
    inputs, mask = input_of(recording, origin.model, chosen.name)
    real = np.ones(inputs.shape[1], bool) if mask is None else np.asarray(mask)[0]
    if not real.any():
        raise UserError("The text has no tokens, so there is no step to draw.")
    directions = {
        name: {key: value[:, real] for key, value in found.items()}
        for name, found in gates(chosen, inputs, mask).items()
    }
    steps = int(real.sum())
    words = tokens if len(tokens) == steps else [str(number + 1) for number in range(steps)]
    cell = getattr(chosen, "forward_layer", chosen)
    return Reading(chosen.name, type(cell).__name__, words, directions)
