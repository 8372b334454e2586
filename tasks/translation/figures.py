"""The task's own pictures in the report: where the model looks, and scores by length."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.report.svg import MODEL
from seqapps.task import Case, Figure, Metric, Response

# {"source": tokens, "target": tokens, "weights": [target, source], "tokens": how many of both}
Map = Mapping[str, Any]
FAINTEST = 0.02  # weight that is drawn
PARTS = 8  # of the test sources, by length
WORDS = 4  # in most references: then they are sentences


def attention_map(found: Map) -> Figure:
    """Target tokens from top to bottom, source tokens from left to right."""
    source, target = found["source"], found["target"]

    def draw(axes: Any) -> None:
        from matplotlib.patches import Rectangle

        for row, weights in enumerate(found["weights"]):
            for column, weight in enumerate(weights):
                if weight >= FAINTEST:
                    cell = Rectangle(
                        (column - 0.5, row - 0.5), 1, 1, facecolor=MODEL, alpha=min(1.0, weight)
                    )
                    axes.add_patch(cell)
        axes.set_xlim(-0.5, len(source) - 0.5)
        axes.set_ylim(len(target) - 0.5, -0.5)
        axes.set_xticks(range(len(source)), source, rotation=90, fontsize=_size(len(source)))
        axes.set_yticks(range(len(target)), target, fontsize=_size(len(target)))
        axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        axes.grid(False)

    return Figure(
        title="{} source tokens, {} target tokens".format(*_counts(found)),
        draw=draw,
        note=_cut(found),
        height=1.0 + 3.4 * min(1.5, max(0.5, len(target) / max(len(source), 8))),
    )


def links(found: Map) -> Figure:
    """Source tokens on the left, target tokens on the right, lines where the model looked."""
    source, target = found["source"], found["target"]

    def draw(axes: Any) -> None:
        height = max(len(source), len(target)) - 1 or 1
        left, right = (_spread(len(side), height) for side in (source, target))
        for row, weights in enumerate(found["weights"]):
            for column, weight in enumerate(weights):
                if weight >= FAINTEST:
                    ends = (left[column], right[row])
                    axes.plot((0, 1), ends, color=MODEL, alpha=min(1.0, weight), lw=2 * weight)
        for places, side, x, align in (
            (left, source, -0.02, "right"),
            (right, target, 1.02, "left"),
        ):
            for place, token in zip(places, side, strict=True):
                axes.text(x, place, token, ha=align, va="center", fontsize=_size(len(side)))
        axes.set_xlim(-0.4, 1.4)
        axes.set_ylim(height + 0.5, -0.5)
        axes.set_axis_off()

    return Figure(
        title="The same as links",
        draw=draw,
        note=_cut(found),
        height=max(2.0, 0.17 * max(len(source), len(target))),
    )


def by_length(
    metrics: Mapping[str, Metric],
    cases: Sequence[Case],
    by: Mapping[str, Sequence[Response]],
) -> Figure:
    """The score by length of the source, a line for each model (Bahdanau et al. 2015, figure 2)."""
    words = [len(case["target"].split()) for case in cases]
    sentences = float(np.median(words)) >= WORDS
    name, unit = ("bleu", "words") if sentences else ("chrf", "characters")
    count: Callable[[str], int] = (lambda text: len(text.split())) if sentences else len
    lengths = np.array([count(case["source"]) for case in cases])
    parts = [
        part for part in np.array_split(np.argsort(lengths, kind="stable"), PARTS) if len(part)
    ]

    def draw(axes: Any) -> None:
        metric = metrics[name]
        middles = [float(np.mean(lengths[part])) for part in parts]
        for who, responses in by.items():
            table = metric.statistics(cases, responses)
            values = [metric.reduce(table[part].sum(axis=0)) for part in parts]
            (line,) = axes.plot(middles, values, marker="o", ms=4, label=who)
            whole = metric.reduce(table.sum(axis=0))
            axes.axhline(whole, color=line.get_color(), lw=1, ls=":")
        axes.set_xlabel(f"{unit} of the source, mean of the part")
        axes.set_title(name)
        if len(by) > 1:
            axes.legend()

    return Figure(
        title="Short sources and long ones",
        draw=draw,
        note=(
            f"The test pairs in {len(parts)} parts of like size by length; a dotted line is all "
            "of them. Without attention everything that was read has to fit into one vector, by "
            "which long sentences suffer most (Bahdanau et al. 2015)."
        ),
    )


def _counts(found: Map) -> Sequence[int]:
    """Tokens of both sides, whether drawn or not."""
    drawn = [len(found[side]) for side in ("source", "target")]
    counts: Sequence[int] = found.get("tokens", drawn)  # maps of older runs were never cut
    return counts


def _cut(found: Map) -> str:
    """What is left out of a map of long texts; nothing where all of it is there."""
    cut = [
        f"the first {len(found[side])} of {count} {side} tokens"
        for side, count in zip(("source", "target"), _counts(found), strict=True)
        if len(found[side]) < count
    ]
    if not cut:
        return ""
    return f"Cut: {' and '.join(cut)}. A row may have weight on tokens that are not drawn."


def _size(tokens: int) -> float:
    """Points of tick labels, so that they do not touch."""
    return float(np.clip(160 / max(1, tokens), 4, 9))


def _spread(count: int, height: float) -> list[float]:
    """`count` places from 0 to `height`."""
    return [height / 2] if count == 1 else list(np.linspace(0, height, count))
