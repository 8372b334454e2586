"""`seqapps config TASK`."""

from __future__ import annotations

from pathlib import Path

import click

from seqapps.cli import options


@click.command("config")
@options.task_argument
@options.settings_options
@options.plugin_option
def command(
    task: str,
    assignments: tuple[str, ...],
    preset: str | None,
    config: Path | None,
    target: str | None,
) -> None:
    """Print all settings as commented TOML, ready for --config."""
    from seqapps import registry, settings

    entry, found = registry.find(task), registry.load(task)
    values = options.resolved(
        found.settings, entry.folder, preset=preset, config=config, assignments=assignments,
        target=target,
    )  # fmt: skip
    click.echo(settings.dumps(values), nl=False)
