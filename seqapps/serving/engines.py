"""TF Serving itself, where it is installed or Docker has it: its command and configuration."""

from __future__ import annotations

import logging
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from seqapps.errors import UserError
from seqapps.export.serving_files import MODELS_CONFIG
from seqapps.serving.configuration import MONITORING, MOUNTED, Configuration

log = logging.getLogger(__name__)
BINARY = "tensorflow_model_server"
IMAGE = "tensorflow/serving"
ENGINES = ("auto", "tensorflow", "docker", "twin")
POLL = 10  # seconds between two looks of TF Serving at its configuration, and of ours at the folder


@dataclass(frozen=True)
class Wanted:
    """What is to be served, and where."""

    folder: Path
    names: tuple[str, ...] = ()  # none: all of the folder
    config: Path | None = None  # a models.config of the user's own
    host: str = "127.0.0.1"
    port: int = 8501  # 0: a free one
    grpc_port: int = 8500
    grpc: bool = True
    batching: bool = False
    timeout: float = 30.0  # seconds of a request by REST


def chosen(engine: str) -> str:
    """`tensorflow`, `docker` or `twin`. Raises UserError where the one wanted is not installed."""
    if engine == "auto":
        return "tensorflow" if shutil.which(BINARY) else "twin"
    program = {"tensorflow": BINARY, "docker": "docker"}.get(engine)
    if program and not shutil.which(program):
        raise UserError(
            f"--engine {engine}: no program {program!r} is found. Install it, or take "
            "--engine twin, which needs nothing else."
        )
    return engine


def configuration_of(engine: str, wanted: Wanted) -> Configuration:
    """The files of configuration that the command reads."""
    return Configuration(
        wanted.folder, names=wanted.names, config=wanted.config, docker=engine == "docker"
    )


def command(engine: str, wanted: Wanted, configuration: Path) -> list[str]:
    """The command that serves, with the files of configuration that lie in that folder."""
    docker = engine == "docker"
    where = "/config" if docker else str(configuration.absolute())
    options = [
        f"--model_config_file={where}/{MODELS_CONFIG}",
        f"--model_config_file_poll_wait_seconds={POLL}",
        f"--monitoring_config_file={where}/{MONITORING}",
        f"--rest_api_timeout_in_ms={round(1000 * wanted.timeout)}",
    ]
    if wanted.batching:
        options += ["--enable_batching", "--enable_per_model_batching_parameters"]
    rest, calls = _port(wanted.port), _port(wanted.grpc_port)
    if not docker:
        # TF Serving's own 0 means: no gRPC at all.
        return [
            BINARY,
            f"--port={calls if wanted.grpc else 0}",
            f"--rest_api_port={rest}",
            *options,
        ]
    published = ["-p", f"{wanted.host}:{rest}:8501"]
    if wanted.grpc:
        published += ["-p", f"{wanted.host}:{calls}:8500"]
    return [
        "docker", "run", "--rm", *published,
        "-v", f"{wanted.folder.absolute()}:{MOUNTED}:ro",
        "-v", f"{configuration.absolute()}:/config:ro",
        IMAGE, *options,
    ]  # fmt: skip


def _port(wanted: int) -> int:
    """The port wanted, or one that is free at the moment."""
    if wanted:
        return wanted
    with socket.socket() as found:
        found.bind(("", 0))
        return int(found.getsockname()[1])


def run(
    arguments: Sequence[str], renew: Callable[[], object] = lambda: None, *, every: float = POLL
) -> int:
    """Run the command, pass SIGTERM and Ctrl-C on to it, and tell how it ended.

    Meanwhile `renew` is called after every so many seconds; an error of it changes nothing.
    """
    with subprocess.Popen(arguments) as process, _repeated(renew, every):

        def pass_on(number: int, frame: FrameType | None) -> None:
            process.send_signal(number)

        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, pass_on) for number in numbers}
        try:
            return process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _repeated(call: Callable[[], object], every: float) -> Iterator[None]:
    """Call it again and again inside the block, in a thread."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(every):
            try:
                call()
            except (OSError, UserError) as error:  # as it was is served on
                log.warning("%s", error)

    thread = threading.Thread(target=repeat, name="configuration", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
