"""`seqapps new NAME`."""

from __future__ import annotations

from pathlib import Path

import click

from seqapps.cli import options
from seqapps.scaffold import LIKE


@click.command("new")
@click.argument("name")
@click.option(
    "--like", type=click.Choice(list(LIKE)), default=next(iter(LIKE)), show_default=True,
    help="What it begins as: texts to labels, texts to texts, windows of a series to what follows.",
)  # fmt: skip
@click.option(
    "--single-file", is_flag=True, help="One file for --plugin instead of a package to install."
)
@options.verbose_option
def command(name: str, like: str, single_file: bool) -> None:
    """Make a task of your own, which works before you change it.

    NAME is the task's, its package's and its folder's, which is made here.
    """
    from seqapps import scaffold

    make = scaffold.single_file if single_file else scaffold.package
    made = make(name, like, folder=Path())
    click.echo(f"Made {made.path}, which works as it is. What is yours to fill in:")
    for file, number, line in made.to_do:
        click.echo(f"  {file}:{number}  {line}")
    plugin = f" --plugin {made.path}" if single_file else ""
    inside = "" if single_file else f"\n  cd {made.path}\n  make test\n  make install"
    click.echo(f"Then:{inside}\n  seqapps check {name}{plugin}\n  seqapps run {name}{plugin}")
