"""Tables and answers as text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from seqapps.task import Output, Response
from seqapps.text.tokens import with_tags


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns of equal width, two spaces apart; a Hangul or Chinese character is two wide."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def open_page(file: Path) -> None:
    """Show a page in the user's browser, or say that there is none."""
    import webbrowser

    if not webbrowser.open(file.absolute().as_uri()):
        click.echo(f"No browser was found; open {file} yourself.", err=True)


def bar(value: float, highest: float, *, width: int) -> str:
    """A bar of at most `width` characters: 0.5 of 1.0 at 4 -> "██"."""
    return "█" * round(width * abs(value) / highest) if highest else ""


def visible(text: str) -> str:
    """The text, or with quotes and escapes where it could not be seen as it is: " " -> "' '"."""
    return text if text.isprintable() and text and text == text.strip() else repr(text)


def answer_line(response: Response, answer: Mapping[str, Output]) -> str:
    """One answer for a person: the label with its probability, else every output.

    {"label": "fresh", "scores": [0.91, 0.09], "labels": [...]} -> "fresh  0.910"
    {"translation": "ein Hund", "score": -0.21} -> "ein Hund  score=-0.21"
    {"tokens": ["The", "watch"], "tags": ["DET", "NOUN"], ...} -> "The/DET watch/NOUN"
    """
    kinds = {output.kind: name for name, output in answer.items()}
    if {"label", "scores", "labels"} <= kinds.keys():
        scores = dict(zip(response[kinds["labels"]], response[kinds["scores"]], strict=True))
        label = response[kinds["label"]]
        return f"{label}  {scores[label]:.3f}"
    if {"tokens", "tags"} <= kinds.keys():
        return with_tags(response[kinds["tokens"]], response[kinds["tags"]])
    told = [f"{name}={_short(response[name])}" for name in answer]
    first = next(iter(answer))
    if answer[first].kind == "text":  # what was asked for needs no name
        told[0] = response[first]
    return "  ".join(told)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return f"[{', '.join(map(_short, value))}]"
    return str(value)


def json_line(value: Mapping[str, Any]) -> str:
    """One object on a line; a number that is not finite is null, as JSON has none."""
    return json.dumps(_finite(value), ensure_ascii=False, default=str)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    return [*map(_finite, value)] if isinstance(value, list | tuple) else value
