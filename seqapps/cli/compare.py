"""`seqapps compare RUN RUN...`."""

from __future__ import annotations

from pathlib import Path

import click

from seqapps.cli import options


@click.command("compare")
@click.argument("names", metavar="RUN RUN...", nargs=-1, required=True)
@options.runs_option
def command(names: tuple[str, ...], runs: Path) -> None:
    """Runs side by side: the settings that differ, and the scores with intervals."""
    from seqapps import files
    from seqapps.cli.text import aligned
    from seqapps.errors import UserError
    from seqapps.report.verdict import shown
    from seqapps.runs import find

    found = [find(runs, name) for name in names]
    for run in found:
        if not run.evaluation.exists():
            raise UserError(f"{run.folder}: not evaluated yet; finish it with `seqapps run`.")
    records = [run.read_record() for run in found]
    scores = [files.read_json(run.evaluation) for run in found]
    if len({record["task"] for record in records}) > 1:
        raise UserError("The runs are of different tasks; their scores do not compare.")
    lines = [["", *(run.folder.name for run in found)]]
    flat = [
        {"data": record["data"]["fingerprint"][:8], "seed": record["seed"], **record["settings"]}
        for record in records
    ]
    for key in dict.fromkeys(key for record in flat for key in record):
        values = [str(record.get(key, "-")) for record in flat]
        if len(set(values)) > 1:
            lines.append([key, *values])
    for metric in scores[0]["model"]:
        lines.append([metric, *(shown(score["model"][metric]) for score in scores)])
    lines.append(["test cases", *(str(score["cases"]) for score in scores)])
    click.echo(aligned(lines))
    if len({record["data"]["fingerprint"] for record in records}) > 1:
        click.echo("\nThe data differ, so these scores are of different test cases.")
