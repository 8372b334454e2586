"""`seqapps list`."""

from __future__ import annotations

import click

from seqapps.cli import options


@click.command("list")
@options.plugin_option
def command() -> None:
    """The tasks that are installed, and what is wrong with broken ones."""
    from seqapps import registry
    from seqapps.cli.text import aligned

    entries = registry.entries()
    names = [entry.name for entry in entries]
    lines = []
    for entry in entries:
        problem = entry.problem
        if names.count(entry.name) > 1:
            others = [other.target for other in entries if other.name == entry.name]
            problem = f"two tasks have this name: {' and '.join(others)}"
        text = f"broken: {problem}" if problem else entry.summary
        lines.append([entry.name, entry.origin, text])
    click.echo(aligned(lines) if lines else "No tasks are installed.")
