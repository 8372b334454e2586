"""Forecasting: a training step beside PyTorch, windows beside training, many series at once.

Run: `.venv/bin/python benchmarks/forecasting.py` after `pip install -e '.[bench]'`. The model is
the preset etth1: a GRU of 128 over segments of 48 hours of 720, 7 channels each by itself, 96 hours
ahead, 64 windows a step. Values are drawn, weights untrained. Training steps take turns, see
`turns`; the rest is timed one after the other in one process. Beside other work,
`taskset -c 0 .venv/bin/python benchmarks/forecasting.py --processor-time` compares the steps alone
by what one core computes for them.
"""

import argparse
import functools
import os
import statistics
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from turns import measured, ratio

CHANNELS, STEPS, BATCH = 7, 8640, 64
SERIES = 1000  # that are forecast at once
PRESET = "etth1"


def made(preset=PRESET, channels=CHANNELS):
    """(task, settings, cases, model, features) of a preset, or of the defaults, on drawn values."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    from seqapps import registry, settings
    from seqapps.training.train import build

    task, folder = registry.load("forecasting"), registry.find("forecasting").folder
    values = task.settings
    if preset:
        values = settings.preset(values, Path(folder), preset)
    random = np.random.default_rng(0)
    row = {
        "series": "drawn",
        "times": np.arange(STEPS, dtype="int64") * 3600,
        "values": random.normal(size=[STEPS, channels]).cumsum(axis=0).astype("float32"),
        "names": "\n".join(f"c{n}" for n in range(channels)),
        "training": STEPS,
    }
    values = task.settle(replace(values, season=24), [row])
    task = task.under(values)
    state = task.fit([row], values)
    model, features = build(task, values, state, seed=0)
    return task, values, task.list_cases([row], values), model, features


def ours():
    """The step of a run, with all that a run does, on windows that are there."""
    task, _, cases, model, features = made()
    import tensorflow as tf

    from seqapps.data.batching import batch_of
    from seqapps.training import backend

    backend.watch(model)
    data = features.pair(batch_of(cases[:BATCH], task.columns))
    batches = iter(tf.data.Dataset.from_tensors(data).repeat())
    model.make_train_function()
    return lambda: float(model.train_function(batches)["loss"])


def torch():
    """The same with PyTorch."""
    import torch
    from torch import nn

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    lookback, horizon, segment, units = 720, 96, 48, 128

    class SegRNN(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Linear(segment, units)
            self.gru = nn.GRU(units, units, batch_first=True)
            self.places = nn.Parameter(0.05 * torch.randn(horizon // segment, units))
            self.channels = nn.Parameter(0.05 * torch.randn(CHANNELS, units))
            self.drop, self.head = nn.Dropout(0.4), nn.Linear(units, segment)

        def forward(self, values):  # [batch, lookback, channels]
            last = values[:, -1:]
            own = (values - last).transpose(1, 2).reshape(-1, lookback // segment, segment)
            _, state = self.gru(torch.relu(self.embed(own)))  # [1, rows, units]
            count = len(self.places)
            rows = state.shape[1]
            channels = self.channels.repeat(rows // CHANNELS, 1)[:, None]
            places = (self.places[None] + channels).reshape(-1, 1, units)
            found, _ = self.gru(places, state.repeat_interleave(count, dim=1))
            found = self.head(self.drop(found)).reshape(-1, CHANNELS, horizon).transpose(1, 2)
            return found + last

    model = SegRNN()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    random = np.random.default_rng(0)
    values = torch.from_numpy(random.normal(size=[BATCH, lookback, CHANNELS]).astype("float32"))
    truth = torch.from_numpy(random.normal(size=[BATCH, horizon, CHANNELS]).astype("float32"))

    def step():
        optimizer.zero_grad()
        loss = (model(values) - truth).abs().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.item()

    return step


def windows(batches: int = 40) -> None:
    """How many windows are cut, filled and scaled a second, and how many are trained on."""
    task, _, cases, model, features = made()
    from seqapps.data.batching import pipeline

    random = np.random.default_rng(0)
    plan = [random.choice(len(cases), BATCH) for _ in range(batches)]
    data = pipeline(cases, lambda: plan, task.columns, features.pair)

    def drained() -> float:
        start = time.perf_counter()
        for _ in data:
            pass
        return time.perf_counter() - start

    drained()
    made_in = statistics.median(drained() for _ in range(3))
    ready = data.cache().repeat()
    fit = functools.partial(model.fit, ready, steps_per_epoch=batches, shuffle=False, verbose=0)
    fit()
    start = time.perf_counter()
    fit()
    trained_in = time.perf_counter() - start
    count = batches * BATCH
    print(
        f"windows: {count / made_in:,.0f} a second are made, {count / trained_in:,.0f} a second "
        f"trained on: {trained_in / made_in:.1f} times"
    )


def at_once(preset: str | None, channels: int) -> None:
    """Forecasts of many series in one call beside a call for each."""
    task, _, cases, model, features = made(preset, channels)
    from seqapps.data.batching import batch_of
    from seqapps.predict import traced

    serve = traced(features, model, method="respond", inputs=task.inputs)
    raw = batch_of([cases[place] for place in range(SERIES)], task.inputs)
    one = {name: tensor[:1] for name, tensor in raw.items()}
    serve(raw), serve(one)

    def seconds(call) -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    together = statistics.median(seconds(lambda: serve(raw)) for _ in range(3))
    single = statistics.median(seconds(lambda: serve(one)) for _ in range(30))
    print(
        f"{preset or 'defaults'}, {SERIES:,} series of {channels} channels: {together:.2f} s in "
        f"one call, {SERIES * single:.2f} s in a call each: {SERIES * single / together:.1f} times"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--turns", type=int, default=7)
    arguments.add_argument("--processor-time", action="store_true")
    given = arguments.parse_args()
    clock = time.process_time if given.processor_time else time.perf_counter
    contenders = {"ours": (ours, ()), "PyTorch": (torch, ())}
    spent, first = measured(contenders, given.turns, clock=clock)
    for name, times in spent.items():
        print(f"{name}: {1000 * statistics.median(times):.1f} ms a step, first {first[name]:.1f} s")
    print(f"PyTorch takes {ratio(spent, 'PyTorch', 'ours'):.2f} times as long as ours")
    if given.processor_time:
        return
    windows()
    at_once(PRESET, CHANNELS)
    at_once(None, 1)


if __name__ == "__main__":
    main()
