"""A training step of the preset zaremba-small: ours, with all that a run does, and PyTorch.

Run: `.venv/bin/python benchmarks/training_words.py` after `pip install -e '.[bench]'`. Two LSTM
layers of 200, 10,000 words, 20 rows of 35 steps that carry their state, clipped gradient descent.
Ours is the step that a run takes, with deterministic operations and the norm of every gradient
watched; --preset words and --set sampled=1000 are measured beside it.
"""

import argparse
import os
import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
from turns import measured, ratio

WORDS, ROWS, STEPS, UNITS = 10_000, 20, 35, 200


def batch():
    """(ids [rows, steps], targets [rows, steps])."""
    shares = 1 / np.arange(1, WORDS + 1)
    text = np.random.default_rng(0).choice(WORDS, [ROWS, STEPS + 1], p=shares / shares.sum()) + 3
    return text[:, :-1].astype("int32"), text[:, 1:].astype("int32")


def ours(preset, sampled=0):
    """The step of a run of the task language_model."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    import tensorflow as tf

    from seqapps import registry, settings
    from seqapps.training import backend
    from seqapps.training.train import build

    task, folder = registry.load("language_model"), registry.find("language_model").folder
    values = replace(settings.preset(task.settings, Path(folder), preset), sampled=sampled)
    words = [str(number) for number in range(WORDS)]
    state = {"tokens": "words", "punctuation": False, "vocabulary": words, "styles": []}
    model, _ = build(task.under(values), values, state, seed=0)
    backend.watch(model)
    ids, targets = batch()
    inputs = {"ids": ids, "keep": np.ones([ROWS, 1], "float32"), "targets": targets}
    data = ({name: inputs[name] for name in model.input}, targets)
    batches = iter(tf.data.Dataset.from_tensors(data).repeat())
    model.make_train_function()
    return lambda: float(model.train_function(batches)["loss"])


def torch():
    """The same with PyTorch."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    embedding = torch.nn.Embedding(WORDS + 3, UNITS)
    reader = torch.nn.LSTM(UNITS, UNITS, 2, batch_first=True)
    out = torch.nn.Linear(UNITS, WORDS + 3)
    weights = [*embedding.parameters(), *reader.parameters(), *out.parameters()]
    optimizer = torch.optim.SGD(weights, 35.0)
    ids, targets = (torch.from_numpy(value).long() for value in batch())
    carried = [torch.zeros(2, ROWS, UNITS) for _ in range(2)]

    def step():
        optimizer.zero_grad()
        hidden, after = reader(embedding(ids), tuple(state.detach() for state in carried))
        carried[:] = after
        loss = torch.nn.functional.cross_entropy(out(hidden).flatten(0, 1), targets.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 5 / 35)
        optimizer.step()
        return loss.item()

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=10)
    turns = parser.parse_args().turns
    contenders = {
        "zaremba-small": (ours, ("zaremba-small",)),
        "zaremba-small, PyTorch": (torch, ()),
        "zaremba-small, sampled 1000": (ours, ("zaremba-small", 1000)),
        "words": (ours, ("words",)),
        "words, sampled 1000": (ours, ("words", 1000)),
    }
    spent, _ = measured(contenders, turns)
    print("| a step of | ms | words/s | time / zaremba-small |\n|---|---|---|---|")
    for name, times in spent.items():
        seconds = statistics.median(times)
        print(f"| {name} | {1000 * seconds:.1f} | {ROWS * STEPS / seconds:,.0f} "
              f"| {ratio(spent, name, to='zaremba-small'):.2f} |")  # fmt: skip


if __name__ == "__main__":
    main()
