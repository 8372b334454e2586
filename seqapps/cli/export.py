"""`seqapps export RUN`."""

from __future__ import annotations

from pathlib import Path

import click

from seqapps.cli import options


@click.command("export")
@click.argument("run")
@options.runs_option
@options.output_option
@options.publish_option
@options.quiet_option
@options.verbose_option
@options.plugin_option
def command(run: str, runs: Path, output: Path, publish_as: str | None, quiet: bool) -> None:
    """Export a run's best weights anew: prove, evaluate, publish.

    RUN is a run's folder, TASK/NAME or NAME.
    """
    from seqapps import files, registry, runner
    from seqapps.cli.interruption import AfterRound
    from seqapps.cli.progress import shown
    from seqapps.runs import find

    folder = find(runs, run)
    name = folder.read_record()["task"]
    entry, task = registry.find(name), registry.load(name)
    request = runner.request_of(
        folder, task, code=entry.folder, output=output, publish_as=publish_as
    )
    progress = shown(quiet=quiet)
    runner.export(request, progress=progress, interruption=AfterRound(progress))
    evaluation = files.read_json(folder.evaluation)
    click.echo(f"Model:  {output / evaluation['published_as'] / str(evaluation['version'])}")
