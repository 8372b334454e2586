"""`seqapps data TASK`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from seqapps.cli import options

ROWS = 15  # labels in the table
NAMES = 12  # columns that are left alone, channels
OF_CHANNELS = ("values", "names")  # of a row that is a series: what its channels are gathered in
INDENT = "  "


@click.command("data")
@options.task_argument
@options.data_options
@options.most_rejected_option
@options.settings_options
@click.option(
    "--fix", type=options.FILE, metavar="OUT",
    help="Write the cleaned rows to OUT (.csv, .tsv, .jsonl, .parquet; a folder where the splits "
    "are given).",
)  # fmt: skip
@click.option(
    "--page", type=options.FILE, metavar="FILE.html",
    help="Of series: draw what they are like into a page.",
)  # fmt: skip
@options.json_option
@options.quiet_option
@options.verbose_option
@options.plugin_option
def command(
    task: str,
    data: str | None,
    most_rejected: float,
    assignments: tuple[str, ...],
    preset: str | None,
    config: Path | None,
    target: str | None,
    fix: Path | None,
    page: Path | None,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Look at data before they are trained on: what is wrong, and what a run would do.

    Of series also what they are like: gaps, trend and season, stationarity, outliers.

    Exits 0 where a run can train on them, else 2; with --fix, where it can train on OUT.
    """
    import json

    from seqapps import registry
    from seqapps.cli.progress import shown
    from seqapps.data.load import load
    from seqapps.data.source import Reading
    from seqapps.doctor import mend
    from seqapps.doctor.examine import examine, trouble
    from seqapps.errors import UserError

    found = registry.load(task)
    settings = options.resolved(
        found.settings, registry.find(task).folder, preset=preset, config=config,
        assignments=assignments, target=target,
    )  # fmt: skip
    found = found.under(settings)
    if fix:
        mend.check_place(found, fix)
    if page:
        _check_page(found, page)
    reading, progress = options.reading(given), shown(quiet=quiet)
    loaded = load(found, data, reading, most_rejected=1.0, progress=progress)
    facts = examine(
        found, settings, loaded, reading=reading, most_rejected=most_rejected, progress=progress
    )
    if found.observed:
        facts["series"] = _looked_at(facts, loaded.splits["train"], settings, page, progress)
    if not as_json:
        click.echo("\n".join(lines(facts)))
    problem = None if facts["verdict"]["trains"] else facts["verdict"]["message"]
    if fix:
        facts["fixed"] = mend.mend(found, loaded, fix, progress=progress)
        if not as_json:
            click.echo("\n" + "\n".join(fixed_lines(facts["fixed"])))
        again = load(
            found, str(fix), Reading(group=loaded.group), most_rejected=1.0, progress=progress
        )
        problem = trouble(found, again, settings=settings, most_rejected=most_rejected)
        facts["fixed"]["verdict"] = {"trains": not problem, "message": problem or "ready"}
        if not as_json and not problem:
            click.echo(f"A run can train on {fix}.")
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
    if problem:
        raise UserError(problem)


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """What `seqapps.doctor.examine.examine` found, for people."""
    yield from _source(facts)
    yield from _splits(facts)
    yield from _examples(facts)
    yield from _lengths(facts)
    yield from _series(facts)
    yield from _words(facts)
    yield from _near(facts)
    yield from _findings(facts)
    verdict = facts["verdict"]
    colour, word = ("green", "Verdict") if verdict["trains"] else ("red", "Verdict: a run stops")
    first = verdict["message"].split("\n")[0]
    yield ""
    yield from _wrapped(f"{click.style(word, fg=colour, bold=True)}: {first}", indent=INDENT)


def _source(facts: Mapping[str, Any]) -> Iterator[str]:
    yield _title(f"{facts['name']} as data of {facts['task']}")
    taken = facts["columns"]["taken"]
    channels = facts["columns"].get("channels", [])
    if channels:
        taken = {ours: theirs for ours, theirs in taken.items() if ours not in OF_CHANNELS}
    pairs = (ours if ours == theirs else f"{ours} <- {theirs}" for ours, theirs in taken.items())
    yield from _wrapped("columns read: " + ", ".join(pairs))
    if channels:
        more = f" and {len(channels) - NAMES} more" if len(channels) > NAMES else ""
        yield from _wrapped(f"channels: {', '.join(channels[:NAMES])}{more}")
    others = facts["columns"]["others"]
    if others:
        more = f" and {len(others) - NAMES} more" if len(others) > NAMES else ""
        yield from _wrapped(f"columns left alone: {', '.join(others[:NAMES])}{more}")
    for note in facts["notes"]:
        yield from _wrapped(note)


