"""The learning curve as a section of the report: a sentence, a figure, a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seqapps.report.svg import BASELINE, MODEL, MUTED
from seqapps.task import Figure, Section, Table

from .learning_curve import NETWORK, overtaken_from

ARIMA = "arima"  # what the network is compared with by name
Values = Mapping[str, Any]


def how_much_history(curve: Values) -> Section:
    """From which length of history on the network is ahead."""
    return Section(
        title="How much history does it take?",
        parts=[_figure(curve), _table(curve)],
        note=verdict(curve) + " " + _how(curve),
    )


def verdict(curve: Values) -> str:
    """One sentence on ARIMA and on the best classic method.

    >>> errors = {"the network": [3, 1], "arima": [2, 2]}
    >>> verdict({"metric": "mase", "steps": [50, 99], "errors": errors})
    'By mase the network overtakes arima at 99 steps of history; arima is the best classic method.'
    """
    best, errors = _best(curve), curve["errors"]
    places = {name: overtaken_from(errors[NETWORK], errors[name]) for name in (ARIMA, best)}
    lengths = {name: _length(place, curve["steps"]) for name, place in places.items()}
    told = f"By {curve['metric']} the network overtakes {ARIMA} at {lengths[ARIMA]} steps"
    if best == ARIMA:
        return f"{told} of history; {ARIMA} is the best classic method."
    return f"{told} of history, and {best}, the best classic method, at {lengths[best]}."


def _length(place: int | None, steps: Sequence[int]) -> str:
    if place is None:
        return f"no length up to {steps[-1]:,}"
    return f"{steps[place]:,}" + ("" if place else " or fewer")


def _best(curve: Values) -> str:
    """The classic method with the least error from all of the history."""
    errors = curve["errors"]
    return min((name for name in errors if name != NETWORK), key=lambda name: errors[name][-1])


def _how(curve: Values) -> str:
    note = (
        f"Network and classic methods learnt from the last so many steps of the training part and "
        f"are judged from the same {curve['origins']:,} origins in the later half of the "
        "validation part; the test part has no say in what is chosen. Each network was trained "
        "anew from the seed 0, for as many steps: a small lead of one over another is chance."
    )
    if not curve["chosen_apart"]:
        note += (
            " The validation part is too short to choose the network's round on other origins than "
            "those that judge, which flatters it."
        )
    return note


def _figure(curve: Values) -> Figure:
    steps, errors = curve["steps"], curve["errors"]

    def draw(axes: Any) -> None:
        from matplotlib.ticker import LogLocator

        best = _best(curve)
        for name, each in errors.items():
            if name not in (NETWORK, ARIMA, best):
                axes.plot(steps, each, color=MUTED, lw=0.8, alpha=0.5)
        if best != ARIMA:
            axes.plot(steps, errors[best], color=BASELINE, ls=":", marker="s", ms=4, label=best)
        axes.plot(steps, errors[ARIMA], color=BASELINE, ls="--", marker="s", ms=4, label=ARIMA)
        axes.plot(steps, errors[NETWORK], color=MODEL, lw=2, marker="o", ms=5, label=NETWORK)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(steps, [f"{each:,}" for each in steps])
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
        axes.set_xlabel("steps of history")
        axes.set_ylabel(curve["metric"])
        axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 0.98))

    return Figure(
        title="Error by length of history",
        draw=draw,
        note="Both axes are logarithmic; faint: the other classic methods. Lower is better.",
    )


def _table(curve: Values) -> Table:
    steps, errors = curve["steps"], curve["errors"]
    network = errors[NETWORK]

    def from_which(name: str) -> str:
        place = overtaken_from(network, errors[name])
        return "never" if place is None else f"{steps[place]:,}"

    return Table(
        title=f"{curve['metric']} by steps of history",
        head=["", *(f"{each:,}" for each in steps), "the network is ahead from"],
        rows=[
            [name, *(f"{each:.3f}" for each in values), from_which(name) if name != NETWORK else ""]
            for name, values in errors.items()
        ],
    )
