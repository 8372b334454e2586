"""`seqapps run TASK`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from seqapps.cli import options


@click.command("run")
@options.task_argument
@options.run_options
@click.option(
    "--require-goal", is_flag=True, help="Exit 1 and publish nothing where the goal is missed."
)
@click.option(
    "--find-learning-rate",
    is_flag=True,
    help="Try growing learning rates on a model that is thrown away, draw the curve and suggest "
    "one; nothing else is done.",
)
@options.open_option
def command(
    task: str,
    quiet: bool,
    require_goal: bool,
    find_learning_rate: bool,
    open_it: bool,
    **given: Any,
) -> None:
    """Prepare, train, export, prove, evaluate, report, publish.

    The same command again goes on where it stopped. Ctrl-C while the model is trained lets the
    round end; a second press stops at once, as it does in every other stage.
    """
    from seqapps import files, runner
    from seqapps.cli.interruption import AfterRound
    from seqapps.cli.progress import shown
    from seqapps.cli.text import aligned, open_page
    from seqapps.report.verdict import signature_lines, table, verdict
    from seqapps.task import DEFAULT

    request = request_of(task, require_goal=require_goal, **given)
    if find_learning_rate:
        _suggest_rate(request, quiet=quiet, open_it=open_it)
        return
    progress = shown(quiet=quiet)
    folder = runner.run(request, progress=progress, interruption=AfterRound(progress))
    evaluation = files.read_json(folder.evaluation)
    click.echo(aligned(table(evaluation)))
    for line in signature_lines(evaluation.get("metric_signatures", {})):
        click.echo(line)
    click.echo(f"\n{verdict(evaluation)}")
    name = request.publish_as or request.task.name
    place = request.output / name / str(evaluation["version"])
    click.echo(f"\nModel:  {place}\nReport: {folder.report}")
    asked = request.task.declared(request.settings)[DEFAULT].inputs
    kinds = [column.kind for column in asked.values()]
    if kinds == ["text"] and not quiet:
        model = name if request.output == Path("saved_models") else place
        click.echo(f'Try it: seqapps predict {model} "..."')
    if open_it:
        open_page(folder.report)


def _suggest_rate(request: Any, *, quiet: bool, open_it: bool) -> None:
    from seqapps import runner
    from seqapps.cli.progress import shown
    from seqapps.cli.text import open_page

    tried, picture = runner.find_learning_rate(request, progress=shown(quiet=quiet))
    lowest = float(f"{tried.rates[tried.smoothed.argmin()]:.0e}")
    click.echo(
        f"Suggested learning rate: {tried.suggested:g}. There the training loss has made a quarter "
        f"of its fall; it is lowest at {lowest:g}.\nCurve: {picture}"
    )
    if hasattr(request.settings, "learning_rate"):
        now = request.settings.learning_rate
        click.echo(f"Try it: --set learning_rate={tried.suggested:g} (now {now:g})")
    if open_it:
        open_page(picture)


def request_of(
    task: str,
    *,
    assignments: tuple[str, ...],
    preset: str | None,
    config: Path | None,
    target: str | None,
    **given: Any,
) -> Any:
    """The runner's request that the options of `run` and `train` make."""
    from seqapps import registry, runner

    entry = registry.find(task)
    found = registry.load(task)
    values = options.resolved(
        found.settings, entry.folder, preset=preset, config=config, assignments=assignments,
        target=target,
    )  # fmt: skip
    return runner.Request(
        task=found.under(values),
        settings=values,
        code=entry.folder,
        reading=options.reading(given),
        **given,
    )
