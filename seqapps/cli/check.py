"""`seqapps check TASK`."""

from __future__ import annotations

import click

from seqapps.cli import options


@click.command("check")
@options.task_argument
@click.option("--set", "sets", metavar="KEY=VALUE", multiple=True, help="Of the tiny settings.")
@options.backend_option
@options.verbose_option
@options.plugin_option
def command(task: str, sets: tuple[str, ...], backend: str) -> int:
    """Run the conformance suite on a task, at its tiny size."""
    from dataclasses import replace

    from seqapps import registry, settings, start
    from seqapps.backends import check_installed

    check_installed(backend)
    entry, found = registry.find(task), registry.load(task)
    found = replace(found, tiny=settings.assign(found.tiny, sets))
    start.tensorflow()
    from seqapps import checks

    failures, suite = 0, checks.checks_of(found)
    file = None if entry.folder == entry.file else entry.file
    for check, problem in checks.run(found, file=file, checks=suite, backend=backend):
        mark = click.style("FAIL", fg="red") if problem else click.style("ok  ", fg="green")
        click.echo(f"{mark}  {checks.name_of(check)}" + (f"\n      {problem}" if problem else ""))
        failures += problem is not None
    click.echo(f"{len(suite) - failures} of {len(suite)} checks passed.")
    return 1 if failures else 0
