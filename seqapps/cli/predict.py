"""`seqapps predict MODEL [TEXT...]`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from seqapps.cli import options
from seqapps.task import DEFAULT, GO_ON, Response, Row

AT_ONCE = 64  # rows; answers appear while the input is still being read
FIRST_PART, LONGEST_PART = 8, 256  # tokens: each part reads the text anew, so they grow


@click.command("predict")
@click.argument("model")
@click.argument("texts", metavar="[TEXT...]", nargs=-1)
@click.option(
    "--file", metavar="FILE",
    help="One input per line; .csv, .tsv, .parquet by column, .jsonl by object, each also .gz; "
    "- is standard input.",
)  # fmt: skip
@click.option(
    "--signature", "name", metavar="NAME", default=DEFAULT, show_default=True,
    help="What the model is asked: a signature of the export.",
)  # fmt: skip
@click.option(
    "--with", "given", metavar="KEY=VALUE", multiple=True,
    help="An input that is the same for all rows, such as temperature=0.5; repeatable.",
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
    as_json: bool,
    runs: Path,
    output: Path,
) -> None:
    """Answer raw inputs with an exported model.

    MODEL is a published name (newest version), a version folder or a run. Texts, or the paths of
    pictures, are given as arguments, with --file, or - for standard input. A model that writes
    text may show it while it is written, but for --json.
    """
    import json

    from seqapps import start
    from seqapps.cli.inputs import chunks, rows_from, same_for_all
    from seqapps.cli.text import answer_line
    from seqapps.export import manifest
    from seqapps.models import locate

    folder = locate(model, output=output, runs=runs)
    bundle = manifest.read(folder)
    in_parts = _answers_in_parts(bundle, name) and not as_json
    signature = manifest.signature_of(bundle, GO_ON if in_parts else name)
    same = same_for_all(signature.inputs, given)
    asked = {key: column for key, column in signature.inputs.items() if key not in same}
    asked.pop("written" if in_parts else "", None)
    rows = ({**row, **same} for row in rows_from(asked, texts, file))
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
        return
    for chunk in chunks(rows, AT_ONCE):
        for row, response in zip(chunk, answer(chunk), strict=True):
            if as_json:
                told = {key: response[key] for key in signature.answer}
                click.echo(json.dumps({**row, **told}, ensure_ascii=False, default=str))
            else:
                shown = "  ".join(str(row[key]) for key in asked)
                click.echo(f"{answer_line(response, signature.answer)}  {shown}")


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
