"""`seqapps watch MODEL [FILE | -]`."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from seqapps.cli import options

TERMINATED = 128 + signal.SIGTERM


class Terminated(BaseException):
    """SIGTERM, where the watching is."""


@click.command("watch")
@click.argument("model")
@click.argument("file", metavar="[FILE | -]", default="-")
@click.option(
    "--follow", is_flag=True,
    help="Go on when the end of the file is reached, as more is written to it.",
)  # fmt: skip
@click.option(
    "--every", type=click.IntRange(min=1), default=1, show_default=True, metavar="STEPS",
    help="Score each so many steps.",
)  # fmt: skip
@options.time_option
@options.time_format_option
@options.json_option
@options.runs_option
@options.output_option
@options.verbose_option
def command(
    model: str,
    file: str,
    follow: bool,
    every: int,
    time: str | None,
    time_format: str | None,
    as_json: bool,
    runs: Path,
    output: Path,
) -> int:
    """Watch sensors with a monitor: print alarms as they begin and end.

    MODEL is a published name (newest version), a version folder or a run. FILE is csv with a
    header, or holds a JSON object on each line, with the model's sensors and perhaps a time; - is
    standard input, from which the same comes. Bad lines are told and left out.
    """
    from seqapps.cli.watching import Watching, monitor_of
    from seqapps.export import manifest
    from seqapps.models import locate

    folder = locate(model, output=output, runs=runs)
    monitor = monitor_of(folder, manifest.read(folder))
    watching = Watching(
        monitor,
        place="standard input" if file == "-" else Path(file).name,
        every=every,
        time=time,
        time_format=time_format,
        as_json=as_json,
    )
    with _terminable():
        try:
            for lines in _lines(file, follow=follow):
                watching.take(lines)
                if follow or file == "-":
                    watching.say_what_is_missing()
        except (KeyboardInterrupt, Terminated) as stopped:
            watching.end()
            if isinstance(stopped, KeyboardInterrupt):
                raise
            return TERMINATED
        watching.end()
    return 0


def _lines(file: str, *, follow: bool) -> Iterator[Any]:
    """The lines of FILE, in blocks as they come. Raises UserError where it cannot be read so."""
    from seqapps.cli.following import blocks_followed, blocks_of, lines_of
    from seqapps.data.opening import Table, kind_of, opened, troubles
    from seqapps.errors import UserError

    if file == "-":
        if sys.stdin.isatty():
            click.echo("Reading from the keyboard: a header and rows; Ctrl-D ends it.", err=True)
        yield from lines_of(blocks_of(sys.stdin.buffer))
        return
    path = Path(file)
    if path.is_dir() or not path.exists():
        raise UserError(f"{file}: {'a folder' if path.is_dir() else 'no such file'}.")
    if kind_of(path) == ".parquet":
        raise UserError(f"{file}: parquet is not read line by line; give csv or JSON lines.")
    if follow and (path.suffix.lower() == ".gz" or not path.is_file()):
        raise UserError(
            f"{file}: --follow is for plain files that grow; compressed ones do not, and a pipe is "
            "read as it comes without it."
        )
    if follow:
        yield from lines_of(blocks_followed(path))
        return
    with troubles(Table(path, path.name)), opened(path) as source:
        yield from lines_of(blocks_of(source))


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends the block as an exception, so that what was counted can be told."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # one more changes nothing now
    raise Terminated
