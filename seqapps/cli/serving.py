"""What `seqapps serve` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from seqapps import start
from seqapps.errors import UserError
from seqapps.export.serving_files import published_names
from seqapps.serving.app import application
from seqapps.serving.models import Models
from seqapps.serving.server import bound
from seqapps.serving.server import serve as run


def serve(folder: Path, *, names: Sequence[str], host: str, port: int) -> None:
    """The development twin, until it is stopped."""
    if not folder.is_dir() or not published_names(folder):
        raise UserError(f"{folder}: no published model there. `seqapps run TASK` makes one.")
    start.tensorflow()
    models = Models(folder, names=names)
    listening = bound(host, port)
    models.start()

    def ready() -> None:
        address = f"http://{host}:{listening.getsockname()[1]}"
        for name in models.names:
            click.echo(f"{address}/v1/models/{name}:predict")

    try:
        run(application(models), listening, ready=ready)
    finally:
        models.close()
