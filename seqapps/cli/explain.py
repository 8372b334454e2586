"""`seqapps explain MODEL TEXT`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from seqapps.cli import options

AT_MOST = 16  # examples: more than anybody reads
PICTURES = (".svg", ".png", ".pdf")


@click.command("explain")
@click.argument("model")
@click.argument("texts", metavar="[TEXT...]", nargs=-1)
@click.option(
    "--file", metavar="FILE",
    help="Examples from a file, as `predict` takes them; - is standard input.",
)  # fmt: skip
@click.option(
    "--gates", type=options.FILE, metavar="FILE",
    help="Draw the gates of an LSTM or GRU over one text into a .svg, .png or .pdf file.",
)  # fmt: skip
@click.option(
    "--out", type=options.FILE, metavar="FILE",
    help="Draw where the model looked in a picture, word by word, into a .svg, .png or .pdf file.",
)  # fmt: skip
@click.option("--layer", metavar="NAME", help="Whose gates; default: the first layer with gates.")
@options.json_option
@options.runs_option
@options.output_option
@options.verbose_option
@options.plugin_option
def command(
    model: str,
    texts: tuple[str, ...],
    file: str | None,
    gates: Path | None,
    out: Path | None,
    layer: str | None,
    as_json: bool,
    runs: Path,
    output: Path,
) -> None:
    """Show what happens to a text or a picture on its way through a model.

    Tokens, ids, the weight of each token, shapes and masks from layer to layer, scores; of the path
    of a picture, where the model looked. Several texts go through together, so that padding and
    masks are seen. MODEL is a published name (newest
    version), a version folder or a run. Layers and gates need the run that made the model.
    """
    import json

    from seqapps import start
    from seqapps.errors import UserError
    from seqapps.models import locate

    for name, file_drawn in (("--gates", gates), ("--out", out)):
        if file_drawn is not None:
            _check_place(name, file_drawn)
    if gates is None and layer is not None:
        raise UserError("--layer says whose gates to draw; give --gates FILE too.")
    folder = locate(model, output=output, runs=runs)
    rows = _rows(folder, texts, file)
    if gates is not None and len(rows) != 1:
        raise UserError(f"--gates draws one text at a time, {len(rows)} are given.")
    if out is not None and len(rows) != 1:
        raise UserError(f"--out draws one picture at a time, {len(rows)} are given.")
    start.tensorflow()
    from seqapps.cli import explained
    from seqapps.explain.explanation import explain

    found = explain(folder, rows, runs=runs, gates_of=None if gates is None else layer or "")
    if gates is not None and found.reading is not None:
        from seqapps.explain.picture import picture

        _write("--gates", gates, picture(found.reading, _kind(gates)))
    if out is not None:
        from seqapps.explain.overlay import overlay

        (example,) = found.examples
        if example.looked is None:
            raise UserError("--out: this model does not tell where it looks in a picture.")
        image = next(value for value in example.input.values() if isinstance(value, bytes))
        _write("--out", out, overlay(image, example.looked, _kind(out)))
    if as_json:
        click.echo(
            json.dumps(explained.as_json(found, gates), ensure_ascii=False, indent=1, default=str)
        )
    else:
        explained.show(found, gates, out)


def _rows(folder: Path, texts: tuple[str, ...], file: str | None) -> list[dict[str, Any]]:
    """The examples; at least one, not too many, none of them empty."""
    from itertools import islice

    from seqapps.cli.inputs import rows_from
    from seqapps.errors import UserError
    from seqapps.export import manifest

    inputs = manifest.signature_of(manifest.read(folder), manifest.DEFAULT).inputs
    rows = list(islice(rows_from(inputs, texts, file), AT_MOST + 1))
    if not rows:
        raise UserError(f"--file {file}: there is no example in it.")
    if len(rows) > AT_MOST:
        raise UserError(
            f"explain shows at most {AT_MOST} examples at a time; `seqapps predict` answers any "
            "number."
        )
    for row in rows:
        for name, column in inputs.items():
            if column.kind == "text" and not str(row[name]).strip():
                raise UserError(f"The {name} is empty, so there is nothing to explain; give words.")
    return rows


def _kind(file: Path) -> str:
    return file.suffix.lower().removeprefix(".")


def _check_place(option: str, file: Path) -> None:
    """Before any work: the ending is known, and a file can lie there."""
    from seqapps.errors import UserError

    if file.suffix.lower() not in PICTURES:
        raise UserError(
            f"{option} {file}: expected a name that ends in {', '.join(PICTURES)}, "
            f"received {file.suffix or 'no ending'}."
        )
    if file.is_dir():
        raise UserError(f"{option} {file}: this is a folder; name a file.")


def _write(option: str, file: Path, content: bytes) -> None:
    from seqapps import files
    from seqapps.cli import DISK_TROUBLE
    from seqapps.errors import UserError

    try:
        files.write_bytes(file, content)
    except OSError as error:
        if error.errno in DISK_TROUBLE:
            raise
        raise UserError(f"{option} {file}: cannot be written ({error.strerror}).") from None
