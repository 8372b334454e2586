"""What `seqapps watch` does with lines: scores windows, prints what is new, counts what is bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import click

from seqapps.cli.following import Line
from seqapps.cli.text import json_line
from seqapps.errors import UserError
from seqapps.export import manifest
from seqapps.series.grid import ROWS
from seqapps.series.latest import REFERENCE, VALUES, series_input
from seqapps.series.lines import BadRowError, Lines
from seqapps.series.live import Begins, Drifts, Due, Ends, Live, News
from seqapps.task import DEFAULT, Column

AT_ONCE = 64  # windows that are scored together
SENSORS = 3  # of an alarm that a person is told; JSON has them all
TOLD = 5  # bad lines that are told with their reason
TRAINED = "what was trained on"
NEEDED = ("score", "threshold", "alarm", "contributions")
OTHER_UNITS = 100  # standard deviations from training that no machine drifts


@dataclass(frozen=True)
class Monitor:
    """An export that scores windows of sensors."""

    folder: Path
    inputs: Mapping[str, Column]
    answer: Sequence[str]  # names of what is read of an answer
    frequency: str

    @property
    def channels(self) -> tuple[str, ...]:
        """The sensors."""
        return self.inputs[VALUES].channels

    @property
    def lookback(self) -> int:
        """Steps of a window."""
        return self.inputs[VALUES].shape[0] or 1

    @property
    def reference(self) -> int:
        """First steps that tell a stream's own level; 0 where the model wants none."""
        return (self.inputs[REFERENCE].shape[0] or 0) if REFERENCE in self.inputs else 0

    @property
    def looks(self) -> str:
        """How much of a stream it has to see, in words."""
        told = f"The model looks at {self.lookback:,} steps"
        if not self.reference:
            return told
        return f"{told} and takes the first {self.reference:,} of all as normal"


def monitor_of(folder: Path, bundle: Mapping[str, Any]) -> Monitor:
    """The monitor in a folder. Raises UserError where the export in it is none."""
    signature = manifest.signature_of(bundle, DEFAULT)
    lacking = [name for name in NEEDED if name not in signature.answer]
    if series_input(signature.inputs) is None or lacking:
        raise UserError(
            f"{folder}: not a monitor. `watch` takes models of sensors that answer "
            f"{', '.join(NEEDED)}; this one answers {', '.join(signature.answer)}. "
            "`seqapps predict` asks models of every kind."
        )
    more = [name for name, c in signature.inputs.items()
            if name not in (VALUES, REFERENCE) and c.default is None]  # fmt: skip
    if more:
        raise UserError(f"{folder}: beside {VALUES} it takes {', '.join(more)}, which no line has.")
    return Monitor(
        folder,
        signature.inputs,
        [name for name in (*NEEDED, "drift", "step_scores") if name in signature.answer],
        manifest.setting(folder, "frequency") or ROWS,
    )


