"""Pictures of a search."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqapps.metrics.judge import better
from seqapps.report.svg import BASELINE, GOOD, MODEL, MUTED
from seqapps.task import Figure, Metric
from seqapps.tuning.dimension import Dimension
from seqapps.tuning.space import Space
from seqapps.tuning.trial import DONE, PRUNED, Trial

DECADES = 100.0  # largest to least value, from where on the picture is by ratio

if TYPE_CHECKING:
    from seqapps.tuning.tune import Result


def history(result: Result, metric: Metric) -> Figure:
    """Every trial's value, and the best so far."""
    valued = [each for each in result.trials if each.value is not None]
    done = [each for each in valued if each.state == DONE]
    best: list[tuple[int, float]] = []
    for each in done:
        value = each.value or 0.0
        if not best or better(metric, value, best[-1][1]):
            best.append((each.number, value))

    def draw(axes: Any) -> None:
        for state, colour, label in ((DONE, MODEL, "trained"), (PRUNED, MUTED, "ended early")):
            of = [each for each in valued if each.state == state]
            if of:
                face = colour if state == DONE else "none"
                axes.plot(
                    [each.number for each in of], [each.value for each in of], "o", ms=4.5,
                    color=colour, mfc=face, label=label,
                )  # fmt: skip
        if best:
            numbers = [number for number, _ in best] + [max(each.number for each in valued)]
            values = [value for _, value in best]
            axes.step(numbers, [*values, values[-1]], where="post", color=GOOD, label="best so far")
        if result.trials[0].value is not None:
            axes.axhline(result.trials[0].value, color=BASELINE, lw=1, ls="--", label="start")
        _within(axes, [each.value or 0.0 for each in done])
        _whole_numbers(axes)
        axes.set_xlabel("trial")
        axes.set_title(f"{_title(result)} of each trial")
        axes.legend()

    note = "The best round of each trial, on validation. Values far off are outside the picture."
    return Figure(title="history of the search", draw=draw, note=note)


def curves(result: Result) -> Figure:
    """The value after each epoch, of all trials."""

    def draw(axes: Any) -> None:
        inside = []
        for each in result.trials:
            if not each.epochs:
                continue
            epochs, values = list(each.epochs), list(each.epochs.values())
            colour, width, order = MUTED, 0.8, 1
            if result.best and each.number == result.best.number:
                colour, width, order = GOOD, 2.0, 3
            elif each.number == 0:
                colour, width, order = BASELINE, 1.6, 2
            label = {GOOD: "best", BASELINE: "start"}.get(colour)
            axes.plot(epochs, values, color=colour, lw=width, zorder=order, label=label,
                      marker="o" if len(epochs) == 1 else None, ms=2.5)  # fmt: skip
            if each.state == PRUNED:
                axes.plot(epochs[-1], values[-1], "x", color=MUTED, ms=4.5)
            inside += values if each.state == DONE else []
        _within(axes, inside)
        _whole_numbers(axes)
        axes.set_xlabel("epoch")
        axes.set_title(f"{_title(result)} by epoch")
        if axes.get_legend_handles_labels()[0]:
            axes.legend()

    return Figure(title="learning curves", draw=draw, note="A cross: ended early, behind others.")


def importance(shares: Mapping[str, float]) -> Figure:
    """Bars, the most important setting on top."""
    ordered = sorted(shares.items(), key=lambda item: item[1])

    def draw(axes: Any) -> None:
        axes.barh([name for name, _ in ordered], [share for _, share in ordered], color=MODEL)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.set_title("what mattered")

    note = (
        "Share of the variance between trials that a setting explains: functional analysis of "
        "variance of a random forest (Hutter et al. 2014). Rough where trials are few."
    )
    return Figure(
        title="importance of settings", draw=draw, note=note, height=0.9 + 0.24 * len(ordered)
    )


def parallel(trials: Sequence[Trial], space: Space, result: Result) -> Figure:
    """A line a trial through its settings to its value; the best is drawn last, and green."""
    axes_of = [_scale(each, trials) for each in space.dimensions]
    values = [each.value or 0.0 for each in trials]
    low, high = min(values), max(values)

    def draw(axes: Any) -> None:
        places = range(len(axes_of) + 1)
        for each in sorted(trials, key=lambda each: _rank(each, result)):
            own = [place(each.values[name]) for name, place, _ in axes_of]
            own.append(_share(each.value or 0.0, low, high))
            colour, width, alpha = MODEL, 0.9, 0.35
            if each.number == 0:
                colour, width, alpha = BASELINE, 1.8, 1.0
            if result.best and each.number == result.best.number:
                colour, width, alpha = GOOD, 2.4, 1.0
            axes.plot(places, own, color=colour, lw=width, alpha=alpha)
        for place, (_, _, ticks) in enumerate(axes_of):
            _write(axes, place, ticks)
        _write(axes, len(axes_of), [(0.0, f"{low:.3g}"), (1.0, f"{high:.3g}")])
        for place in places:
            axes.axvline(place, color=MUTED, lw=0.8)
        names = [*(name for name, _, _ in axes_of), result.monitor]
        axes.set_xticks(list(places), [name.replace("_", "\n") for name in names])
        axes.set_yticks([])
        axes.set_ylim(-0.06, 1.06)
        axes.set_xlim(-0.1, len(axes_of) + 0.45)
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)

    note = "Trials that were trained to their end; green the best, orange the start."
    return Figure(title="settings and values of trials", draw=draw, note=note, height=3.4)


def _scale(dimension: Dimension, trials: Sequence[Trial]) -> tuple[str, Any, list[Any]]:
    """(name, value -> place from 0 to 1, [(place, text)] of its ticks)."""
    if dimension.choices:
        known = list(dimension.choices)

        def place_of_choice(value: Any) -> float:
            return known.index(value) / max(1, len(known) - 1)

        return dimension.name, place_of_choice, [(place_of_choice(c), _text(c)) for c in known]
    scale = math.log if dimension.log else float
    low, high = scale(dimension.low), scale(dimension.high)

    def place_of_number(value: Any) -> float:
        return _share(scale(value), low, high)

    ticks = [(0.0, _text(dimension.low)), (1.0, _text(dimension.high))]
    return dimension.name, place_of_number, ticks


def _write(axes: Any, place: int, ticks: Sequence[tuple[float, str]]) -> None:
    for height, text in ticks:
        axes.text(place + 0.04, height, text, fontsize=7.5, va="center")


def _text(value: Any) -> str:
    from seqapps.report.tuning import shown

    return shown(value)


def _share(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5


def _rank(trial: Trial, result: Result) -> int:
    """What is drawn later, over the others."""
    if result.best and trial.number == result.best.number:
        return 2
    return 1 if trial.number == 0 else 0


def _within(axes: Any, values: Sequence[float]) -> None:
    """By ratio where values span decades; else the better half decides what is seen.

    One that diverged would make a line of the rest.
    """
    import numpy as np

    if len(values) < 4:
        return
    low, middle, high = np.quantile(values, (0.0, 0.5, 1.0))
    if low > 0 and high > DECADES * low:
        axes.set_yscale("log")
        return
    first, last = np.quantile(values, (0.25, 0.75))
    reach = 3 * max(last - first, 1e-9)
    low, high = max(low, first - reach), min(high, last + reach)
    margin = 0.06 * max(high - low, abs(middle) * 1e-3)
    axes.set_ylim(low - margin, high + margin)


def _whole_numbers(axes: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _title(result: Result) -> str:
    return result.monitor.replace("_", " ")
