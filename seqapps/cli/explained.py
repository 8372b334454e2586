"""An explanation as text for people, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby, takewhile
from pathlib import Path
from typing import Any

import click

from seqapps.cli.shading import print_shaded, shades_are_seen
from seqapps.cli.text import aligned, answer_line, bar, visible
from seqapps.explain.explanation import Explanation, Links, Looked, Shown
from seqapps.explain.steps import Step
from seqapps.layers.gates import means

MOST = 20  # n-grams and labels shown
BAR = 24  # characters of the longest bar
SHORT = 16  # steps of a mask that are written one by one
INPUT = 200  # characters of an input that are repeated
LINKED, LEAST = 4, 0.05  # tokens that one is linked to at most, and the weight they have at least
UNKNOWN = 1  # the id of every token that the model does not know


def show(found: Explanation, gates: Path | None, out: Path | None) -> None:
    """Print it: each example's tokens, the layers, each example's answer."""
    for example in found.examples:
        _say_tokens(example)
        click.echo()
    if found.unknown:
        click.echo(f"The layers are not shown: {found.unknown}.")
    else:
        _say_steps(found.steps)
    for example in found.examples:
        click.echo()
        _say_answer(example, found)
    if found.reading is not None:
        click.echo(f"\nGates of the {found.reading.kind} in layer {found.reading.layer}: {gates}")
    if out is not None:
        click.echo(f"\nWhere it looked: {out}")


def as_json(found: Explanation, gates: Path | None) -> dict[str, Any]:
    """All of it as plain values; of the gates their means over the units."""
    told: dict[str, Any] = {
        "model": str(found.model),
        "run": None if found.run is None else str(found.run),
        "examples": [asdict(example) for example in found.examples],
        "layers": [asdict(step) for step in found.steps],
    }
    if found.unknown:
        told["layers_unknown"] = found.unknown
    if found.reading is not None:
        told["gates"] = {
            "file": str(gates),
            "layer": found.reading.layer,
            "kind": found.reading.kind,
            "means": {
                name: means(one, row=0) for name, one in found.reading.directions.items()
            },
        }  # fmt: skip
    return told


def _say_tokens(example: Shown) -> None:
    whole = "  ".join(map(str, example.input.values()))
    click.echo(f"Input: {visible(whole if len(whole) <= INPUT else whole[:INPUT] + '...')}")
    if example.weights:
        _say_weights(example)
    if example.links:
        _say_links(example.links)
    if example.looked:
        _say_looked(example.looked)
    for name, entries in example.entries.items():
        click.echo(f"{name}, entries that are not zero: {len(entries):,}")
        _say_shares(entries, max(map(abs, entries.values()), default=0.0))
    if not (example.weights or example.links or example.looked or example.entries):
        click.echo("There are no tokens to show.")


def _say_weights(example: Shown) -> None:
    """A line for each token: id, weight, a bar where no shade can be seen."""
    tokens, ids = [visible(token) for token in example.tokens], example.ids
    shaded = shades_are_seen()
    if shaded:
        print_shaded(tokens, example.weights)
    lines = [["token", *(["id"] if ids else []), "weight"]]
    highest = max(example.weights)
    for place, (token, weight) in enumerate(zip(tokens, example.weights, strict=True)):
        note = ["unknown"] if ids and ids[place] == UNKNOWN else []
        drawn = [] if shaded else [bar(weight, highest, width=BAR)]
        number = [str(ids[place])] if ids else []
        lines.append([token, *number, f"{weight:.3f}", *drawn, *note])
    click.echo(aligned(_even(lines)))


def _say_links(links: Links) -> None:
    """A line for each token of the second text: the tokens of the first that belong to it."""
    lines = []
    for token, weights in zip(links.second, links.weights, strict=True):
        order = sorted(range(len(weights)), key=lambda place: -weights[place])[:LINKED]
        cells = [
            f"{visible(links.first[place])} {weights[place]:.2f}"
            for place in order
            if weights[place] >= LEAST
        ]
        lines.append([visible(token), "<-", "  ".join(cells)])
    click.echo(aligned(lines))


def _say_looked(looked: Looked) -> None:
    """A line for each token: the cell of the picture with the greatest weight."""
    lines = [["token", "looked at", "weight"]]
    for token, cells in zip(looked.tokens, looked.maps, strict=True):
        rows, columns = len(cells), len(cells[0])
        place = max(range(rows * columns), key=lambda at: cells[at // columns][at % columns])
        row, column = divmod(place, columns)
        where = f"row {row + 1} of {rows}, column {column + 1} of {columns}"
        lines.append([visible(token), where, f"{cells[row][column]:.2f}"])
    click.echo(aligned(lines))


def _say_shares(values: Mapping[str, float], highest: float) -> None:
    """Names with numbers and bars, the first of them only."""
    lines = [
        [visible(name), f"{value:.3f}", bar(value, highest, width=BAR)]
        for name, value in list(values.items())[:MOST]
    ]
    if lines:
        click.echo(aligned(lines))
    if len(values) > MOST:
        click.echo(f"and {len(values) - MOST:,} more; --json prints all")


def _say_steps(steps: Sequence[Step]) -> None:
    """A line for each layer; what it reads is told where that is not simply the one before."""
    before: list[list[str]] = [[], *([step.layer] for step in steps)]
    branched = any(step.reads not in ([], left) for step, left in zip(steps, before, strict=False))
    lines = [
        ["layer", "kind", "output", "", "parameters", "mask", *(["reads"] if branched else [])]
    ]
    for step in steps:
        axes = ", ".join(takewhile(bool, step.axes))
        mask = " / ".join(map(_mask, step.mask or []))
        reads = [", ".join(step.reads)] if branched else []
        shape = [str(step.shape), axes]
        lines.append([step.layer, step.kind, *shape, f"{step.parameters:,}", mask, *reads])
    click.echo(aligned(lines))
    click.echo("mask: 1 real, 0 padding; empty where the layer hands none on")


def _say_answer(example: Shown, found: Explanation) -> None:
    click.echo(f"Answer: {answer_line(example.answer, found.answer)}")
    kinds = {output.kind: name for name, output in found.answer.items()}
    if {"labels", "scores"} <= kinds.keys():
        labels, scores = example.answer[kinds["labels"]], example.answer[kinds["scores"]]
        ordered = sorted(zip(labels, scores, strict=True), key=lambda pair: -pair[1])
        _say_shares(dict(ordered), 1.0)


def _mask(row: Sequence[int]) -> str:
    """[1, 1, 1, 0] -> "1 1 1 0"; equal steps of a long one are counted: "1 x 400, 0 x 12"."""
    if len(row) <= SHORT:
        return " ".join(map(str, row))
    counted = [(value, len(list(same))) for value, same in groupby(row)]
    return ", ".join(f"{value} x {count}" for value, count in counted)


def _even(lines: list[list[str]]) -> list[list[str]]:
    """Lines of one length: empty cells at the end of shorter ones."""
    longest = max(map(len, lines))
    return [[*line, *[""] * (longest - len(line))] for line in lines]