class Watching:
    """One stream that is watched."""

    def __init__(
        self,
        monitor: Monitor,
        *,
        place: str,
        every: int,
        time: str | None,
        time_format: str | None,
        as_json: bool,
    ) -> None:
        self._monitor, self._place, self._as_json = monitor, place, as_json
        self._lines = Lines(monitor.channels, place=place, time=time, time_format=time_format)
        frequency = monitor.frequency if monitor.frequency != "auto" else ROWS
        self._live = Live(
            monitor.channels,
            lookback=monitor.lookback,
            reference=monitor.reference,
            every=every,
            frequency=frequency,
        )
        self._due: list[Due] = []
        self._bad_lines = self._bad_values = 0
        self._said_missing = False

    def take(self, lines: Sequence[Line] | None) -> None:
        """Take the next lines; None says that they begin anew in another file."""
        if lines is None:
            click.echo(f"{self._place} begins anew.", err=True)
            return
        for number, line in lines:
            try:
                self._take(number, line)
            except BadRowError as error:
                self._bad_lines += 1
                self._say_bad(number, f"{error}; left out")
        if self._lines.ready:
            self._serve  # noqa: B018  # loaded while nothing is late yet
        self._score()

    def say_what_is_missing(self) -> None:
        """Say, once, that there is no window yet."""
        missing = self._live.missing
        if missing and self._lines.ready and not self._said_missing:
            self._said_missing = True
            click.echo(
                f"{self._monitor.looks}; {missing:,} are still to come before the first score.",
                err=True,
            )

    def end(self) -> None:
        """Tell what was counted."""
        live = self._live
        if self._as_json:
            told = {"event": "summary", "steps": live.steps, "scored": live.scored,
                    "alarms": live.alarms, "alarm_is_on": live.on, "bad_rows": self._bad_lines,
                    "bad_values": self._bad_values, "repeated": live.repeated,
                    "gaps": live.gaps, "restarts": live.restarts}  # fmt: skip
            click.echo(json_line(told))
            return
        if not self._lines.ready:
            click.echo(f"{self._place}: no lines.", err=True)
        elif not live.scored:
            looks = self._monitor.looks
            click.echo(f"Nothing was scored: {looks[0].lower()}{looks[1:]}.", err=True)
        more = {
            "values that are no numbers": self._bad_values,
            "lines with the time of the line before": live.repeated,
            "steps without a line": live.gaps,
            "times that the clock was set back": live.restarts,
        }
        rest = "".join(f", {what}: {count:,}" for what, count in more.items() if count)
        still = " (the last one is still on)" if live.on else ""
        click.echo(
            f"{_count(live.steps, 'step')}, {_count(live.alarms, 'alarm')}{still}, "
            f"{_count(self._bad_lines, 'bad row')}{rest}.",
            err=True,
        )

    def _take(self, number: int, line: str) -> None:
        seen = self._lines.take(line)
        if seen is None:
            return
        for problem in seen.wrong:
            self._bad_values += 1
            self._say_bad(number, f"{problem}; counts as a gap")
        due = self._live.push(seen)
        if due is not None:
            self._due.append(due)
        if len(self._due) == AT_ONCE:
            self._score()

    def _say_bad(self, number: int, problem: str) -> None:
        count = self._bad_lines + self._bad_values
        if count <= TOLD:
            click.echo(f"{self._place}, line {number:,}: {problem}.", err=True)
        elif count == TOLD + 1:
            click.echo("What else is bad is counted, and told at the end.", err=True)

    @cached_property
    def _serve(self) -> Any:
        from seqapps import start

        start.tensorflow()
        from seqapps.predict import load_signature

        return load_signature(self._monitor.folder, DEFAULT)

    def _score(self) -> None:
        """Ask the model about the windows that are due, and print what is new."""
        if not self._due:
            return
        serve = self._serve
        from seqapps.data.batching import batch_of

        inputs = self._monitor.inputs
        same = {name: c.default for name, c in inputs.items() if name not in (VALUES, REFERENCE)}
        rows = [{**same, VALUES: due.values, REFERENCE: due.reference} for due in self._due]
        answer = serve(batch_of(rows, inputs))
        told = {name: answer[name].numpy() for name in self._monitor.answer}
        due, self._due = self._due, []
        for place, window in enumerate(due):
            one = {name: values[place] for name, values in told.items()}
            for news in self._live.judge(window, one):
                click.echo(self._shown(news))

    def _shown(self, news: News) -> str:
        if self._as_json:
            return json_line({"event": news.event, **asdict(news)})
        beginning = self._monitor.reference > 0
        return line_of(news, level="its beginning" if beginning else TRAINED)


def line_of(news: News, *, level: str = TRAINED) -> str:
    """One thing that is new, for a person; `level` is what sensors drift from."""
    when = _when(news.time, news.step)
    if isinstance(news, Begins):
        most = islice(news.sensors.items(), SENSORS)
        shares = ", ".join(f"{name} {100 * share:.0f} %" for name, share in most)
        title = click.style("alarm begins", fg="red", bold=True)
        return f"{when}  {title}  {news.severity:.2f} times the threshold  {shares}"
    if isinstance(news, Ends):
        title = click.style("alarm ends", fg="green")
        length = f"after {_count(news.steps, 'step')}"
        return f"{when}  {title}  {length}, at most {news.severity:.2f} times the threshold"
    return f"{when}  drift  {'; '.join(_drift_of(news, level))}"


def _drift_of(news: Drifts, level: str) -> list[str]:
    """Sensor by sensor, how far it is from its level."""
    found = []
    for name, distance in news.sensors.items():
        side = "above" if distance > 0 else "below"
        far = f"{abs(distance):,.0f}" if abs(distance) >= 10 else f"{abs(distance):.1f}"
        asked = ": were its units changed?" if abs(distance) >= OTHER_UNITS else ""
        found.append(f"{name} is {far} standard deviations {side} {level}{asked}")
    return found


def _when(time: str | None, step: int) -> str:
    return time if time is not None else f"step {step:,}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
