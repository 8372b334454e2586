"""A matplotlib figure as inline SVG whose colours are the page's own, light or dark."""

from __future__ import annotations

import html
import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from seqapps.task import Figure

WIDTH = 4.2  # inches; the page scales it

# Matplotlib cannot write a CSS variable. It writes these colours, which occur nowhere else, and
# they are replaced: the page decides what they are, and a print or a dark screen may differ.
INK, MUTED, MODEL, BASELINE, GOOD, BAD, THIRD = (f"#0a0b0{number}" for number in range(1, 8))
VARIABLES = {
    INK: "var(--ink)", MUTED: "var(--muted)", MODEL: "var(--model)",
    BASELINE: "var(--baseline)", GOOD: "var(--good)", BAD: "var(--bad)", THIRD: "var(--third)",
}  # fmt: skip

STYLE = {
    "svg.fonttype": "none",  # text stays text: it can be searched, copied and read aloud
    "svg.hashsalt": "seqapps",  # the same figure gives the same bytes
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": MUTED,
    "grid.alpha": 0.25,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "figure.facecolor": "none",
}


MISSING = "Glyph .* missing from font"  # what matplotlib warns of
FALLS_BACK = (
    "The fonts at hand where this was drawn lack some of its characters. They are left as text: "
    "your browser draws them in a font of its own, in which they may be wider or narrower."
)


def svg_of(figure: Figure, *, number: int, width: float = WIDTH) -> str:
    """`<svg>` of a figure, to stand inside a page; `number` keeps its ids apart from others'.

    `width` is in inches: twice that of others for one that has a page's whole width.
    """
    return pictured(figure, number=number, width=width)["svg"]


def pictured(figure: Figure, *, number: int, width: float = WIDTH) -> dict[str, str]:
    """{"svg", "note"} as templates take them; see `svg_of`.

    The note says so where the figure's script is one that no font at hand can draw.
    """
    with warnings.catch_warnings(record=True) as seen:
        warnings.filterwarnings("always", message=MISSING)
        svg = _svg(figure, number=number, width=width)
    lacking = [bool(re.match(MISSING, str(each.message))) for each in seen]
    for each, lacks in zip(seen, lacking, strict=True):
        if not lacks:  # what was recorded beside it is told as ever
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    notes = [figure.note, FALLS_BACK if any(lacking) else ""]
    return {"svg": svg, "note": " ".join(filter(None, notes))}


def _svg(figure: Figure, *, number: int, width: float) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure as Canvas

    with _style():
        canvas = Canvas(figsize=(width, figure.height), layout="constrained")
        FigureCanvasSVG(canvas)
        figure.draw(canvas.add_subplot())
        text = io.StringIO()
        canvas.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    return _inline(text.getvalue(), title=figure.title, number=number)


@contextmanager
def _style() -> Iterator[None]:
    import matplotlib
    from cycler import cycler

    style: dict[Any, Any] = {
        **STYLE,
        "axes.prop_cycle": cycler(color=[MODEL, BASELINE, THIRD, GOOD, BAD]),
    }
    with matplotlib.rc_context(style):
        yield


def _inline(text: str, *, title: str, number: int) -> str:
    svg = text[text.index("<svg") :]  # without the XML head, which has no place inside a page
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)  # it would rule the whole page
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", svg)
    svg = re.sub(r'(url\(#|href="#| id=")', rf"\g<1>f{number}-", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, variable)
    # The size in points is left to the page; the view box keeps the shape.
    head, rest = svg.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{html.escape(title)}">{rest.strip()}'
