"""`seqapps doctor`."""

from __future__ import annotations

import click

from seqapps.cli import options

SERVERS = {
    "tensorflow_model_server": "serves the exports for real",
    "docker": "runs the tensorflow/serving image",
}


@click.command("doctor")
@options.plugin_option
def command() -> int:
    """Versions, devices, disk, tasks: what this machine has, and what is missing."""
    import os
    import platform
    import shutil
    from importlib import metadata, util

    from seqapps import registry, start
    from seqapps.data import wheels
    from seqapps.errors import UserError
    from seqapps.runs import PACKAGES

    problems: list[str] = []
    click.echo(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in PACKAGES:
        click.echo(f"  {package} {metadata.version(package)}")
    try:
        start.tensorflow()
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        click.echo(f"Devices: {os.cpu_count()} CPU cores, {len(gpus)} GPUs")
    except ImportError as error:
        problems.append(f"tensorflow does not load: {error}")
    free = shutil.disk_usage(".").free
    click.echo(f"Disk: {free / 1e9:.1f} GB free here")
    if free < 1e9:
        problems.append("less than 1 GB of disk is free; runs and exports need room")
    cache = wheels.cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problems.append(f"the cache folder {cache} cannot be made: {error.strerror}")
    click.echo(f"Cache: {cache}")
    if util.find_spec("pip") is None:
        problems.append("this Python has no pip, so samples cannot be fetched")
    for program, use in SERVERS.items():
        click.echo(f"{program}: {shutil.which(program) or f'not installed ({use})'}")
    for name in dict.fromkeys(entry.name for entry in registry.entries()):
        try:
            registry.load(name)
            click.echo(f"Task {name}: loads")
        except UserError as error:
            problems.append(str(error))
    for problem in problems:
        click.echo(f"{click.style('Problem', fg='red')}: {problem}")
    click.echo("Nothing is missing." if not problems else f"{len(problems)} problems.")
    return 1 if problems else 0
