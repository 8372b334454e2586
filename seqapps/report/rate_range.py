"""The curve of a learning-rate range test, as a picture that stands alone."""

from __future__ import annotations

import io

import numpy as np

LOOK = {"font.size": 10.0, "svg.hashsalt": "seqapps", "figure.facecolor": "white"}
GREY, BLUE, GREEN = "#999999", "#2c6fbb", "#2b8a3e"


def rate_picture(
    rates: np.ndarray, losses: np.ndarray, smoothed: np.ndarray, suggested: float, *, title: str
) -> bytes:
    """An SVG file: each loss, its smoothed curve, and the rate that is suggested."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    content = io.BytesIO()
    with rc_context(LOOK):
        figure = Figure(figsize=(7.2, 3.8), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        axes.semilogx(rates, losses, ".", color=GREY, ms=4, label="loss of a batch")
        axes.semilogx(rates, smoothed, color=BLUE, lw=2, label="smoothed")
        axes.axvline(suggested, color=GREEN, ls="--", label=f"suggested: {suggested:g}")
        # Once broken, the loss may be thousands of times as large; the valley is what counts.
        low, first = float(smoothed.min()), float(smoothed[0])
        room = max(first - low, 0.1 * abs(first))
        axes.set_ylim(low - 0.5 * room, first + room)
        axes.set_xlabel("learning rate")
        axes.set_ylabel("training loss")
        axes.set_title(title, loc="left", fontsize=10.5)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=9)
        figure.savefig(content, format="svg", metadata={"Date": None})
    return content.getvalue()
