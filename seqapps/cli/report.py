"""`seqapps report RUN`."""

from __future__ import annotations

from pathlib import Path

import click

from seqapps.cli import options


@click.command("report")
@click.argument("name", metavar="RUN")
@options.open_option
@options.runs_option
@options.plugin_option
def command(name: str, open_it: bool, runs: Path) -> None:
    """Build the report of a finished run anew.

    RUN is a folder, `TASK/NAME`, or a name that occurs once under --runs. Nothing is trained or
    answered again: the page is made of what the run's folder holds.
    """
    from seqapps import registry
    from seqapps.cli.text import open_page
    from seqapps.report import page
    from seqapps.runs import find, task_of

    run = find(runs, name)
    task = task_of(run, registry.load(run.read_record()["task"]))
    page.write(run.report, page.page(run, task))
    click.echo(f"Report: {run.report}")
    if open_it:
        open_page(run.report)
