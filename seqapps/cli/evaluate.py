"""`seqapps evaluate MODEL`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from seqapps.cli import options


@click.command("evaluate")
@click.argument("model")
@options.data_options
@options.most_rejected_option
@click.option(
    "--split", type=click.Choice(["train", "valid", "test", "all"]),
    help="Which rows to judge; default: the test split of the data that the model was trained on, "
    "all rows of other data.",
)  # fmt: skip
@options.json_option
@options.runs_option
@options.output_option
@options.quiet_option
@options.verbose_option
@options.plugin_option
def command(
    model: str,
    data: str | None,
    split: str | None,
    as_json: bool,
    most_rejected: float,
    runs: Path,
    output: Path,
    quiet: bool,
    **given: Any,
) -> None:
    """Judge an exported model on data, with 95 % intervals.

    MODEL is a published name (newest version), a version folder or a run.
    """
    import json
    from dataclasses import replace

    from seqapps import registry, settings, start
    from seqapps.cli.progress import shown as progress_shown
    from seqapps.cli.text import aligned
    from seqapps.data.load import load
    from seqapps.errors import UserError
    from seqapps.export import manifest
    from seqapps.models import locate
    from seqapps.report.verdict import shown, signature_lines
    from seqapps.runs import reading_of
    from seqapps.series.laid import laid
    from seqapps.series.level import far_rows, level_in

    folder = locate(model, output=output, runs=runs)
    bundle = manifest.read(folder)
    task = registry.load(bundle["task"])
    text = (folder / manifest.EXTRA / "settings.toml").read_text(encoding="utf-8")
    values = settings.loads(task.settings, text, where=f"{folder}/{manifest.EXTRA}/settings.toml")
    task = task.under(values)
    trained_on = bundle["data"]
    spec = data or trained_on["source"]
    reading, theirs = options.reading(given), reading_of(bundle)
    if data is None:
        reading = replace(theirs, columns=reading.columns or theirs.columns)
    progress = progress_shown(quiet=quiet)
    rows = load(task, spec, reading, most_rejected=most_rejected, progress=progress)
    if rows.content == trained_on["content"]:
        # The same rows: only the training's own groups tell which of them were held out.
        reading = replace(reading, group=theirs.group)
        rows = load(task, spec, reading, most_rejected=most_rejected, progress=progress)
    same = rows.fingerprint == trained_on["fingerprint"]
    chosen = split or ("test" if same else "all")
    judged = rows.everything if chosen == "all" else rows.splits[chosen]
    if task.observed and (line := laid(judged, values)):
        progress.say(f"data: {line}")
    known = level_in(bundle) if task.observed else None
    for line in far_rows(known, judged) if known else ():
        progress.say(f"data: {line}")
    cases = task.cases(judged, values)
    cases = cases if isinstance(cases, Sequence) else list(cases)
    if not cases:
        raise UserError(f"{rows.name}: the {chosen} split has no cases.")
    start.tensorflow(progress)
    from seqapps.evaluate import MODEL, check_labels, units_of
    from seqapps.metrics.judge import judge, signatures_of
    from seqapps.predict import exported

    responses = exported(folder, task, values, progress=progress)(cases)
    check_labels(task, cases, responses, source=rows.name)
    units = units_of(task, values, rows, cases)
    metrics = task.judging(cases)
    signatures = signatures_of(metrics)
    scores, _ = judge(metrics, cases, {MODEL: responses}, groups=units.groups, block=units.block)
    if as_json:
        found = {"model": str(folder), "data": rows.name, "split": chosen, "cases": len(cases)}
        found |= {"scores": scores[MODEL], "metric_signatures": signatures}
        click.echo(json.dumps(found, indent=1))
        return
    seen = " (trained on this file: these rows were held out)" if same and chosen == "test" else ""
    click.echo(f"{folder} on {rows.name}, {chosen} rows, {len(cases):,} cases{seen}")
    click.echo(aligned([[name, shown(score)] for name, score in scores[MODEL].items()]))
    for line in signature_lines(signatures):
        click.echo(line)
