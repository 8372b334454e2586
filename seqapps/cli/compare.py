"""`seqapps compare RUN RUN...`."""

from __future__ import annotations

from pathlib import Path

import click

from seqapps.cli import options

LONGEST_NAME = 100  # characters of a file's name made of runs


@click.command("compare")
@click.argument("names", metavar="RUN RUN...", nargs=-1, required=True)
@click.option(
    "--page", type=options.FILE, metavar="FILE.html",
    help="Where the page with the figure goes; default: compare-RUN-RUN.html beside the runs.",
)  # fmt: skip
@options.open_option
@options.runs_option
@options.plugin_option
def command(names: tuple[str, ...], page: Path | None, open_it: bool, runs: Path) -> None:
    """Runs side by side: settings that differ, scores, and how far each is from the first.

    Differences are paired: both runs are judged on the same resamples of the same test cases.
    """
    from seqapps import registry
    from seqapps.cli.text import aligned, open_page
    from seqapps.report import comparison
    from seqapps.report.page import drawn, render, write
    from seqapps.runs import find, task_of

    found = [find(runs, name) for name in names]
    task = task_of(found[0], registry.load(comparison.check_comparable(found)))
    compared = comparison.compare(found, task)
    table, seeds = comparison.table(compared), comparison.seed_lines(compared)
    click.echo(aligned(table))
    for line in seeds:
        click.echo(f"\n{line}")
    if compared.why_unpaired:
        click.echo(f"\nNo paired differences: {compared.why_unpaired}.")
    if len(found) < 2:
        return
    together = "-".join(run.folder.name for run in found)[:LONGEST_NAME]
    file = page or runs / task.name / f"compare-{together}.html"
    content = render(
        "comparison.jinja",
        task=task.name,
        names=compared.names,
        table=table,
        seeds=seeds,
        why=compared.why_unpaired,
        figures=drawn(comparison.figures(compared)),
    )
    write(file, content)
    click.echo(f"\nPage: {file}")
    if open_it:
        open_page(file)
