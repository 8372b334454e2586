"""The gates of a recurrent layer over the words of one text, as a picture."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import font_manager, rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from seqapps.explain.explanation import Reading

PANELS = {  # what is drawn, from the top: title and the range of values; None: even about zero
    "input_gate": ("input gate: how much of the word is taken in", (0.0, 1.0)),
    "forget_gate": ("forget gate: how much of the cell is kept", (0.0, 1.0)),
    "output_gate": ("output gate: how much of the cell is shown", (0.0, 1.0)),
    "update_gate": ("update gate: how much of the state is kept", (0.0, 1.0)),
    "reset_gate": ("reset gate: how much of the state is used", (0.0, 1.0)),
    "cell": ("cell state", None),
    "hidden": ("state", None),
}
LSTM = ("input_gate", "forget_gate", "output_gate", "cell")
GRU = ("update_gate", "reset_gate", "hidden")
READS = {"forward": "reads from left to right →", "backward": "← reads from right to left"}
NUMBERED = 24  # words up to which the means are written as numbers
TICKS = 40  # words named on the axis
# Fonts with Hangul, kana and Chinese characters, as systems have them.
CJK = ("CJK", "Nanum", "Malgun", "Apple SD Gothic", "PingFang", "Hiragino", "YaHei", "WenQuanYi")
LOOK = {
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "svg.hashsalt": "seqapps",  # the same picture, the same file
    "svg.fonttype": "path",  # words look the same everywhere
    "figure.facecolor": "white",
}


def picture(reading: Reading, kind: str) -> bytes:
    """The content of a file of that kind: svg, png or pdf.

    One column for each direction. A panel has a row for each unit and a column for each word; its
    units are in the order of the last state, highest on top, the same in every panel of a
    direction. Numbers above are means over the units, of the state of its absolute values.
    """
    content = io.BytesIO()
    with rc_context({**LOOK, "font.family": fonts()}), warnings.catch_warnings():
        # A script without a font is drawn as boxes; there is nothing that the caller could mend.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = _figure(reading)
        figure.savefig(
            content, format=kind, dpi=150, metadata=without_dates(kind), bbox_inches="tight"
        )
    return content.getvalue()


def without_dates(kind: str) -> dict[str, None]:
    """What `savefig` is told so that the same picture makes the same file."""
    return {} if kind == "png" else {"CreationDate" if kind == "pdf" else "Date": None}


def _figure(reading: Reading) -> Any:
    names = LSTM if "cell" in next(iter(reading.directions.values())) else GRU
    words, columns = len(reading.tokens), len(reading.directions)
    width = float(np.clip(0.62 * words, 3.6, 14.0))  # inches of a panel
    figure = Figure(figsize=(columns * (width + 0.9), 1.9 * len(names) + 1.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(names), columns, squeeze=False, sharex="col")
    for column, (direction, gates) in enumerate(reading.directions.items()):
        end = 0 if direction == "backward" else -1
        order = np.argsort(-gates[names[-1]][0, end])  # units, highest last state first
        for panel, name in enumerate(names):
            values = gates[name][0][:, order].T  # [units, words]
            drawn = _panel(axes[panel, column], name, values, whole_title=column == 0)
            few = MaxNLocator(3, symmetric=True) if PANELS[name][1] is None else [0, 0.5, 1]
            bar: Any = figure.colorbar(
                drawn, ax=axes[panel, column], pad=0.02, aspect=14, ticks=few
            )
            bar.solids.set_rasterized(True)
        axes[0, column].annotate(
            READS[direction], (0.5, 1.0), (0, 34), xycoords="axes fraction",
            textcoords="offset points", ha="center", fontsize=12, fontweight="bold",
        )  # fmt: skip
        _name_words(axes[-1, column], reading.tokens)
        axes[0, column].set_ylabel(f"{len(order)} units")
    figure.supxlabel(_caption(words, names[-1]), fontsize=9, color="#444444")
    return figure


def _caption(words: int, last: str) -> str:
    name = "cell" if last == "cell" else "state"
    numbers = f"\nNumbers: the mean over all units; of the {name}, the mean size."
    return (
        f"Each line is a unit; on top is the one whose {name} is highest after the last word read."
        f"{numbers if words <= NUMBERED else ''}"
    )


def _panel(axis: Any, name: str, values: np.ndarray, *, whole_title: bool) -> Any:
    """A heat map [units, words], with the mean of each word above."""
    title, bounds = PANELS[name]
    units, words = values.shape
    if bounds is None:
        most = float(np.abs(values).max()) or 1.0
        low, high, colours = -most, most, "RdBu_r"
    else:
        (low, high), colours = bounds, "viridis"
    # As pixels, so that a picture of many units stays small; lines and words stay lines.
    drawn = axis.pcolormesh(values, cmap=colours, vmin=low, vmax=high, rasterized=True)
    axis.set_ylim(units, 0)  # the first unit on top
    axis.set_yticks([])
    axis.tick_params(axis="x", length=0)
    for place in range(1, words if words <= TICKS else 0):
        axis.axvline(place, color="white", linewidth=0.8)
    axis.set_title(title if whole_title else title.partition(":")[0], loc="left", pad=16)
    if words <= NUMBERED:
        means = (np.abs(values) if bounds is None else values).mean(axis=0)  # [words]
        for place, mean in enumerate(means):
            axis.annotate(
                f"{mean:.2f}", (place + 0.5, 0), (0, 3), textcoords="offset points",
                ha="center", va="bottom", fontsize=8, annotation_clip=False,
            )  # fmt: skip
    return drawn


def _name_words(axis: Any, tokens: Sequence[str]) -> None:
    """The words below a column; of a long text every second, third, ... one."""
    every = -(-len(tokens) // TICKS)
    places = range(0, len(tokens), every)
    upright = len(tokens) > 12 or any(len(token) > 10 for token in tokens)
    axis.set_xticks([place + 0.5 for place in places])
    axis.set_xticklabels(
        [tokens[place] for place in places],
        rotation=90 if upright else 0, parse_math=False, fontsize=11,
    )  # fmt: skip


def fonts() -> list[str]:
    """DejaVu, matplotlib's own font, then those that are installed and have more characters."""
    names = {font.name for font in font_manager.fontManager.ttflist}
    more = sorted(name for name in names if any(part in name for part in CJK))
    return ["DejaVu Sans", *sorted(more, key=lambda name: "Sans" not in name)]
