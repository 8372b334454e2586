"""What the report shows of a monitor beside its scores: plain values, asked of the export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqapps.series.alarms import Rule, events
from seqapps.series.row import names_in
from seqapps.task import DEFAULT, Ask, Case, Surroundings

from .groups import groups

RUNS = 4  # series that are drawn
POINTS = 600  # of each
EVENTS = 40  # alarms of the table
NAMED = 3  # sensors of an alarm


def observe(ask: Ask, around: Surroundings) -> Mapping[str, Any]:
    """Scores along some test series, the alarms of all, and groups where they are wanted."""
    settings = around.settings
    sensors = names_in(settings.sensors)
    by_series: dict[str, list[Case]] = {}
    for case in around.test:
        by_series.setdefault(case["series"], []).append(case)
    found, table = [], []
    for name, cases in by_series.items():
        run = _Run(cases, ask(DEFAULT, cases), settings)
        found.append(run.drawn(name))
        table += [{"series": name, **event} for event in run.events(sensors)]
    found.sort(key=lambda run: -max(run["anomaly"]))  # those with an anomaly first
    seen = {"runs": found[:RUNS], "events": table[:EVENTS], "alarms": len(table)}
    return {**seen, "groups": groups(ask, around)} if settings.clusters else seen


class _Run:
    """One series in the order of time: the steps that its windows speak for."""

    def __init__(
        self, cases: Sequence[Case], told: Sequence[Mapping[str, Any]], settings: Any
    ) -> None:
        new = settings.stride
        self.times = np.concatenate([case["times"] for case in cases])
        self.anomaly = np.concatenate([case["anomaly"] for case in cases])
        self.scores = np.concatenate([each["step_scores"][-new:] for each in told])
        self.alarms = np.concatenate([each["step_alarms"][-new:] for each in told])
        self.contributions = np.repeat([each["contributions"] for each in told], new, axis=0)
        limit = float(told[0]["threshold"])
        self.rule = Rule(limit, limit * settings.hysteresis, settings.duration)

    def drawn(self, name: str) -> dict[str, Any]:
        """The highest score of each part of the series, so that no peak is lost."""
        parts = np.array_split(np.arange(len(self.scores)), min(POINTS, len(self.scores)))
        return {
            "series": name,
            "times": [int(self.times[part[0]]) for part in parts],
            "scores": [float(self.scores[part].max()) for part in parts],
            "anomaly": [float(self.anomaly[part].max()) for part in parts],
            "alarms": [float(self.alarms[part].max()) for part in parts],
            "threshold": self.rule.threshold,
        }

    def events(self, sensors: Sequence[str]) -> list[dict[str, Any]]:
        """The alarms: when, how long, how severe, by which sensors, and whether rightly."""
        found = []
        for event in events(
            self.scores, self.rule, contributions=self.contributions, given=self.alarms
        ):
            order = np.argsort(-event.shares)[:NAMED]
            found.append(
                {
                    "start": int(self.times[event.start]),
                    "steps": event.end - event.start,
                    "severity": event.severity,
                    "sensors": {sensors[place]: float(event.shares[place]) for place in order},
                    "right": bool(self.anomaly[event.start : event.end].max() > 0),
                }
            )
        return found
