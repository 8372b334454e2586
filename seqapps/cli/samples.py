"""`seqapps samples`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from seqapps.cli import options

if TYPE_CHECKING:
    from seqapps.task import Sample, Task, Wheel


@click.command("samples")
@click.argument("task", required=False)
@options.plugin_option
def command(task: str | None) -> None:
    """Data that work at once: what is fetched, its size, licence and source."""
    from seqapps import registry
    from seqapps.data.samples import SHARED

    names = [task] if task else [entry.name for entry in registry.entries() if not entry.problem]
    tasks = [registry.load(name) for name in names]
    for found in tasks:
        for label, sample in found.samples.items():
            click.echo(f"{found.name}  --data sample:{label}")
            _show(sample)
    if task and not _takes_text(tasks[0]):
        return
    for label, sample in SHARED.items():
        if not (task and label in tasks[0].samples):
            click.echo(f"any task that takes text  --data sample:{label}")
            _show(sample)
    for line in _vectors():
        click.echo(line)


def _takes_text(task: Task) -> bool:
    """Names in a series are no text to learn from."""
    return not task.observed and any(column.kind == "text" for column in task.row_columns.values())


def _show(sample: Sample) -> None:
    from seqapps.data import wheels

    wheel = wheels.of(sample)
    click.echo(f"    {sample.summary}")
    for line in _fetched(wheel) if wheel else ["nothing is fetched"]:
        click.echo(f"    {line}")


def _fetched(wheel: Wheel) -> Iterator[str]:
    from seqapps.data import wheels

    # By its size alone: hashing all files would take longer than all the rest.
    state = "in the cache" if wheels.is_present(wheel) else "fetched by pip when first used"
    yield f"{wheels.titled(wheel)}, {state}"
    yield f"licence: {wheel.licence}"
    yield f"source: {wheel.source}"


def _vectors() -> Iterator[str]:
    from seqapps.data import wheels
    from seqapps.text.known_vectors import KNOWN

    table = wheels.known()
    for name, vectors in KNOWN.items():
        yield f"word vectors  {name}"
        yield f"    {vectors.summary}"
        yield from (f"    {line}" for line in _fetched(table[vectors.wheel]))
