"""What it costs that a killed run ends as one never killed: deterministic operations, checkpoints.

The default settings of sentiment on `sample:rotten-tomatoes`, and other encoders. Determinism
cannot be switched off again in a process, so there are two, one of each kind, which take turns: a
take of one is followed at once by a take of the other, and their ratio is the median over the
pairs, which other work on the machine disturbs least. A step is one of `fit` on batches that lie in
memory: the pipeline is left out.

    .venv/bin/python benchmarks/checkpoints.py [--takes 9] [--steps 30]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODELS = {
    "default (wide and deep)": {},
    "LSTM alone": {"wide": False},
    "self-attention": {"wide": False, "encoder": "attention"},
    "vocabulary 30,000, embedding 256": {"wide": False, "vectors": "none", "embedding": 256},
}
SAVED = 5  # checkpoints


class Taker:
    """A process that holds a model and measures it when it is told to."""

    def __init__(self, kind: str, steps: int) -> None:
        command = [sys.executable, __file__, "--child", kind, "--steps", str(steps)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True,
        )  # fmt: skip

    def ask(self, what: str) -> Any:
        """The answer to "model NAME", "take" (seconds a step) or "facts"."""
        assert self._process.stdin and self._process.stdout
        print(what, file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def end(self) -> None:
        self._process.communicate()


def answer_questions(deterministic: bool, steps: int) -> None:
    """What a `Taker`'s process does."""
    import tensorflow as tf

    from seqapps import registry
    from seqapps.data.load import load
    from seqapps.settings import replace

    if not deterministic:
        tf.config.experimental.enable_op_determinism = lambda: None
    task = registry.load("sentiment")
    cases = list(load(task, "sample:rotten-tomatoes").splits["train"])
    for line in sys.stdin:
        what, _, name = line.strip().partition(" ")
        if what == "model":
            settings = replace(task.settings, MODELS[name], where=name)
            take, facts = of_model(task, settings, cases, steps)
            take()  # the first one traces
        answers = {"model": lambda: None, "take": take, "facts": facts}
        print(json.dumps(answers[what]()), flush=True)


def of_model(
    task: Any, settings: Any, cases: list[Any], steps: int
) -> tuple[Callable[[], float], Callable[[], dict[str, float]]]:
    """(seconds a step, when it is called; seconds and bytes of a checkpoint, steps of a round)."""
    import tensorflow as tf

    from seqapps.data.batching import pipeline
    from seqapps.training.rounds import Rounds
    from seqapps.training.train import build

    model, features = build(task, settings, task.fit(iter(cases), settings), seed=0)
    rounds = Rounds(task, cases, settings, seed=0)
    chosen = rounds.batches(0)[:steps]
    batches = list(pipeline(cases, lambda: chosen, task.columns, features.pair))
    read = tf.data.Dataset.from_generator(
        lambda: iter(batches),
        output_signature=tf.nest.map_structure(
            lambda first: tf.TensorSpec([None] * len(first.shape), first.dtype), batches[0]
        ),
    )
    read = read.apply(tf.data.experimental.assert_cardinality(len(batches)))

    def take() -> float:
        started = time.perf_counter()
        model.fit(read, shuffle=False, verbose=0)
        return (time.perf_counter() - started) / len(batches)

    def facts() -> dict[str, float]:
        seconds, size = of_checkpoint(model)
        return {"seconds": seconds, "size": size, "steps": len(rounds.batches(0))}

    return take, facts


def of_checkpoint(model: Any) -> tuple[float, int]:
    """(seconds to save, flushed to the disk; bytes), in the folder of runs' own file system."""
    from seqapps.training import checkpoint
    from seqapps.training.checkpoint import Position

    takes = []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as scratch:
        for number in range(1, 1 + SAVED):
            position = Position(rounds_done=number, best_round=1, best_before=min(1, number - 1))
            started = time.perf_counter()
            checkpoint.save(Path(scratch), model, position)
            takes.append(time.perf_counter() - started)
        size = max(file.stat().st_size for file in Path(scratch).iterdir())
    return statistics.median(takes), size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--takes", type=int, default=9, help="of each kind and model")
    parser.add_argument("--steps", type=int, default=30, help="batches of a take")
    parser.add_argument("--child", choices=("deterministic", "free"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        answer_questions(given.child == "deterministic", given.steps)
        return
    takers = [Taker(kind, given.steps) for kind in ("deterministic", "free")]
    print("| model | ms/step | of one not deterministic | checkpoint, MB | seconds | of a round |")
    print("|---|---|---|---|---|---|")
    for name in MODELS:
        for taker in takers:
            taker.ask(f"model {name}")
        pairs = [[taker.ask("take") for taker in takers] for _ in range(given.takes)]
        ratio = statistics.median(sure / free for sure, free in pairs)
        step = statistics.median(sure for sure, _ in pairs)
        facts = takers[0].ask("facts")
        saving = facts["seconds"]
        share = saving / (saving + facts["steps"] * step)
        print(
            f"| {name} | {1000 * step:.1f} | {ratio:.2f} | {facts['size'] / 1e6:.1f} "
            f"| {saving:.3f} | {share:.1%} |",
            flush=True,
        )
    for taker in takers:
        taker.end()


if __name__ == "__main__":
    main()
