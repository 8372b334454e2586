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
    from seqapps.cli.progress import shown

    folder = runner.train(request_of(task, **given), progress=shown(quiet=quiet))
    click.echo(f"Trained: {folder.folder}\nGo on with: seqapps export {folder.folder}")
