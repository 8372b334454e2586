"""A form control for each input of a signature, made of its column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from seqapps.task import Column

Widget = Literal["text", "line", "number", "integer", "time", "series", "image"]

WIDGETS: Mapping[str, Widget] = {
    "text": "text",
    "category": "line",
    "number": "number",
    "integer": "integer",
    "time": "time",
    "series": "series",
    "image": "image",
}
SUGGESTED = 30  # different values of a category that are offered


@dataclass(frozen=True)
class Control:
    """What asks for one input. `value` is what it holds at first; None: nothing.

    `suggestions` are values that the model is known to have met.
    """

    name: str
    widget: Widget
    meaning: str
    value: Any = None
    option: bool = False  # it has a default, so that nobody must fill it in
    shape: tuple[int | None, ...] = ()
    gaps: bool = False
    channels: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name for people: `image_bytes` -> "image bytes"."""
        return self.name.replace("_", " ")


def control_of(name: str, column: Column, *, seen: Sequence[Any] = ()) -> Control:
    """The control of an input; `seen` are values of it in golden requests."""
    several = column.shape != () and column.kind != "series"
    categories = seen if column.kind == "category" else ()
    return Control(
        name,
        "series" if several else WIDGETS.get(column.kind, "text"),
        column.meaning,
        value=_shown(column.default),
        option=column.default is not None,
        shape=column.shape,
        gaps=column.gaps,
        channels=column.channels,
        suggestions=tuple(dict.fromkeys(map(str, categories)))[:SUGGESTED],
    )


def _shown(value: Any) -> Any:
    """1.0 -> 1, as people write it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
