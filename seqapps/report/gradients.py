"""Gradients over the rounds of a training: norms, layers, how far back learning reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seqapps.report.svg import BAD, BASELINE, GOOD, MODEL, MUTED, THIRD
from seqapps.task import Figure

MOST_LAYERS = 8  # lines in one picture; the largest are shown
COLOURS = (MODEL, BASELINE, THIRD, GOOD, BAD)
REACH = (
    "The length of the gradient of a case's loss by the recurrent state, that many steps before "
    "the end of what the layer reads; of a layer that reads backwards the end is the first step. "
    "Where the line falls by a factor at every step, what lies far back is not learnt from."
)


def gradient_figures(
    history: Sequence[Mapping[str, float]], rounds: Sequence[Mapping[str, Any]], *, best: int
) -> list[Figure]:
    """What `history.csv` and `gradients.json` tell; no figures of a run that has neither."""
    found = []
    if "gradient_norm" in history[0]:
        found.append(_norms(history, best))
    if len({row.get("learning_rate") for row in history}) > 1:
        found.append(_rates(history, best))
    if rounds and rounds[0]["layers"]:
        found.append(_layers(rounds, best))
    kept = next((each for each in rounds if each["round"] == best), None)
    if kept and kept["lags"]:
        found.append(_reach(rounds[0], kept))
    return found


def _norms(history: Sequence[Mapping[str, float]], best: int) -> Figure:
    rounds = range(1, len(history) + 1)
    clipped = [100 * row.get("clipped", 0.0) for row in history]

    def draw(axes: Any) -> None:
        _by_round(axes, best)
        norms = [row["gradient_norm"] for row in history]
        axes.plot(rounds, norms, marker="o", ms=3.5, color=MODEL, label="norm")
        axes.set_ylim(0, 1.1 * max(norms) or 1)
        axes.set_ylabel("mean norm")
        axes.set_title("gradient norm" + (" and clipped steps" if any(clipped) else ""))
        if any(clipped):
            right = axes.twinx()
            right.bar(rounds, clipped, width=0.5, color=BASELINE, alpha=0.35)
            right.set_ylim(0, 100)
            right.set_ylabel("steps clipped, %")
            right.grid(visible=False)

    note = "Of all weights together, before clipping, in the mean over the steps of a round."
    if any(clipped):
        note += " Bars: the share of steps whose gradient was longer than clip_norm."
    return Figure(title="Gradient norm by round", draw=draw, note=note)


def _rates(history: Sequence[Mapping[str, float]], best: int) -> Figure:
    def draw(axes: Any) -> None:
        _by_round(axes, best)
        rates = [row["learning_rate"] for row in history]
        axes.plot(range(1, len(rates) + 1), rates, marker="o", ms=3.5, color=MODEL)
        axes.set_ylim(0, 1.1 * max(rates) or 1)
        axes.set_title("learning rate (at the end of the round)")

    return Figure(title="Learning rate by round", draw=draw)


def _layers(rounds: Sequence[Mapping[str, Any]], best: int) -> Figure:
    names = list(rounds[0]["layers"])
    size = {name: max(each["layers"].get(name, 0.0) for each in rounds) for name in names}
    shown = sorted(sorted(names, key=lambda name: -size[name])[:MOST_LAYERS], key=names.index)

    def draw(axes: Any) -> None:
        _by_round(axes, best)
        for place, name in enumerate(shown):
            points = [(each["round"], each["layers"].get(name)) for each in rounds]
            axes.plot(
                *zip(*points, strict=True), marker="o", ms=3, label=name,
                color=COLOURS[place % len(COLOURS)], ls=("-", "--")[place // len(COLOURS)],
            )  # fmt: skip
        if any(size[name] for name in shown):
            axes.set_yscale("log")
        axes.set_title("gradient norm by layer")
        axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)

    note = "Of the layer's weights, on the same few training batches after every round."
    if len(names) > len(shown):
        note += f" The {len(shown)} largest of {len(names)} layers."
    return Figure(title="Gradient norm by layer and round", draw=draw, note=note, height=3.6)


def _reach(first: Mapping[str, Any], kept: Mapping[str, Any]) -> Figure:
    def draw(axes: Any) -> None:
        positive = False
        for place, (name, line) in enumerate(kept["lags"].items()):
            colour = COLOURS[place % len(COLOURS)]
            axes.plot(line["lag"], line["norm"], color=colour, label=name)
            positive = positive or any(value > 0 for value in line["norm"])
            before = first["lags"].get(name)
            if before and first["round"] != kept["round"]:
                axes.plot(before["lag"], before["norm"], color=colour, lw=1, ls=":")
        if positive:
            axes.set_yscale("log")
        axes.set_xlabel("steps from the end")
        axes.set_ylabel("gradient by the state")
        axes.set_title("how far back learning reaches")
        axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2)

    after = f"after round {kept['round']}, whose weights were kept"
    dotted = "" if first["round"] == kept["round"] else "; dotted: after the first round"
    return Figure(
        title="Gradient by the state at each time lag", draw=draw, height=3.6,
        note=f"{REACH} Lines: {after}{dotted}.",
    )  # fmt: skip


def _by_round(axes: Any, best: int) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.axvline(best, color=MUTED, lw=1, ls=":")
    axes.set_xlabel("round")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
