"""Tokens on a background that is the darker the more they weigh."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

NOTHING, EVERYTHING = (255, 255, 255), (222, 120, 20)  # red, green, blue of weights 0 and highest
INK = Color.from_rgb(0, 0, 0)


def shades_are_seen() -> bool:
    """Whether standard output is a terminal with colours; NO_COLOR says that none are wanted."""
    console = _console()
    return console.is_terminal and not console.no_color and console.color_system is not None


def print_shaded(tokens: Sequence[str], weights: Sequence[float]) -> None:
    """One line, broken where the terminal ends; the highest weight is the darkest shade."""
    highest = max(weights, default=0.0) or 1.0
    line = Text()
    for token, weight in zip(tokens, weights, strict=True):
        line.append(f" {token} ", Style(color=INK, bgcolor=_shade(weight / highest)))
        line.append(" ")
    _console().print(line)


def _console() -> Console:
    return Console(file=sys.stdout, highlight=False)


def _shade(share: float) -> Color:
    mixed = (
        round(none + (all_ - none) * min(max(share, 0.0), 1.0))
        for none, all_ in zip(NOTHING, EVERYTHING, strict=True)
    )
    return Color.from_rgb(*mixed)
