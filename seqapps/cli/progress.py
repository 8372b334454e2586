"""Progress on the terminal: bars where someone watches, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from seqapps.progress import SILENT, Advance, Progress

if TYPE_CHECKING:
    from rich.console import Console


def shown(*, quiet: bool) -> Progress:
    """What a command uses: nothing when quiet, bars on a terminal, lines otherwise."""
    if quiet:
        return SILENT
    from rich.console import Console

    console = Console(stderr=True)
    return Bars(console) if console.is_terminal else Lines()


class Lines(Progress):
    """Finished facts only, a line each, for logs and pipes."""

    def say(self, line: str) -> None:
        click.echo(line, err=True)


class Bars(Progress):
    """A bar with figures, steps a second and time left, which vanishes when its work is done."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False)

    @contextmanager
    def track(self, title: str, total: int | None = None) -> Iterator[Advance]:
        from rich import progress

        columns = [
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(bar_width=30),
            progress.MofNCompleteColumn() if total else progress.TimeElapsedColumn(),
            progress.TextColumn("{task.fields[figures]}", markup=False),
        ]
        if total:
            columns += [_Speed(), progress.TimeRemainingColumn()]
        with progress.Progress(*columns, console=self._console, transient=True) as bars:
            task = bars.add_task(title, total=total, figures="")

            def advance(steps: int = 1, **figures: float) -> None:
                text = " ".join(f"{name} {value:.4f}" for name, value in figures.items())
                bars.update(task, advance=steps, figures=text)

            yield advance


def _Speed() -> Any:  # noqa: N802  # a class whose base is imported late
    from rich import progress
    from rich.text import Text

    class Speed(progress.ProgressColumn):
        def render(self, task: progress.Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    return Speed()