def _splits(facts: Mapping[str, Any]) -> Iterator[str]:
    from seqapps.cli.text import aligned

    splits = facts["splits"]
    yield ""
    yield _title("Splits: " + splits["how"])
    names = list(splits["rows"])
    of_series = "steps" in splits
    rows = ["series" if of_series else "rows", *(f"{splits['rows'][name]:,}" for name in names)]
    table = [["", *names], rows]
    if of_series:
        table.append(["steps", *(f"{splits['steps'][name]:,}" for name in names)])
    for target, by_split in facts["labels"].items():
        totals = {
            label: sum(by_split[name].get(label, 0) for name in names)
            for name in names
            for label in by_split[name]
        }
        ranked = sorted(totals, key=lambda label: (-totals[label], label))
        for label in ranked[:ROWS]:
            counts = (f"{by_split[name].get(label, 0):,}" for name in names)
            table.append([f"{target} {_short(label, 30)}", *counts])
        if len(ranked) > ROWS:
            table.append([f"... {len(ranked) - ROWS:,} more", *("" for _ in names)])
    if any(splits["left_out"].values()):
        left = (splits["left_out"].get(name, 0) for name in names)
        table.append(["left out", *(f"{count:,}" for count in left)])
    yield from _table(aligned(_right(table)))


def _examples(facts: Mapping[str, Any]) -> Iterator[str]:
    for target, by_label in facts["examples"].items():
        yield ""
        yield _title(f"Examples of each {target}")
        for label, rows in by_label.items():
            for row in rows:
                text = row["shown"].removesuffix(f" [{label}]")
                yield f"{INDENT}{_short(label, 20)}: {text}"


def _lengths(facts: Mapping[str, Any]) -> Iterator[str]:
    from seqapps.cli.text import aligned

    if not facts["lengths"]:
        return
    yield ""
    yield _title("Lengths")
    head = ["", "least", "median", "90 %", "99 %", "most"]
    table = [
        [f"{column}, {unit}", *(f"{value:,}" for value in points.values())]
        for column, units in facts["lengths"].items()
        for unit, points in units.items()
    ]
    yield from _table(aligned(_right([head, *table])))
    cut = facts["cut"]
    if cut:
        yield (
            f"{INDENT}about {cut['cut']:,} of {cut['cases']:,} cases ({cut['share']:.1%}) are "
            f"longer than max_tokens={cut['max_tokens']:,}; the rest is cut"
        )


def _check_page(task: Any, page: Path) -> None:
    """Before any work: a file can lie there, and there is something to draw."""
    from seqapps.errors import UserError

    if not task.observed:
        raise UserError(f"--page {page}: rows of {task.name} are no series; nothing is drawn.")
    if page.is_dir():
        raise UserError(f"--page {page}: this is a folder; name a file.")


def _looked_at(
    facts: Mapping[str, Any], rows: Any, settings: Any, page: Path | None, progress: Any
) -> dict[str, Any]:
    """What the series of training are like, as facts; drawn, where a page is asked for."""
    from seqapps.doctor import series

    with progress.track("looking at the series"):
        looked = series.look(rows, settings)
    found = looked.facts()
    if page:
        from seqapps.report.page import drawn, render, write

        parts, first = [], 0
        for each in looked.seen:
            figures = drawn(each.figures, first=first)
            first += len(figures)
            parts.append({"name": each.name, "lines": each.lines, "figures": figures})
        grid, more = list(series.told(found)), found["not_described"]
        write(
            page,
            render("series.jinja", task=facts["task"], name=facts["name"], splits=facts["splits"],
                   notes=[*facts["notes"], *grid], parts=parts, more=more),
        )  # fmt: skip
        found["page"] = str(page)
    return found


