"""The command line: one verb per file, each imported when it is asked for."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import shlex
import signal
import sys
from typing import Any

import click

from seqapps.errors import RunError, UserError
from seqapps.version import __version__

VERBS = (
    "run", "train", "tune", "export", "evaluate", "predict", "watch", "serve", "explain", "compare",
    "report", "data", "list", "config", "samples", "cache", "new", "check", "doctor",
)  # fmt: skip
DISK_TROUBLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
RESUMABLE = ("run", "train", "tune", "export")


class Verbs(click.Group):
    """Commands that are modules of this package, in the order of use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*VERBS]  # the name `list` is the verb of that name in this package

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"seqapps.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # caught here, because click makes exit code 1 of it
            # The reader (`| head`) has enough; without this, Python complains again when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from seqapps.errors import nearest

            raise click.UsageError(f"No verb {args[0]!r}. {nearest(args[0], VERBS)}", ctx)
        return super().resolve_command(ctx, args)


@click.command(cls=Verbs, name="seqapps", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="seqapps")
def seqapps() -> None:
    """Sequence applications on Keras: train, compare, export, serve.

    `seqapps run sentiment` goes from raw review sentences to a SavedModel that TF Serving loads.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit codes: 0, 1 failure, 2 the user's mistake, 130 Ctrl-C."""
    given = sys.argv[1:] if arguments is None else arguments
    sys.exit(_exit_code(given))


def _exit_code(arguments: list[str]) -> int:
    try:
        result = seqapps.main(arguments, prog_name="seqapps", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        with contextlib.suppress(ValueError):  # not the main thread, which alone may say so
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # one more press changes nothing now
        _say_how_to_go_on(arguments)
        return 130
    except UserError as error:
        click.echo(f"{click.style('Error', fg='red', bold=True)}: {error}", err=True)
        return 2
    except RunError as error:
        click.echo(f"{click.style('Failed', fg='red', bold=True)}: {error}", err=True)
        return 1
    except OSError as error:
        if error.errno not in DISK_TROUBLE:
            raise
        click.echo(
            f"{click.style('Error', fg='red', bold=True)}: {error.strerror}: {error.filename}. "
            "What is finished is kept; make room and give the same command again.",
            err=True,
        )
        return 2
    return result if isinstance(result, int) else 0


def _say_how_to_go_on(arguments: list[str]) -> None:
    verb = next((word for word in arguments if word in VERBS), "")
    if verb in RESUMABLE:
        again = shlex.join(["seqapps", *(word for word in arguments if word != "--fresh")])
        click.echo(f"\nStopped; finished rounds and stages are kept. Go on with: {again}", err=True)
    else:
        click.echo("\nStopped.", err=True)
