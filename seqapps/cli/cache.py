"""`seqapps cache`."""

from __future__ import annotations

from typing import Any

import click

from seqapps.cli import options


@click.command("cache")
@click.option("--clear", is_flag=True, help="Remove all rows and features; downloads are kept.")
@click.option("--downloads", is_flag=True, help="With --clear: remove downloads too.")
@click.option(
    "--remove", "keys", multiple=True, metavar="KEY",
    help="Remove the rows of one source, or features, by the key; repeatable.",
)  # fmt: skip
@options.cache_option
@options.json_option
def command(clear: bool, downloads: bool, keys: tuple[str, ...], as_json: bool) -> None:
    """Rows, downloads and features of pictures that are kept for later runs: what, how large.

    All of it can be made again, but for rows that were given from Python.
    """
    import json
    from dataclasses import asdict

    from seqapps.cli.text import aligned
    from seqapps.data import cache, feature_store
    from seqapps.data.wheels import cache_folder
    from seqapps.errors import UserError, nearest

    if downloads and not clear:
        raise UserError("--downloads goes with --clear.")
    entries, folder = cache.entries(), cache_folder()
    features = feature_store.entries()
    known = [*(entry.key for entry in entries), *(entry.key for entry in features)]
    for key in keys:
        if key not in known:
            raise UserError(f"--remove {key}: no such rows or features. {nearest(key, known)}")
    if clear or keys:
        freed = cache.clear(None if clear else keys, downloads=downloads)
        click.echo(f"Removed {_size(freed)} of {folder}.")
        return
    kept = [_facts(entry) for entry in entries]
    made: list[dict[str, Any]] = [
        {**asdict(entry), "key": entry.key, "file": str(entry.file)} for entry in features
    ]
    fetched = cache.size_of(folder / "wheels")
    if as_json:
        facts = {"folder": str(folder), "downloads": fetched, "rows": kept, "features": made}
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    total = sum(facts["bytes"] for facts in kept)
    of_features = f", {_size(sum(facts['bytes'] for facts in made))} of features" if made else ""
    click.echo(f"{folder}: {_size(total)} of rows{of_features}, {_size(fetched)} of downloads")
    if kept:
        lines = [
            [facts["key"], f"{facts['rows']:,}", _size(facts["bytes"]), facts["task"],
             facts["created"][:16], facts["name"]]
            for facts in kept
        ]  # fmt: skip
        click.echo(aligned([["key", "rows", "size", "task", "made", "source"], *lines]))
    if made:
        lines = [
            [facts["key"], f"{facts['rows']:,}", _size(facts["bytes"]), facts["created"][:16],
             facts["of"]]
            for facts in made
        ]  # fmt: skip
        click.echo(aligned([["key", "rows", "size", "made", "features by"], *lines]))


def _facts(entry: Any) -> dict[str, Any]:
    from seqapps.data.cache import size_of

    about = entry.about
    return {
        "key": entry.key,
        "name": about["name"],
        "spec": about["spec"],
        "task": about["task"],
        "rows": sum(about["rows"].values()),
        "bytes": size_of(entry.folder),
        "created": about["created"],
    }


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count < 1e9 else f"{count / 1e9:,.2f} GB"
