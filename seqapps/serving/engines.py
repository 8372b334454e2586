"""TF Serving itself, where it is installed or Docker has it: its command and configuration."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from seqapps import files
from seqapps.errors import UserError
from seqapps.export.serving_files import MODELS_CONFIG, published_names

BINARY = "tensorflow_model_server"
IMAGE = "tensorflow/serving"
ENGINES = ("auto", "tensorflow", "docker", "twin")
MONITORING = "monitoring.config"
POLL = 10  # seconds between two looks at the configuration


@dataclass(frozen=True)
class Wanted:
    """What is to be served, and where."""

    folder: Path
    names: tuple[str, ...] = ()  # none: all of the folder
    config: Path | None = None  # a models.config of the user's own
    host: str = "127.0.0.1"
    port: int = 8501
    grpc_port: int = 8500
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


def command(engine: str, wanted: Wanted, configuration: Path) -> list[str]:
    """The command that serves; its configuration files are written into that folder."""
    docker = engine == "docker"
    models = "/models" if docker else str(wanted.folder.absolute())
    where = "/config" if docker else str(configuration.absolute())
    _write(configuration, wanted, models)
    options = [
        f"--model_config_file={where}/{MODELS_CONFIG}",
        f"--model_config_file_poll_wait_seconds={POLL}",
        f"--monitoring_config_file={where}/{MONITORING}",
        f"--rest_api_timeout_in_ms={round(1000 * wanted.timeout)}",
    ]
    if wanted.batching:
        options += ["--enable_batching", "--enable_per_model_batching_parameters"]
    if not docker:
        return [BINARY, f"--port={wanted.grpc_port}", f"--rest_api_port={wanted.port}", *options]
    return [
        "docker", "run", "--rm",
        "-p", f"{wanted.host}:{wanted.port}:8501", "-p", f"{wanted.host}:{wanted.grpc_port}:8500",
        "-v", f"{wanted.folder.absolute()}:/models:ro",
        "-v", f"{configuration.absolute()}:/config:ro",
        IMAGE, *options,
    ]  # fmt: skip


def run(arguments: Sequence[str]) -> int:
    """Run the command, pass SIGTERM and Ctrl-C on to it, and tell how it ended."""
    with subprocess.Popen(arguments) as process:

        def pass_on(number: int, frame: FrameType | None) -> None:
            process.send_signal(number)

        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, pass_on) for number in numbers}
        try:
            return process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _write(configuration: Path, wanted: Wanted, models: str) -> None:
    names = wanted.names or published_names(wanted.folder)
    configs = "".join(
        f'  config {{ name: "{name}" base_path: "{models}/{name}" model_platform: "tensorflow" }}\n'
        for name in names
    )
    text = f"model_config_list {{\n{configs}}}\n"
    if wanted.config:
        text = wanted.config.read_text("utf-8")
    files.write_text(configuration / MODELS_CONFIG, text)
    files.write_text(
        configuration / MONITORING,
        'prometheus_config { enable: true, path: "/monitoring/prometheus/metrics" }\n',
    )
