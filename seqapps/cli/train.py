"""`seqapps train TASK`."""

from __future__ import annotations

from typing import Any

import click

from seqapps.cli import options
from seqapps.cli.run import request_of


@click.command("train")
@options.task_argument
@options.run_options
def command(task: str, quiet: bool, **given: Any) -> None:
    """Prepare and train only; `seqapps export RUN` does the rest."""
    from seqapps import runner
    from seqapps.cli.interruption import AfterRound
    from seqapps.cli.progress import shown

    progress = shown(quiet=quiet)
    request = request_of(task, **given)
    folder = runner.train(request, progress=progress, interruption=AfterRound(progress))
    click.echo(f"Trained: {folder.folder}\nGo on with: seqapps export {folder.folder}")
