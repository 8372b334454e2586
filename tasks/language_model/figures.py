"""The task's own pictures in the report: what surprises the model, by frequency and by place."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.report.svg import BASELINE, MODEL, MUTED
from seqapps.task import Figure

Parts = Sequence[Mapping[str, Any]]


def by_frequency(parts: Parts) -> Figure:
    """Nats per token by how often the token occurs in training."""
    return _by_part(
        parts,
        title="Rare tokens and frequent ones",
        label="occurrences of the token in training, at least",
        note="",
    )


def by_position(parts: Parts) -> Figure:
    """Nats per token by how much of the document stands before it."""
    return _by_part(
        parts,
        title="Early and late in a document",
        label="characters of the document before the token, at least",
        note=(
            "The first tokens have little to go by; late ones are those of long documents alone. A "
            "piece of up to 2,000 characters is read with up to 500 before it."
        ),
    )


def _by_part(parts: Parts, *, title: str, label: str, note: str) -> Figure:
    places = range(len(parts))
    tokens = np.array([part["tokens"] for part in parts])

    def draw(axes: Any) -> None:
        lines = {"model": (MODEL, "-"), "ngrams": (BASELINE, "--")}
        highest = 0.0
        for key, (colour, dashes) in lines.items():
            if parts[0][key] is None:
                continue
            values = [part[key] for part in parts]
            name = "n-grams" if key == "ngrams" else key
            axes.plot(places, values, color=colour, ls=dashes, marker="o", ms=4, label=name)
            highest = max(highest, *values)
        share = tokens / tokens.sum()
        axes.bar(places, share * highest, color=MUTED, alpha=0.25, width=0.8)
        axes.set_ylim(0, 1.2 * highest)
        axes.set_xticks(places, [_short(part["from"]) for part in parts], fontsize=8)
        axes.set_xlabel(label)
        axes.set_ylabel("nats per token")
        axes.legend(loc="upper right", ncols=2)
        axes.set_title(title)

    bars = "Bars: the share of all tokens that were read."
    return Figure(title=title, draw=draw, note=f"{note} {bars}".strip())


def _short(count: int) -> str:
    """30000 -> "30k", 2048 -> "2k"."""
    for size, letter in ((1_000_000, "M"), (1000, "k")):
        if count >= size:
            return f"{count / size:.0f}{letter}"
    return str(count)
