"""Tables of observations for `predict`: the end of each series in, an answer for each out."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np

from seqapps.cli.text import aligned, answer_line, json_line
from seqapps.data import factors, observations, tables
from seqapps.data.opening import Table, kind_of, opened
from seqapps.data.source import Reading
from seqapps.errors import UserError
from seqapps.series.latest import KNOWN, VALUES, Latest, latest_of, series_input
from seqapps.series.level import Level
from seqapps.series.row import ROW
from seqapps.task import Column, Output, Response

DIGITS = 5  # that are significant


@dataclass(frozen=True)
class History:
    """A file, or standard input, that holds observations."""

    path: Path | None  # None: standard input
    read_as: str
    head: bytes = b""  # the first line of standard input, which was looked at


@dataclass(frozen=True)
class Given:
    """The options that tell how a table of observations is read."""

    time: str | None
    time_format: str | None
    series: str | None
    factors: Path | None
    factors_lag: int | None  # None: as in training

    def options(self) -> dict[str, Any]:
        """The options by name; None where one was not given."""
        return {f"--{name.replace('_', '-')}": value for name, value in vars(self).items()}

    def reading(self, trained: int) -> Reading:
        """How the table is read; `trained` is the lag of factors in training."""
        columns = {"times": self.time, "series": self.series}
        return Reading(
            columns={ours: theirs for ours, theirs in columns.items() if theirs is not None},
            time_format=self.time_format,
            factors=self.factors,
            factors_lag=trained if self.factors_lag is None else self.factors_lag,
        )


def history_in(file: str, inputs: Mapping[str, Column], head: bytes) -> History | None:
    """The observations that a file holds; None where it holds what the model is asked as it is.

    `head` is the first line of standard input, where `file` is "-".
    """
    if series_input(inputs) is None or not inputs.keys() <= {*KNOWN}:
        return None
    if file == "-":
        return History(None, ".csv", head) if not _is_case(head) else None
    path = Path(file)
    kind = kind_of(path)
    if not path.is_file() or kind not in (".csv", ".tsv", ".parquet", ".jsonl"):
        return None
    if kind == ".parquet" and VALUES in tables.columns_of(Table(path, path.name)):
        return None
    if kind == ".jsonl":
        with opened(path) as source:
            line = next((line for line in source if line.strip()), b"{}")
        if _is_case(line) and not _is_observation(line, inputs[VALUES].channels):
            return None
    return History(path, kind)


def first_line(file: str | None, inputs: Mapping[str, Column]) -> bytes:
    """The first line of standard input, where a table may come from there."""
    if file != "-" or series_input(inputs) is None:
        return b""
    return sys.stdin.buffer.readline()


def latest_in(
    history: History,
    inputs: Mapping[str, Column],
    reading: Reading,
    *,
    frequency: str,
    level: Level | None = None,
) -> list[Latest]:
    """The end of each series; what is odd of it, as beside the level of training, is printed.

    Raises UserError where the table lacks what the model needs.
    """
    if history.path is not None:
        table = Table(history.path, history.path.name)
        return _latest(table, inputs, reading, frequency, level)
    with tempfile.NamedTemporaryFile(suffix=history.read_as) as kept:
        kept.write(history.head)
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.flush()
        table = Table(Path(kept.name), "standard input", read_as=history.read_as)
        return _latest(table, inputs, reading, frequency, level)


def _latest(
    table: Table,
    inputs: Mapping[str, Column],
    reading: Reading,
    frequency: str,
    level: Level | None,
) -> list[Latest]:
    layout = observations.layout_of(ROW, reading, tables.columns_of(table), place=table.name)
    wanted = {column: column for column in layout.read}
    lines = tables.located(table, wanted, advice=lambda *_: "")
    stem = Path(table.name.removesuffix(".gz")).stem
    said: list[str] = []
    joined = factors.read(reading, said) if reading.factors else None
    series = observations.gathered(lines, layout, name=stem, said=said)
    rows = [row for _, row in (joined.to(series) if joined else series)]
    if not rows:
        raise UserError(f"{table.name}: no rows; expected a header line and observations.")
    found = [
        latest_of(row, inputs, frequency=frequency, place=_place(table, row["series"], len(rows)))
        for row in rows
    ]
    for line in said:
        click.echo(line, err=True)
    for one in found:
        far = level.told(one.case[VALUES], inputs[VALUES].channels) if level else ()
        for line in [*one.said, *far]:
            click.echo(f"{_place(table, one.name, len(rows))}: {line}", err=True)
    return found


def _place(table: Table, series: str, count: int) -> str:
    return table.name if count == 1 else f"{table.name}, {series}"


def as_json(one: Latest, response: Response, answer: Mapping[str, Output], column: Column) -> str:
    """One series on a line: its name, the coming times and channels, and all outputs."""
    told: dict[str, Any] = {"series": one.name}
    ahead = _ahead(response, answer)
    if ahead:
        steps, count = np.shape(response[ahead[0]])
        times = one.coming(steps)
        if times is not None:
            told["times"] = [f"{_moment(time).replace(tzinfo=None).isoformat()}Z" for time in times]
        told["channels"] = [*column.channels[:count]]
    return json_line({**told, **{name: response[name] for name in answer}})


def as_table(one: Latest, response: Response, answer: Mapping[str, Output], column: Column) -> str:
    """One series for a person: step by step where the answer tells of coming ones."""
    ahead = _ahead(response, answer)
    rest = {name: output for name, output in answer.items() if name not in ahead}
    parts = []
    if ahead:
        parts.append(f"{one.name}\n{_steps(one, response, ahead, column)}")
    if rest:
        parts.append(answer_line(response, rest) + ("" if ahead else f"  {one.name}"))
    return "\n".join(parts)


def _steps(one: Latest, response: Response, ahead: Sequence[str], column: Column) -> str:
    """A line for each step and channel, a column for each output."""
    values = np.array([response[name] for name in ahead], "float64")  # [outputs, steps, channels]
    _, steps, count = values.shape
    times = one.coming(steps)
    labels = [f"+{step + 1}" for step in range(steps)] if times is None else _labels(times)
    named = [[name] for name in column.channels[:count]] if count > 1 else [[]]
    lines = [[*(["channel"] if count > 1 else []), "step" if times is None else "time", *ahead]]
    for channel in range(count):
        cells = _numbers(values[:, :, channel])
        for step, label in enumerate(labels):
            lines.append([*named[channel], label, *(output[step] for output in cells)])
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    first = len(lines[0]) - len(ahead)  # numbers stand to the right
    return aligned([
        [cell.rjust(widths[place]) if place >= first else cell for place, cell in enumerate(line)]
        for line in lines
    ])  # fmt: skip


def _ahead(response: Response, answer: Mapping[str, Output]) -> list[str]:
    """The outputs [steps, channels] that tell of coming steps."""
    found = [
        name
        for name, output in answer.items()
        if output.kind in ("series", "band") and np.ndim(response[name]) == 2
    ]
    return [name for name in found if np.shape(response[name]) == np.shape(response[found[0]])]


def _numbers(values: np.ndarray) -> list[list[str]]:
    """[outputs, steps] as text, all with as many decimals as the largest one asks for."""
    largest = np.abs(values[np.isfinite(values)]).max(initial=0.0)
    decimals = DIGITS - 1 - int(np.floor(np.log10(largest))) if largest > 0 else 0
    decimals = min(max(decimals, 0), 9)
    return [[f"{value:.{decimals}f}" for value in output] for output in values]


def _labels(times: np.ndarray) -> list[str]:
    moments = [_moment(time) for time in times]
    form = "%Y-%m-%d %H:%M:%S"
    if all(moment.second == 0 for moment in moments):
        form = "%Y-%m-%d %H:%M"
    if all((moment.hour, moment.minute, moment.second) == (0, 0, 0) for moment in moments):
        form = "%Y-%m-%d"
    return [moment.strftime(form) for moment in moments]


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _is_case(line: bytes) -> bool:
    """Whether it is an object, as the model is asked directly."""
    return line.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _is_observation(line: bytes, channels: Sequence[str]) -> bool:
    """Whether an object holds one number for channels, and not what the model is asked."""
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except ValueError:
        return False
    return isinstance(found, dict) and not isinstance(found.get(VALUES), list) and any(
        name in found for name in channels
    )  # fmt: skip
