"""`seqapps predict MODEL [TEXT...]`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqapps.cli import options
from seqapps.task import DEFAULT, GO_ON, Column, Response, Row, Signature

if TYPE_CHECKING:
    from seqapps.cli import history
    from seqapps.series.latest import Latest

AT_ONCE = 64  # rows; answers appear while the input is still being read
NAMED = 5  # series of a message, at most
FIRST_PART, LONGEST_PART = 8, 256  # tokens: each part reads the text anew, so they grow


@click.command("predict")
@click.argument("model")
@click.argument("texts", metavar="[TEXT...]", nargs=-1)
@click.option(
    "--file", metavar="FILE",
    help="One input per line; .csv, .tsv, .parquet by column, .jsonl by object, each also .gz; "
    "- is standard input. For a model of series: a table of observations, a time a line.",
)  # fmt: skip
@click.option(
    "--signature", "name", metavar="NAME", default=DEFAULT, show_default=True,
    help="What the model is asked: a signature of the export.",
)  # fmt: skip
@click.option(
    "--with", "given", metavar="KEY=VALUE", multiple=True,
    help="An input that is the same for all rows, such as temperature=0.5; repeatable.",
)  # fmt: skip
@options.time_option
@options.time_format_option
@options.series_option
@options.factors_option
@click.option(
    "--factors-lag", type=int, metavar="STEPS",
    help="After how many steps of that table a factor is known; default: as in training.",
)  # fmt: skip
@options.json_option
@options.runs_option
@options.output_option
@options.verbose_option
def command(
    model: str,
    texts: tuple[str, ...],
    file: str | None,
    name: str,
    given: tuple[str, ...],
    time: str | None,
    time_format: str | None,
    series: str | None,
    factors: Path | None,
    factors_lag: int | None,
    as_json: bool,
    runs: Path,
    output: Path,
) -> None:
    """Answer raw inputs with an exported model.

    MODEL is a published name (newest version), a version folder or a run. Texts, or the paths of
    pictures, are given as arguments, with --file, or - for standard input. A model that writes
    text may show it while it is written, but for --json. A model of series is asked about the end
    of each series of a table, and answers step by step.
    """
    from seqapps import start
    from seqapps.cli import history
    from seqapps.cli.inputs import rows_from, same_for_all
    from seqapps.export import manifest
    from seqapps.models import locate

    folder = locate(model, output=output, runs=runs)
    bundle = manifest.read(folder)
    in_parts = _answers_in_parts(bundle, name) and not as_json
    signature = manifest.signature_of(bundle, GO_ON if in_parts else name)
    same = same_for_all(signature.inputs, given)
    asked = {key: column for key, column in signature.inputs.items() if key not in same}
    asked.pop("written" if in_parts else "", None)
    given_as = history.Given(time, time_format, series, factors, factors_lag)
    latest, read = _series(folder, asked, texts, file, given_as)
    rows: Iterable[Row] = ({**one.case, **same} for one in latest or ())
    if latest is None:
        rows = ({**row, **same} for row in rows_from(asked, texts, file, read=read))
    start.tensorflow()
    from seqapps.predict import answer_raw, load_signature

    serve = load_signature(folder, GO_ON if in_parts else name)

    def answer(rows: list[Row]) -> list[Response]:
        return answer_raw(serve, rows, signature.inputs)

    if in_parts:
        for number, row in enumerate(rows):
            click.echo("\n" * (2 * (number > 0)) + row[next(iter(asked))], nl=False)
            write_in_parts(lambda row: answer([row])[0], row)
            click.echo()
    elif latest is not None:
        _say_unknown(latest, bundle.get("known", {}))
        _show_series(latest, rows, signature, answer, as_json=as_json)
    else:
        _show(rows, signature, answer, asked=list(asked), as_json=as_json)


def _series(
    folder: Path,
    asked: Mapping[str, Column],
    texts: tuple[str, ...],
    file: str | None,
    given: history.Given,
) -> tuple[list[Latest] | None, bytes]:
    """(the end of each series, where a table of them is given; what was read of standard input)."""
    from seqapps.cli import history
    from seqapps.data.source import Reading
    from seqapps.errors import UserError
    from seqapps.export import manifest
    from seqapps.series.level import level_in

    file = "-" if texts == ("-",) else file
    read = history.first_line(file, asked)
    found = history.history_in(file, asked, read) if file is not None else None
    if found is None:
        for option, value in given.options().items():
            if value is not None:
                raise UserError(
                    f"{option} {value}: is for models of series that are given a table of "
                    "observations with --file."
                )
        return None, read
    bundle = manifest.read(folder)
    reading = given.reading(bundle.get("data", {}).get("factors_lag", Reading.factors_lag))
    frequency = manifest.setting(folder, "frequency") or "rows"
    latest = history.latest_in(found, asked, reading, frequency=frequency, level=level_in(bundle))
    return latest, read


def _say_unknown(latest: Sequence[Latest], known: Mapping[str, Sequence[str]]) -> None:
    """Name the series that training did not show, where the model tells series apart by name."""
    if "series" not in known:
        return
    strange = sorted({one.name for one in latest} - {*known["series"]})
    if strange:
        names = ", ".join(map(repr, strange[:NAMED])) + (", ..." if len(strange) > NAMED else "")
        click.echo(
            f"Not in training, so answered as series without a name: {names} "
            f"({len(strange):,} of {len(latest):,} series)",
            err=True,
        )


def _show_series(
    latest: Sequence[Latest],
    rows: Iterable[Row],
    signature: Signature,
    answer: Callable[[list[Row]], list[Response]],
    *,
    as_json: bool,
) -> None:
    """Print what is answered about each series."""
    from seqapps.cli import history
    from seqapps.cli.inputs import chunks

    column, series = signature.inputs["values"], iter(latest)
    for chunk in chunks(rows, AT_ONCE):
        for response in answer(chunk):
            one = next(series)
            shown = history.as_json if as_json else history.as_table
            click.echo(shown(one, response, signature.answer, column))


def _show(
    rows: Iterable[Row],
    signature: Signature,
    answer: Callable[[list[Row]], list[Response]],
    *,
    asked: Sequence[str],
    as_json: bool,
) -> None:
    """Print what is answered to each row."""
    import json

    from seqapps.cli.inputs import chunks
    from seqapps.cli.text import answer_line

    for chunk in chunks(rows, AT_ONCE):
        for row, response in zip(chunk, answer(chunk), strict=True):
            if as_json:
                told = {key: response[key] for key in signature.answer}
                click.echo(json.dumps({**row, **told}, ensure_ascii=False, default=str))
            else:
                line = answer_line(response, signature.answer)
                if "tags" not in signature.outputs:  # which stand behind the words that were asked
                    line += "  " + "  ".join(str(row[key]) for key in asked)
                click.echo(line)


def write_in_parts(answer: Callable[[Row], Response], row: Row) -> None:
    """Print what the signature `go_on` answers to a row, part by part."""
    left, part = row["max_tokens"], FIRST_PART
    shown, written = "", ""
    while left > 0:
        told = answer({**row, "written": written, "max_tokens": min(part, left)})
        click.echo(told["continuation"].removeprefix(shown), nl=False)
        if told["ended"] or told["written"] == written:
            return
        shown, written = told["continuation"], told["written"]
        left, part = left - part, min(2 * part, LONGEST_PART)


def _answers_in_parts(bundle: dict[str, Any], name: str) -> bool:
    """Whether this signature answers as the default one does, and that can be had in parts."""
    from seqapps.errors import UserError, nearest

    signatures = bundle["signatures"]
    if name not in signatures:
        raise UserError(
            f"--signature {name}: the model has none of that name. {nearest(name, signatures)}"
        )
    return GO_ON in signatures and signatures[name]["answer"] == signatures[DEFAULT]["answer"]
