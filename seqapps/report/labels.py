"""Pictures of an answer that tells labels: confusion matrix, reliability, accuracy by length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seqapps.report.svg import BASELINE, INK, MODEL, MUTED
from seqapps.task import Case, Figure, Response

SHOWN = 10  # labels of a confusion matrix; the rarer ones are put together
REST = "(the rest)"
BINS = 10  # of confidence, as in the metric calibration_error
PARTS = 5  # of the lengths
FEWEST = 5  # cases of a point; fewer say nothing
LONGEST_NAME = 18  # characters of a label


def confusion(
    truth: Sequence[str], told: Sequence[str], *, label: str = "label", case: str = "case"
) -> Figure:
    """True labels down, told labels across; the shade is the share of the true label's cases.

    `label` and `case` are how one of each is called.
    """
    names = [name for name, _ in Counter(truth).most_common()]
    kept = sorted(names[:SHOWN]) if len(names) > SHOWN else sorted({*truth, *told})
    others = len({*truth, *told}) > len(kept)
    shown = [*kept, REST] if others else kept
    place = {name: number for number, name in enumerate(kept)}
    counts = np.zeros([len(shown), len(shown)], int)
    for true, said in zip(truth, told, strict=True):
        counts[place.get(true, len(shown) - 1), place.get(said, len(shown) - 1)] += 1
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    def draw(axes: Any) -> None:
        from matplotlib.patches import Rectangle

        size = len(shown)
        for (row, column), share in np.ndenumerate(shares):
            shade = {"facecolor": MODEL if row == column else BASELINE, "alpha": 0.75 * share}
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, linewidth=0, **shade))
            text = f"{counts[row, column]:,}" + (f"\n{share:.0%}" if size <= 6 else "")
            axes.text(
                column, row, text, ha="center", va="center", fontsize=10 if size <= 4 else 7,
                color=INK,
            )  # fmt: skip
        axes.set_xlim(-0.5, size - 0.5)
        axes.set_ylim(size - 0.5, -0.5)
        names = [_short(name) for name in shown]
        turned = {"rotation": 45, "ha": "right"} if size > 4 else {}
        axes.set_xticks(range(size), names, **turned)
        axes.set_yticks(range(size), names)
        axes.set_xlabel("told")
        axes.set_ylabel("true")
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        axes.set_title(f"Which {label}s are taken for which")

    note = f"A row holds the {case}s of one true {label}; shade and percentage are shares of it."
    if others:
        note += f" {REST}: {len(names) - SHOWN:,} {label}s with fewer {case}s, put together."
    height = max(3.0, 1.1 + 0.24 * len(shown))
    return Figure(title="Confusion matrix", draw=draw, note=note, height=height)


def reliability(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """How often an answer is right, by how sure it is (Guo et al. 2017); by predictor.

    `curves` has for each predictor the probability of the told label and whether it is right, both
    [cases]; the first is the model's.
    """

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=MUTED, lw=1, ls="--")
        lowest = 1.0
        for number, (name, (sureness, right)) in enumerate(curves.items()):
            x, y, low, high, share = _bins(sureness, right)
            colour = BASELINE if number else MODEL
            if not number:
                width, where = 1 / BINS, (np.floor(x * BINS) + 0.5) / BINS
                axes.bar(where, share * 0.25, width=width * 0.9, color=MUTED, alpha=0.25)
            errors = np.stack([y - low, high - y])
            axes.errorbar(
                x + 0.004 * number, y, errors, color=colour, marker="o", ms=4, lw=1.4,
                elinewidth=1, label=name,
            )  # fmt: skip
            lowest = min(lowest, x.min(initial=1.0))
        axes.set_xlim(max(0.0, np.floor(lowest * BINS) / BINS - 0.03), 1.02)
        axes.set_ylim(0, 1.03)
        axes.set_xlabel("probability of the told label")
        axes.set_ylabel("share that is right")
        axes.legend(loc="upper left")
        axes.set_title("Do scores mean what they say?")

    note = (
        "On the dashed line a score of 0.8 is right 8 times in 10; below it the model is too "
        "sure. Bars: the share of the cases (a quarter of the height is all). "
        "Lines: 95 % intervals (Wilson 1927)."
    )
    return Figure(title="Reliability diagram", draw=draw, note=note)


def by_length(
    cases: Sequence[Case],
    responses: Sequence[Response],
    *,
    length: Callable[[Case], int],
    right: Callable[[Case, Response], bool],
    unit: str = "words",
) -> Figure:
    """Share of right answers by length of the input, in parts of about as many cases."""
    lengths = np.array([length(case) for case in cases])
    good = np.array([right(*pair) for pair in zip(cases, responses, strict=True)])
    parts = _quantile_parts(lengths)

    def draw(axes: Any) -> None:
        values = np.array([good[part].mean() for part in parts])
        low, high = wilson(
            np.array([good[part].sum() for part in parts]), np.array([len(part) for part in parts])
        )
        axes.axhline(good.mean(), color=MUTED, lw=1, ls="--")
        axes.errorbar(
            range(len(parts)), values, np.stack([values - low, high - values]), fmt="o",
            color=MODEL, ms=6, elinewidth=2,
        )  # fmt: skip
        names = [_range(lengths[part]) + f"\n{len(part):,} cases" for part in parts]
        axes.set_xticks(range(len(parts)), names, fontsize=8)
        axes.set_xlim(-0.5, len(parts) - 0.5)
        axes.set_xlabel(unit)
        axes.set_ylabel("share that is right")
        axes.set_title("Short and long inputs")

    note = f"Accuracy by {unit} of the input, with 95 % intervals; the dashed line is all cases."
    return Figure(title="Accuracy by length", draw=draw, note=note)


def wilson(hits: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of shares (Wilson 1927), which stays inside 0 to 1 for few cases too."""
    z = 1.959964
    share = hits / counts
    middle = (share + z**2 / (2 * counts)) / (1 + z**2 / counts)
    half = z * np.sqrt(share * (1 - share) / counts + z**2 / (4 * counts**2)) / (1 + z**2 / counts)
    return np.minimum(middle - half, share), np.maximum(middle + half, share)


def _bins(sureness: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, ...]:
    """(mean score, share right, its interval low and high, share of cases) of the filled bins."""
    bins = np.minimum((sureness * BINS).astype(int), BINS - 1)
    filled = [number for number in range(BINS) if (bins == number).sum() >= FEWEST]
    parts = [bins == number for number in filled]
    counts = np.array([part.sum() for part in parts], float)
    hits = np.array([right[part].sum() for part in parts], float)
    means = np.array([sureness[part].mean() for part in parts])
    low, high = wilson(hits, counts) if filled else (hits, hits)
    return means, hits / np.maximum(counts, 1), low, high, counts / len(bins)


def _quantile_parts(lengths: np.ndarray) -> list[np.ndarray]:
    """Positions by length, equal lengths together: at most PARTS parts of about equal size."""
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, PARTS + 1)[1:-1], method="higher"))
    member = np.searchsorted(edges, lengths, side="left")
    parts = [np.flatnonzero(member == number) for number in range(len(edges) + 1)]
    return [part for part in parts if part.size]


def _range(lengths: np.ndarray) -> str:
    least, most = lengths.min(), lengths.max()
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