def _series(facts: Mapping[str, Any]) -> Iterator[str]:
    from seqapps.doctor import series

    found = facts.get("series")
    if not found or not found["series"]:
        return
    yield ""
    several = f"{found['series']:,} series" if found["series"] > 1 else "the series"
    yield _title(f"Training part of {several}, on the grid of a run")
    for line in series.told(found):
        yield from _wrapped(line)
    for each in found["described"]:
        first, *further = each["lines"]
        yield from _wrapped(click.style(first, bold=True))
        for line in further:
            yield from _wrapped(line, indent=INDENT * 2)
    if found["not_described"]:
        yield f"{INDENT}... and {found['not_described']:,} channels more"
    if "page" in found:
        yield f"{INDENT}drawn in {found['page']}"


def _words(facts: Mapping[str, Any]) -> Iterator[str]:
    for column, known in facts["unknown_words"].items():
        yield ""
        kept, seen = known["vocabulary"], known["training_words"]
        yield _title(f"Words of {column}: {kept:,} of {seen:,} in training have their own number")
        for split, found in known["splits"].items():
            often = ", ".join(f"{word} {count:,}" for word, count in found["most_frequent"])
            text = f"{split}: {found['share']:.1%} of {found['words']:,} words are unknown"
            yield from _wrapped(text + (f" (most often {often})" if often else ""))


def _near(facts: Mapping[str, Any]) -> Iterator[str]:
    near = facts["near_duplicates"]
    if not near:
        return
    yield ""
    yield _title("Leakage between splits")
    whole = near["compared"] == near["held_out"]
    rows = f"{near['held_out']:,} held-out rows" if whole else (
        f"a sample of {near['compared']:,} of {near['held_out']:,} held-out rows"
    )  # fmt: skip
    yield from _wrapped(
        f"{rows}, compared with all rows of earlier splits; near duplicates (at least "
        f"{near['alike_from']:.0%} of word triples in common): {near['found']:,} "
        f"({near['share']:.2%})"
    )


def _findings(facts: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    count = len(facts["findings"])
    yield _title(f"Findings: {count}" if count else "Findings: none")
    for finding in facts["findings"]:
        mark = click.style("!", fg="red", bold=True) if finding["stops"] else "-"
        yield from _wrapped(
            f"{mark} {finding['what']}: {finding['count']:,}", indent="", hanging=INDENT
        )
        for example in finding["examples"]:
            for number, row in enumerate(example):
                lead = "" if number == 0 else "= "
                yield f"{INDENT * 2}{lead}{row['where']}: {row['shown']}"
        yield from _wrapped(f"a run {finding['run']}", hanging=INDENT * 2)
        if finding["fix"] != "kept":
            yield f"{INDENT}--fix: {finding['fix']}"


def fixed_lines(fixed: Mapping[str, Any]) -> Iterator[str]:
    """What --fix did, for people."""
    yield _title(f"Written to {fixed['out']}: {fixed['rows']:,} rows")
    if list(fixed["files"]) != [Path(fixed["out"]).name]:
        files = (f"{name} {rows:,}" for name, rows in fixed["files"].items())
        yield INDENT + ", ".join(files)
    left = fixed["left_out"]
    for count, text in (
        (left["rejected"], "rows that cannot be used are left out"),
        (left["copies_of_held_out"], "rows whose inputs are held out are left out of the others"),
        (left["repeated"], "exact copies are left out; the first one is kept"),
        (left["label_once"], "rows are left out because no other row has their label"),
        (fixed["repaired"], "rows are repaired: they were read in a wrong encoding"),
        (fixed["replaced"], "rows have spaces for tabs, line ends or zero bytes, which the file "
         "cannot hold"),
        (fixed["contradictory"], "inputs with different labels are kept; correct them by hand"),
    ):  # fmt: skip
        if count:
            yield from _wrapped(f"{count:,} {text}")


def _title(text: str) -> str:
    return click.style(text, bold=True)


def _table(text: str) -> Iterator[str]:
    return (INDENT + line for line in text.split("\n"))


def _right(table: list[list[str]]) -> list[list[str]]:
    """Numbers end at the same place; the first column starts there."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        [line[0], *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]
        for line in table
    ]


def _short(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 3]}..."


def _wrapped(text: str, *, indent: str = INDENT, hanging: str | None = None) -> list[str]:
    """Lines of at most 96 characters."""
    import textwrap

    further = indent + INDENT if hanging is None else hanging
    return textwrap.wrap(text, 96, initial_indent=indent, subsequent_indent=further)
