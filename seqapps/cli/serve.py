"""`seqapps serve [SAVED_MODELS]`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from seqapps.cli import options

ENGINES = ("auto", "tensorflow", "docker", "twin")
TWINS = {  # options that TF Serving has nothing like
    "threads": "--threads", "queue": "--queue", "max_body": "--max-body",
    "max_instances": "--max-instances", "max_text": "--max-text", "access_log": "--access-log",
    "no_page": "--no-page",
}  # fmt: skip


@click.command("serve")
@click.argument(
    "folder", metavar="[SAVED_MODELS]", default=Path("saved_models"), type=options.FOLDER
)
@click.option(
    "--model", "names", metavar="NAME", multiple=True,
    help="Only this model; repeatable. Default: all of the folder, and those that come later.",
)  # fmt: skip
@click.option(
    "--config", type=options.FILE, metavar="FILE",
    help="A models.config of your own: which versions are served, and labels for them.",
)  # fmt: skip
@click.option(
    "--engine", type=click.Choice(ENGINES), default="auto", show_default=True,
    help="Who serves: TF Serving as installed, TF Serving in Docker, or our twin of it; auto takes "
    "tensorflow_model_server where it is installed, else the twin.",
)  # fmt: skip
@click.option(
    "--host", default="127.0.0.1", show_default=True,
    help="Where to listen; 0.0.0.0 lets other machines in.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8501, show_default=True,
    help="Of REST; 0 takes a free one.",
)  # fmt: skip
@click.option(
    "--grpc-port", type=click.IntRange(0, 65535), default=8500, show_default=True,
    help="Of gRPC; 0 takes a free one.",
)  # fmt: skip
@click.option("--no-grpc", is_flag=True, help="REST only.")
@click.option(
    "--enable-batching", "batching", is_flag=True,
    help="Compute requests together that arrive together, as the version's batching_params.pbtxt "
    "says.",
)  # fmt: skip
@click.option(
    "--token-file", type=options.FILE, metavar="FILE",
    help="Clients must bring this token. Also: SEQAPPS_TOKEN.",
)  # fmt: skip
@click.option(
    "--threads", type=click.IntRange(1), metavar="N",
    help="How many requests are computed at once; default: the CPU cores.",
)  # fmt: skip
@click.option(
    "--queue", type=click.IntRange(0), default=1000, show_default=True, metavar="N",
    help="How many requests may wait; one more is refused with 429.",
)  # fmt: skip
@click.option(
    "--max-body", callback=options.bytes_of, default="32MB", show_default=True, metavar="SIZE",
    help="Of a request.",
)  # fmt: skip
@click.option(
    "--max-instances", type=click.IntRange(1), default=1000, show_default=True, metavar="N",
    help="Rows of a request.",
)  # fmt: skip
@click.option(
    "--max-text", type=click.IntRange(1), default=1_000_000, show_default=True, metavar="N",
    help="Characters of a text.",
)  # fmt: skip
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=30.0, show_default=True,
    metavar="SECONDS", help="After which a request is answered with 504.",
)  # fmt: skip
@click.option(
    "--access-log", metavar="FILE | -",
    help="Append a JSON object for each request; - is standard error.",
)  # fmt: skip
@click.option("--no-page", is_flag=True, help="No pages for the browser.")
@click.option(
    "--check", "url", metavar="URL",
    help="Serve nothing; ask the server at URL the golden requests of the models, and tell whether "
    "it answers as they were trained to.",
)  # fmt: skip
@options.verbose_option
def command(folder: Path, url: str | None, **given: Any) -> int:
    """Serve published models as TF Serving does.

    SAVED_MODELS is the folder that runs publish to. Where TF Serving is installed, it serves;
    elsewhere a twin in Python, which speaks the same REST and gRPC. The twin is for development,
    teaching, tests and small loads. It alone has pages for the browser, limits, a token and an
    access log.
    """
    from seqapps.cli import serving

    if url:
        return serving.check(url, folder, names=given["names"], token_file=given["token_file"])
    return serving.serve(folder, serving.Options(**given), twins=_twins())


def _twins() -> list[str]:
    """The options given that only the twin knows."""
    source = click.get_current_context().get_parameter_source
    return [word for name, word in TWINS.items() if source(name) is not ParameterSource.DEFAULT]
