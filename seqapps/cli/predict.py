"""`seqapps predict MODEL [TEXT...]`."""

from __future__ import annotations

from pathlib import Path

import click

from seqapps.cli import options

AT_ONCE = 64  # rows; answers appear while the input is still being read


@click.command("predict")
@click.argument("model")
@click.argument("texts", metavar="[TEXT...]", nargs=-1)
@click.option(
    "--file", metavar="FILE",
    help="One input per line; .csv, .tsv, .parquet by column, .jsonl by object, each also .gz; "
    "- is standard input.",
)  # fmt: skip
@options.json_option
@options.runs_option
@options.output_option
@options.verbose_option
def command(
    model: str, texts: tuple[str, ...], file: str | None, as_json: bool, runs: Path, output: Path
) -> None:
    """Answer raw inputs with an exported model.

    MODEL is a published name (newest version), a version folder or a run. Texts are given as
    arguments, with --file, or - for standard input.
    """
    import json

    from seqapps import start
    from seqapps.cli.inputs import chunks, rows_from
    from seqapps.cli.text import answer_line
    from seqapps.export import manifest
    from seqapps.export.manifest import DEFAULT
    from seqapps.models import locate

    folder = locate(model, output=output, runs=runs)
    signature = manifest.signature_of(manifest.read(folder), DEFAULT)
    rows = rows_from(signature.inputs, texts, file)
    start.tensorflow()
    from seqapps.predict import answer_raw, load_signature

    serve = load_signature(folder, DEFAULT)
    for chunk in chunks(rows, AT_ONCE):
        for row, response in zip(chunk, answer_raw(serve, chunk, signature.inputs), strict=True):
            if as_json:
                answer = {name: response[name] for name in signature.answer}
                click.echo(json.dumps({**row, **answer}, ensure_ascii=False))
            else:
                shown = "  ".join(str(row[name]) for name in signature.inputs)
                click.echo(f"{answer_line(response, signature.answer)}  {shown}")
