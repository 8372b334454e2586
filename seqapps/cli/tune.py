"""`seqapps tune TASK`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from seqapps.cli import options
from seqapps.cli.run import request_of

TRIALS = 20  # where neither --trials nor --minutes says how many


@click.command("tune")
@options.task_argument
@options.run_options
@click.option(
    "--trials", type=click.IntRange(min=1), metavar="N",
    help=f"Trials of the search in all, those of earlier calls counted; default: {TRIALS}, without "
    "end where --minutes is given.",
)  # fmt: skip
@click.option(
    "--minutes", type=click.FloatRange(min=0, min_open=True), metavar="M",
    help="Begin no trial after so many minutes; those that run end their round.",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
    help="Trials at a time, in processes that share the cores of this machine; at most those.",
)  # fmt: skip
@click.option(
    "--space", "space_file", type=options.FILE, metavar="FILE.toml",
    help="What is searched: limits and choices of settings; --show-space prints it.",
)  # fmt: skip
@click.option("--show-space", is_flag=True, help="Print what would be searched, and stop.")
@click.option(
    "--sampler", type=click.Choice(["tpe", "random"]), default="tpe", show_default=True,
    help="Who proposes settings: TPE learns from the trials before, random does not.",
)  # fmt: skip
@click.option(
    "--pruner", type=click.Choice(["median", "hyperband", "none"]), default="median",
    show_default=True, help="Who ends trials that fall behind others.",
)  # fmt: skip
@options.open_option
def command(
    task: str,
    quiet: bool,
    trials: int | None,
    minutes: float | None,
    jobs: int,
    space_file: Path | None,
    show_space: bool,
    sampler: str,
    pruner: str,
    open_it: bool,
    **given: Any,
) -> None:
    """Search for better settings: many trainings, chosen among on the validation split.

    The first trial has the settings that are given. Every trial is a run that is trained and not
    evaluated, so the test split stays unseen until `seqapps export RUN`. The same command again
    goes on where it stopped.
    """
    from dataclasses import replace

    from seqapps.cli.text import open_page
    from seqapps.tuning import space as spaces

    request = request_of(task, **given)
    changes = spaces.load_changes(space_file) if space_file else {}
    space = spaces.space_of(
        request.settings, changes, where=f"--space {space_file}" if space_file else task
    )
    if show_space:
        click.echo(space.dumps(), nl=False)
        return
    from seqapps.cli.progress import shown
    from seqapps.tuning.tune import Plan, tune

    plan = Plan(
        trials=TRIALS if trials is None and minutes is None else trials,
        minutes=minutes, jobs=jobs, sampler=sampler, pruner=pruner,
    )  # fmt: skip
    request = replace(request, task=request.task.under(space.base), settings=space.base)
    result = tune(request, space, plan, progress=shown(quiet=quiet))
    _say(result)
    if open_it:
        open_page(result.tuned.report)


def _say(result: Any) -> None:
    from seqapps.cli.text import aligned
    from seqapps.report.tuning import best_beside_start, verdict

    if result.best is None:
        click.echo(f"No trial was trained to its end yet.\nReport: {result.tuned.report}")
        return
    found = verdict(result)
    click.echo(aligned(best_beside_start(result)))
    click.echo(f"\n{found['title']}. {found['text']}")
    run = result.tuned.folder.parent / result.best.run
    click.echo(
        f"\nBest settings: {result.tuned.best}\nReport: {result.tuned.report}\n"
        f"Judge and publish the best run: seqapps export {run}"
    )
