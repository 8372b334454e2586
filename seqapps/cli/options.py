"""Options and arguments that several verbs share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from seqapps.backends import BACKENDS, TENSORFLOW
from seqapps.devices import ALL

Command = TypeVar("Command", bound=Callable[..., Any])

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(path_type=Path)


def _together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def _add_plugins(ctx: click.Context, param: click.Parameter, files: tuple[Path, ...]) -> None:
    from seqapps import registry

    for file in files:
        registry.add_plugin(file)


def _complete_task(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from seqapps import registry

    return [entry.name for entry in registry.entries() if entry.name.startswith(incomplete)]


def _set_verbose(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        import logging
        import os

        logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
        logging.getLogger("seqapps").setLevel(logging.DEBUG)
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"


task_argument = click.argument("task", metavar="TASK", shell_complete=_complete_task)

plugin_option = click.option(
    "--plugin", multiple=True, type=FILE, callback=_add_plugins, expose_value=False, is_eager=True,
    metavar="FILE.py",
    help="A task of your own in a single file; repeatable. Also: SEQAPPS_PLUGINS.",
)  # fmt: skip

verbose_option = click.option(
    "--verbose", is_flag=True, callback=_set_verbose, expose_value=False,
    help="Show TensorFlow's own messages too.",
)  # fmt: skip

quiet_option = click.option("--quiet", is_flag=True, help="Print the result only.")

open_option = click.option("--open", "open_it", is_flag=True, help="Show it in the browser.")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _move_cache(ctx: click.Context, param: click.Parameter, folder: Path | None) -> None:
    if folder:
        import os

        os.environ["SEQAPPS_CACHE"] = str(folder.absolute())


cache_option = click.option(
    "--cache", type=FOLDER, callback=_move_cache, expose_value=False, is_eager=True,
    help="Where rows and downloads are kept. Also: SEQAPPS_CACHE.",
)  # fmt: skip


time_option = click.option(
    "--time", metavar="COLUMN",
    help="Of series: the column of times; 'none' where lines are steps.",
)  # fmt: skip

time_format_option = click.option(
    "--time-format", metavar="FORMAT",
    help="Of times that are no ISO 8601, as strptime takes it: '%m/%d/%Y'.",
)  # fmt: skip

series_option = click.option(
    "--series", metavar="COLUMN",
    help="Of series: the column that tells whose observation a line is.",
)  # fmt: skip


factors_option = click.option(
    "--factors", type=FILE, metavar="FILE",
    help="A table whose columns are joined to every series by time.",
)  # fmt: skip


def _shares(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[float, ...] | None:
    if value is None:
        return None
    try:
        return tuple(float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{value!r}; expected three numbers, as 0.8,0.1,0.1 or 8640,2880,2880.", ctx, param
        ) from None


data_options = _together(
    click.option("--data", metavar="DATA",
                 help="sample:NAME, a file, a folder, 'a*.csv', a.en+a.de (line by line), or "
                 "tfds:NAME[/CONFIG][:VERSION]; default: the task's first sample."),
    click.option("--column", "columns", multiple=True, metavar="OURS=THEIRS",
                 help="Read the task's column OURS from the file's column THEIRS; repeatable."),
    click.option("--no-header", is_flag=True,
                 help="csv and tsv files begin with a row; columns are then called 1, 2, 3."),
    click.option("--group", metavar="COLUMN",
                 help="Keep rows with the same value of this column in one split."),
    click.option("--encoding", default="utf-8-sig", metavar="NAME",
                 help="Of text files; default: UTF-8, with or without a byte order mark."),
    time_option,
    time_format_option,
    series_option,
    click.option("--shares", metavar="TRAIN,VALID,TEST", callback=_shares,
                 help="How series are cut in time: shares, or numbers of steps. Default: "
                 "0.8,0.1,0.1."),
    factors_option,
    click.option("--factors-lag", type=int, default=1, show_default=True, metavar="STEPS",
                 help="After how many steps of that table a factor is known."),
    click.option("--data-dir", type=FOLDER, metavar="FOLDER",
                 help="Where tfds: looks for prepared data sets."),
    cache_option,
)  # fmt: skip

settings_options = _together(
    click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE",
                 help="Change a setting; repeatable. `seqapps config TASK` shows them all."),
    click.option("--preset", metavar="NAME", help="Settings that come with the task."),
    click.option("--config", type=FILE, metavar="FILE.toml", help="Settings from a TOML file."),
    click.option("--target", metavar="COLUMN[,COLUMN]",
                 help="Of series: what is forecast; the same as --set target=..."),
)  # fmt: skip

runs_option = click.option(
    "--runs", type=FOLDER, default=Path("runs"), show_default=True, help="Where runs lie."
)

output_option = click.option(
    "--output", type=FOLDER, default=Path("saved_models"), show_default=True,
    help="Where exports are published.",
)  # fmt: skip

publish_option = click.option(
    "--publish-as", metavar="NAME", help="Publish under this name; default: the task's."
)

most_rejected_option = click.option(
    "--most-rejected", type=click.FloatRange(0, 1), default=0.01, show_default=True,
    metavar="SHARE", help="Stop where more than this share of the rows cannot be used.",
)  # fmt: skip

backend_option = click.option(
    "--backend", type=click.Choice(BACKENDS), default=TENSORFLOW, show_default=True,
    help="What the model is trained on; jax needs the extra 'jax' and a model without "
    "TensorFlow's own operations.",
)  # fmt: skip


def bytes_of(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """2GB, 500 MB or 0 as bytes."""
    if value is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kMGT]?)i?B?\s*", value, re.IGNORECASE)
    if not found:
        raise click.BadParameter(f"{value!r} is no size; write 500MB or 2GB.")
    return int(float(found[1]) * 1000 ** " kmgt".index(found[2].lower() or " "))


max_memory_option = click.option(
    "--max-memory", callback=bytes_of, metavar="SIZE",
    help="What the tensors of the training cases may take of memory, such as 2GB; where they are "
    "larger they lie on disk. Default: a quarter of what is free.",
)  # fmt: skip


def _number_or_all(ctx: click.Context, param: click.Parameter, value: str) -> int | str:
    if value == ALL:
        return ALL
    if value.isdecimal() and int(value) > 0:
        return int(value)
    raise click.BadParameter(f"{value!r} is neither a number from 1 nor {ALL!r}.", ctx, param)


devices_option = click.option(
    "--devices", default="1", show_default=True, metavar=f"N|{ALL}", callback=_number_or_all,
    help="How many GPUs of this machine share each batch (CPUs where there is none).",
)  # fmt: skip

run_options = _together(
    data_options,
    most_rejected_option,
    settings_options,
    click.option("--name", metavar="NAME", help="Name of the run; default: made of its content."),
    click.option(
        "--seed",
        type=click.IntRange(min=0, max=2**31 - 1),
        default=0,
        show_default=True,
        help="Decides first weights, order and dropout.",
    ),
    backend_option,
    max_memory_option,
    devices_option,
    runs_option,
    output_option,
    publish_option,
    click.option("--fresh", is_flag=True, help="Start anew where the run exists already."),
    quiet_option,
    verbose_option,
    plugin_option,
)


def pairs(given: tuple[str, ...]) -> dict[str, str]:
    """`--column text=review` options as a dict."""
    from seqapps.errors import UserError

    found = {}
    for pair in given:
        ours, equals, theirs = pair.partition("=")
        if not equals or not ours or not theirs:
            raise UserError(f"--column {pair}: expected OURS=THEIRS, as in --column text=review.")
        found[ours] = theirs
    return found


def reading(given: dict[str, Any]) -> Any:
    """How the data are to be read; takes the options that say so out of `given`."""
    from seqapps.data.source import Reading
    from seqapps.data.splits import SHARES

    data_dir, factors = given.pop("data_dir"), given.pop("factors")
    named = {"times": given.pop("time"), "series": given.pop("series")}
    columns = {ours: theirs for ours, theirs in named.items() if theirs is not None}
    return Reading(
        columns=columns | pairs(given.pop("columns")),
        group=given.pop("group"),
        encoding=given.pop("encoding"),
        header=not given.pop("no_header"),
        data_dir=data_dir.absolute() if data_dir else None,
        time_format=given.pop("time_format"),
        shares=given.pop("shares") or SHARES,
        factors=factors.absolute() if factors else None,
        factors_lag=given.pop("factors_lag"),
    )


def resolved(
    defaults: Any,
    folder: Path,
    *,
    preset: str | None,
    config: Path | None,
    assignments: tuple[str, ...],
    target: str | None = None,
) -> Any:
    """The settings of a command: defaults, then --preset, then --config, then --set, --target."""
    from seqapps import settings

    values = defaults
    if preset:
        values = settings.preset(values, folder, preset)
    if config:
        values = settings.load(values, config)
    values = settings.assign(values, assignments)
    return values if target is None else settings.assign(values, [f"target={target}"])
