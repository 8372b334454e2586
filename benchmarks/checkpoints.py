"""What it costs that a killed run ends as one never killed: deterministic operations, checkpoints.

The default settings of sentiment on `sample:rotten-tomatoes`, and other encoders. Determinism
cannot be switched off again in a process, so two kinds of processes take turns; what is compared
ran within the same minutes. A step is one of `fit` on batches that lie in memory: the pipeline is
left out. Of several takes the quickest counts, which other work on the machine slows least.

    .venv/bin/python benchmarks/checkpoints.py [--turns 2] [--steps 60]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MODELS = {
    "default (wide and deep)": {},
    "LSTM alone": {"wide": False},
    "self-attention": {"wide": False, "encoder": "attention"},
    "vocabulary 30,000, embedding 256": {"wide": False, "vectors": "none", "embedding": 256},
}
TAKES = 5


def measure(deterministic: bool, steps: int) -> dict[str, dict[str, float]]:
    """Of every model: milliseconds a step, steps of an epoch, seconds and bytes of a checkpoint."""
    import tensorflow as tf

    from seqapps import registry
    from seqapps.data.load import load
    from seqapps.settings import replace

    if not deterministic:
        tf.config.experimental.enable_op_determinism = lambda: None
    task = registry.load("sentiment")
    data = load(task, "sample:rotten-tomatoes")
    found = {}
    for name, changes in MODELS.items():
        settings = replace(task.settings, changes, where=name)
        found[name] = of_model(task, settings, list(data.splits["train"]), steps)
    return found


def of_model(task: Any, settings: Any, cases: list[Any], steps: int) -> dict[str, float]:
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
    takes = []
    for _ in range(1 + TAKES):
        started = time.perf_counter()
        model.fit(read, shuffle=False, verbose=0)
        takes.append((time.perf_counter() - started) / len(batches))
    seconds, size = of_checkpoint(model)
    return {
        "step": 1000 * min(takes[1:]),  # the first one traces
        "steps": rounds.steps_per_epoch / rounds.per_epoch,
        "checkpoint": seconds,
        "size": size,
    }


def of_checkpoint(model: Any) -> tuple[float, int]:
    """(seconds to save, flushed to the disk; bytes), in the folder of runs' own file system."""
    from seqapps.training import checkpoint
    from seqapps.training.checkpoint import Position

    takes = []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as scratch:
        for number in range(1, 1 + TAKES):
            position = Position(rounds_done=number, best_round=1, best_before=min(1, number - 1))
            started = time.perf_counter()
            checkpoint.save(Path(scratch), model, position)
            takes.append(time.perf_counter() - started)
        size = max(file.stat().st_size for file in Path(scratch).iterdir())
    return statistics.median(takes), size


def child(*arguments: str) -> dict[str, dict[str, float]]:
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=2, help="processes of each kind")
    parser.add_argument("--steps", type=int, default=60, help="batches of a take")
    parser.add_argument("--child", choices=("deterministic", "free"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(json.dumps(measure(given.child == "deterministic", given.steps)))
        return
    kinds: dict[str, list[dict[str, dict[str, float]]]] = {"deterministic": [], "free": []}
    for _ in range(given.turns):
        for kind, turns in kinds.items():
            turns.append(child("--child", kind, "--steps", str(given.steps)))
    print("| model | ms/step | not deterministic | ratio | checkpoint, MB | seconds | of a round |")
    print("|---|---|---|---|---|---|---|")
    for name in MODELS:
        sure, free = ([turn[name] for turn in turns] for turns in kinds.values())
        step, other = (min(turn["step"] for turn in turns) for turns in (sure, free))
        saving = min(turn["checkpoint"] for turn in sure)
        a_round = sure[0]["steps"] * step / 1000
        print(
            f"| {name} | {step:.1f} | {other:.1f} | {step / other:.2f} "
            f"| {sure[0]['size'] / 1e6:.1f} | {saving:.3f} | {saving / (saving + a_round):.1%} |"
        )


if __name__ == "__main__":
    main()
