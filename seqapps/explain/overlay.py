"""Where a model looked in a picture, as a picture."""

from __future__ import annotations

import io

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from seqapps.explain.explanation import Looked
from seqapps.explain.picture import LOOK, fonts, without_dates
from seqapps.report import heat_maps

PANEL = 1.7  # inches
LONGEST = 512  # pixels of a panel's longer side: twice those of a .png, for who looks closer


def overlay(image: bytes, looked: Looked, kind: str) -> bytes:
    """The content of a file of that kind (svg, png or pdf): the picture, then it again for each

    token, lit where the model looked.
    """
    tokens, picture = [token.strip() for token in looked.tokens], heat_maps.opened(image, LONGEST)
    content = io.BytesIO()
    with rc_context({**LOOK, "font.family": fonts()}):
        columns = min(heat_maps.PER_ROW, 1 + len(tokens))
        figure = Figure(
            figsize=(PANEL * columns, PANEL * heat_maps.height_of(picture, len(tokens))),
            layout="constrained",
        )
        FigureCanvasAgg(figure)
        heat_maps.draw(figure.add_subplot(), picture, tokens, looked.maps, size=10.0)
        figure.savefig(
            content, format=kind, dpi=150, metadata=without_dates(kind), bbox_inches="tight"
        )
    return content.getvalue()
