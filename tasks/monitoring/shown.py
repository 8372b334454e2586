"""What was observed of a monitor, as sections of the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.report.svg import BAD, BASELINE, GOOD, MODEL, MUTED, THIRD
from seqapps.task import Figure, Section, Table

Values = Mapping[str, Any]
COLOURS = (MODEL, BASELINE, THIRD, GOOD, BAD)
MARKERS = "o^sDvPX*"


def shown(observed: Values) -> Iterable[Section]:
    """The sections in their order."""
    yield Section(
        title="Scores and alarms",
        parts=[_run(run) for run in observed["runs"]],
        note=(
            "Test series, those with a fault first. The ground is shaded where something is known "
            "to be wrong; the bar below tells where an alarm stood. Scores are on a logarithmic "
            "scale, as a share of the threshold."
        ),
    )
    if observed["events"]:
        yield Section(title="The alarms", parts=[_table(observed)])
    if observed.get("groups"):
        yield _groups(observed["groups"])


def _run(run: Values) -> Figure:
    times = np.array(run["times"]).astype("datetime64[s]")
    scores = np.maximum(np.array(run["scores"]) / run["threshold"], 1e-3)
    anomaly, alarms = np.array(run["anomaly"]) > 0, np.array(run["alarms"]) > 0

    def draw(axes: Any) -> None:
        axes.semilogy(times, scores, color=MODEL, lw=1.1, label="score")
        axes.axhline(1, color=BASELINE, ls="--", lw=1, label="threshold")
        low, high = float(scores.min()) / 2, float(max(scores.max(), 1)) * 1.5
        axes.set_ylim(low / 1.5, high)
        axes.fill_between(times, low / 1.5, high, where=anomaly, color=MUTED, alpha=0.2, lw=0)
        axes.fill_between(times, low / 1.5, low, where=alarms, color=BAD, lw=0, label="alarm")
        axes.tick_params(axis="x", labelrotation=20)
        axes.set_ylabel("score / threshold")
        axes.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 0.98))

    return Figure(title=f"Series {run['series']}" if run["series"] else "The series", draw=draw)


def _table(observed: Values) -> Table:
    events: Sequence[Values] = observed["events"]
    more = observed["alarms"] - len(events)
    return Table(
        title="Alarms on the test series",
        head=["series", "from (UTC)", "steps", "severity", "sensors", "rightly"],
        rows=[
            [
                event["series"],
                str(np.datetime64(event["start"], "s")).replace("T", " "),
                f"{event['steps']:,}",
                f"{event['severity']:.1f}",
                ", ".join(f"{name} {share:.0%}" for name, share in event["sensors"].items()),
                "yes" if event["right"] else "no",
            ]
            for event in events
        ],
        note=(
            "Severity is the highest score as a multiple of the threshold; sensors stand with "
            "their share of the score. Rightly: something was known to be wrong meanwhile."
            + (f" {more:,} more are not shown." if more else "")
        ),
    )


def _groups(groups: Values) -> Section:
    """What the windows are like, without labels."""
    told = [f"{count}: {value:.2f}" for count, value in groups["silhouettes"].items()]
    note = (
        f"The autoencoder's codes of training windows, grouped by k-means without any label; "
        f"{groups['count']} groups stand apart best (silhouettes of {', '.join(told)})."
    )
    if "agreement" in groups:
        note += (
            f" Adjusted Rand index of groups and states on test windows: {groups['agreement']:.3f}"
            " (0 is chance, 1 the same)."
        )
    return Section(
        title="Groups of like windows", parts=[_plane(groups), _sizes(groups)], note=note
    )


def _plane(groups: Values) -> Figure:
    places, number = np.array(groups["places"]), np.array(groups["groups"])
    states = np.array(groups["states"])

    def draw(axes: Any) -> None:
        for group in range(groups["count"]):
            for place, state in enumerate(sorted({*states.tolist()})):
                chosen = (number == group) & (states == state)
                if chosen.any():
                    axes.scatter(
                        *places[chosen].T, s=12, alpha=0.7, linewidths=0,
                        color=COLOURS[group % len(COLOURS)], marker=MARKERS[place % len(MARKERS)],
                        label=f"group {group + 1}" + (f", {state}" if state else ""),
                    )  # fmt: skip
        shares = groups["explained"]
        axes.set_xlabel(f"first direction ({shares[0]:.0%} of the variance)")
        axes.set_ylabel("second" + (f" ({shares[1]:.0%})" if len(shares) > 1 else ""))
        axes.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 0.98))

    return Figure(
        title="Test windows by their codes",
        draw=draw,
        note="The two main directions of the training codes. Each point is a window.",
        height=3.6,
    )


def _sizes(groups: Values) -> Table:
    number, states = np.array(groups["groups"]), np.array(groups["states"])
    known = [state for state in sorted({*states.tolist()}) if state]
    return Table(
        title="Windows by group",
        head=["group", "training", "test", *known],
        rows=[
            [
                str(group + 1),
                f"{size:,}",
                f"{(number == group).sum():,}",
                *(f"{((number == group) & (states == state)).sum():,}" for state in known),
            ]
            for group, size in enumerate(groups["sizes"])
        ],
        note="At most 1,000 windows of each part." + (" States of test windows." if known else ""),
    )
