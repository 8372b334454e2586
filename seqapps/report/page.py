"""The report of a run: verdict, table, learning curves, settings, how to serve it."""

from __future__ import annotations

import csv
import io
import json
from importlib import resources
from typing import Any

from seqapps import files
from seqapps.export import manifest
from seqapps.export.manifest import EXTRA
from seqapps.report.verdict import table, verdict
from seqapps.runs import Run

INK = "#808080"
COLOURS = ("#1f6feb", "#d9730d", "#2da44e", "#8250df", "#cf222e")


def page(run: Run) -> str:
    """HTML that needs nothing else: no script, no outside request."""
    import jinja2

    evaluation = files.read_json(run.evaluation)
    source = resources.files("seqapps.report").joinpath("page.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(source).render(
        evaluation=evaluation,
        verdict=verdict(evaluation),
        table=table(evaluation),
        record=run.read_record(),
        manifest=manifest.read(run.model),
        proof=files.read_json(run.model / EXTRA / "proof.json"),
        golden=_golden_request(run),
        curves=[curve(title, series) for title, series in _series(_history(run)).items()],
        rounds=len(_history(run)),
        run=run.folder.name,
    )


def curve(title: str, series: dict[str, list[float]]) -> str:
    """A learning curve as inline SVG, in colours that read on a light and on a dark page."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(4.2, 2.8), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    for (name, values), colour in zip(series.items(), COLOURS, strict=False):
        axes.plot(range(1, len(values) + 1), values, marker="o", ms=3, color=colour, label=name)
    only = f" ({next(iter(series))})" if len(series) == 1 else ""
    axes.set_title(f"{title}{only}", fontsize=10, color=INK)
    axes.set_xlabel("round", fontsize=9, color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    axes.tick_params(labelsize=8, colors=INK)
    axes.spines[:].set_color(INK)
    axes.spines[["top", "right"]].set_visible(False)
    if len(series) > 1:
        axes.legend(fontsize=8, frameon=False, labelcolor=INK)
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]  # without the XML head, which has no place inside a page


def _history(run: Run) -> list[dict[str, float]]:
    with run.history.open(encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def _series(history: list[dict[str, float]]) -> dict[str, dict[str, list[float]]]:
    names = [name for name in history[0] if name not in ("round", "steps", "seconds")]
    curves: dict[str, dict[str, list[float]]] = {}
    for name in names:
        title = name.removeprefix("valid_")
        part = "validation" if name.startswith("valid_") else "training"
        curves.setdefault(title, {})[part] = [row[name] for row in history]
    return curves


def _golden_request(run: Run) -> dict[str, Any]:
    """The first golden row as a REST request, with the answer to expect."""
    record = files.read_json(run.model / EXTRA / "golden.json")[0]
    row = {name: values[0] for name, values in record["inputs"].items()}
    answer = {name: values[0] for name, values in record["outputs"].items()}
    body = json.dumps({"instances": [row]}, ensure_ascii=False)
    quoted = body.replace("'", "'\\''")
    return {"body": quoted, "answer": json.dumps({"predictions": [answer]}, ensure_ascii=False)}
