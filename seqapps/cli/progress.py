"""Progress on the terminal: bars where someone watches, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
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
    if not sys.stderr.isatty():
        return Lines()
    from rich.console import Console

    # A descriptor of its own: descriptor 2 is turned aside while TensorFlow starts.
    return Bars(Console(file=os.fdopen(os.dup(sys.stderr.fileno()), "w")))


class Lines(Progress):
    """Finished facts only, a line each, for logs and pipes."""

    def say(self, line: str) -> None:
        click.echo(line, err=True)


class Bars(Progress):
    """Bars with steps a second and time left, figures below; all vanishes when its work is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Any = None  # one live display; work inside other work is a bar below it

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False)

    @contextmanager
    def track(self, title: str, total: int | None = None) -> Iterator[Advance]:
        outermost = self._bars is None
        if outermost:
            self._bars = _display(self._console)
            self._bars.start()
        bars = self._bars
        task = bars.add_task(title, total=total, figures="")

        def advance(steps: int = 1, **figures: float | str) -> None:
            bars.update(task, advance=steps, figures=_told(figures))

        try:
            yield advance
        finally:
            bars.remove_task(task)
            if outermost:
                bars.stop()
                self._bars = None


def _told(figures: Mapping[str, float | str]) -> str:
    """Names and figures in one line.

    >>> _told({"loss": 0.51, "learning rate": "0.002"})
    'loss 0.5100   learning rate 0.002'
    """
    shown = {n: v if isinstance(v, str) else f"{v:.4f}" for n, v in figures.items()}
    return "   ".join(f"{name} {value}" for name, value in shown.items())


def _display(console: Console) -> Any:
    from rich import progress
    from rich.text import Text

    class Counted(progress.ProgressColumn):
        """Steps done, steps a second and time left; for work of unknown length the time taken."""

        def render(self, task: progress.Task) -> Text:
            if task.total is None:
                seconds = f"{task.elapsed or 0:.0f} s"
                if not task.completed:
                    return Text(seconds)
                return Text(f"{task.completed:,.0f}  {task.speed or 0:,.0f}/s  {seconds}")
            text = f"{task.completed:.0f}/{task.total:.0f}"
            if task.speed:
                text += f"  {task.speed:.1f}/s"
            if task.time_remaining is not None:
                text += f"  {task.time_remaining:.0f} s left"
            return Text(text)

    class WithFigures(progress.Progress):
        """The bars, then a line of figures for each that has any; long ones are folded."""

        def get_renderables(self) -> Iterator[Any]:
            yield self.make_tasks_table(self.tasks)
            for task in self.tasks:
                if task.fields["figures"]:
                    yield Text(task.fields["figures"], style="dim")

    return WithFigures(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=30),
        Counted(),
        console=console,
        transient=True,
    )
