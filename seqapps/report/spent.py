"""What a run cost, for its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seqapps import cost
from seqapps.report.verdict import shown_seconds
from seqapps.runs import Run


def cost_lines(run: Run, history: Sequence[dict[str, float]]) -> list[dict[str, str]]:
    """A line for each stage, and their sum; training's is that of its rounds."""
    stages = {line["stage"]: line for line in cost.read(run.cost)}
    stages["train"] = {
        "wall_seconds": sum(row["seconds"] for row in history),
        "cpu_seconds": sum(row["cpu_seconds"] for row in history),
        "peak_memory": None,
    }
    known = [name for name in ("prepare", "train", "export", "evaluate") if name in stages]
    whole = {
        "wall_seconds": sum(stages[name]["wall_seconds"] for name in known),
        "cpu_seconds": sum(stages[name]["cpu_seconds"] for name in known),
        "peak_memory": max((stages[name]["peak_memory"] or 0 for name in known), default=0),
    }
    titles = {
        "prepare": "prepare: read, split, fit the features",
        "train": "train",
        "export": "export and prove",
        "evaluate": "evaluate, with the baselines",
    }
    lines = [(titles[name], stages[name]) for name in known] + [("all", whole)]
    return [
        {
            "stage": name,
            "wall": shown_seconds(line["wall_seconds"]),
            "cpu": shown_seconds(line["cpu_seconds"]),
            "memory": shown_bytes(line["peak_memory"]) if line["peak_memory"] else "",
        }
        for name, line in lines
    ]


def speed_lines(evaluation: Mapping[str, Any]) -> list[dict[str, str]]:
    """Seconds to fit and milliseconds to answer a case, of everyone who was judged."""
    seconds, count = evaluation["seconds"], evaluation["cases"]
    found = []
    for name in ("model", *evaluation.get("parts", {}), *evaluation["baselines"]):
        fitting = seconds["train"] if name == "model" else seconds.get(f"fit {name}")
        answering = 1000 * seconds[f"answer test {name}"] / count
        found.append(
            {
                "name": name,
                "fit": "" if fitting is None else shown_seconds(fitting),
                "answer": f"{answering:.2f}",
            }
        )
    return found


def reading(history: Sequence[dict[str, float]]) -> str:
    """What training read, and how fast; "" where its batches have no lengths.

    >>> row = {"tokens": 750, "padding": 0.25, "seconds": 2.0}
    >>> reading([row, row])
    '1,500 tokens in 2 rounds, 375 a second with validation; padding was 25.0 % of the steps'
    """
    if "tokens" not in history[0]:
        return ""
    tokens = sum(row["tokens"] for row in history)
    computed = sum(row["tokens"] / (1 - row["padding"]) for row in history)
    rate = tokens / max(sum(row["seconds"] for row in history), 1e-9)
    return (
        f"{tokens:,.0f} tokens in {len(history)} rounds, {rate:,.0f} a second with validation; "
        f"padding was {100 * (1 - tokens / computed):.1f} % of the steps"
    )


def shown_bytes(size: int) -> str:
    """In the largest unit of which there is one.

    >>> shown_bytes(1_530_000_000)
    '1.5 GB'
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
