"""How fast batches are made beside how fast a model takes them, with tensors kept and made anew.

Sentiment on `sample:rotten-tomatoes`, an epoch of the pipeline alone and an epoch of `fit` on it,
in turns; each figure is the median over the turns. The steps alone are those on batches that lie
in memory.

    .venv/bin/python benchmarks/pipeline.py [--turns 5]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODELS = {"default (wide and deep)": {}, "LSTM alone": {"wide": False}}


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def drain(data: Any) -> None:
    """Read an epoch and do nothing with it."""
    for _ in data:
        pass


def measure(task: Any, settings: Any, cases: Any, turns: int) -> dict[str, float]:
    """Seconds of an epoch, by what is done."""
    import tensorflow as tf

    from seqapps.data.batching import pipeline
    from seqapps.data.paired import source_of
    from seqapps.training.rounds import Rounds
    from seqapps.training.train import build

    model, features = build(task, settings, task.fit(iter(cases), settings), seed=0)
    rounds = Rounds(task, cases, settings, seed=0)
    anew = pipeline(cases, lambda: rounds.batches(0), task.columns, features.pair)
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        sources = {}

        def keep(place: str, most: int) -> None:
            source = source_of(
                task, settings, features, cases, folder=Path(folder), max_memory=most
            )
            sources[f"kept {place}"] = source(lambda: rounds.batches(0))

        found["keeping, once"] = [seconds(lambda: keep("in memory", 2**40))]
        keep("on disk", 0)
        batches = list(anew)
        ready = tf.data.Dataset.from_generator(
            lambda: iter(batches), output_signature=anew.element_spec
        )
        pipelines = {"anew": anew, **sources}
        fitted = {"ready": ready, **pipelines}
        for turn in range(turns + 1):  # the first one traces
            for name, data in pipelines.items():
                found.setdefault(f"pipeline, {name}", []).append(seconds(lambda d=data: drain(d)))
            for name, data in fitted.items():
                fit = lambda d=data: model.fit(  # noqa: E731
                    d, steps_per_epoch=len(batches), shuffle=False, verbose=0
                )
                found.setdefault(f"fit, {name}", []).append(seconds(fit))
            if not turn:
                found = {name: times for name, times in found.items() if "once" in name}
    return {name: statistics.median(times) for name, times in found.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--turns", type=int, default=5)
    turns = arguments.parse_args().turns

    from seqapps import registry, start
    from seqapps.data.load import load
    from seqapps.settings import replace

    start.tensorflow()
    task = registry.load("sentiment")
    cases = load(task, "sample:rotten-tomatoes").splits["train"]
    for name, values in MODELS.items():
        found = measure(task, replace(task.settings, values, where=name), cases, turns)
        print(f"\n{name}, seconds of an epoch")
        for what, spent in found.items():
            ratio = found["fit, ready"] / spent
            print(f"  {what:28} {spent:7.3f}   {ratio:6.2f} x as fast as the steps alone")


if __name__ == "__main__":
    main()
