"""`seqapps serve [SAVED_MODELS]`."""

from __future__ import annotations

from pathlib import Path

import click

from seqapps.cli import options


@click.command("serve")
@click.argument("folder", metavar="[SAVED_MODELS]", default=Path("saved_models"),
                type=options.FOLDER)  # fmt: skip
@click.option("--model", "names", metavar="NAME", multiple=True,
              help="Serve this model only; repeatable. Default: all of the folder.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Where to listen; 0.0.0.0 lets other machines in.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8501, show_default=True,
              help="Of REST; 0 takes a free one.")  # fmt: skip
@options.verbose_option
def command(folder: Path, names: tuple[str, ...], host: str, port: int) -> None:
    """Serve published models as TF Serving does: REST."""
    from seqapps.cli.serving import serve

    serve(folder, names=names, host=host, port=port)
