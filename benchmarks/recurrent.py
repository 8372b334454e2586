"""A whole training step of recurrent models: our layers, Keras's, Keras compiled, and PyTorch.

They take turns, see `turns`. Needs the extra `bench`: pip install -e '.[bench]'.
"""

import argparse
import os
import statistics
from dataclasses import dataclass

import numpy as np
from turns import measured, ratio

VOCABULARY = 10_000
CONTENDERS = ("ours", "keras", "jit")


@dataclass(frozen=True)
class Shape:
    batch: int
    time: int
    inputs: int
    units: int
    both: bool = False  # bidirectional
    every: bool = False  # a language model: an answer over the vocabulary at every step

    def __str__(self):
        kind = ", both directions" if self.both else ", next word" if self.every else ""
        return (
            f"batch {self.batch}, time {self.time}, input {self.inputs}, units {self.units}{kind}"
        )


SHAPES = [
    Shape(64, 128, 128, 512),
    Shape(32, 128, 64, 256),
    Shape(32, 200, 128, 64),
    Shape(32, 64, 256, 512, every=True),
    Shape(64, 50, 50, 64),
    Shape(64, 50, 50, 64, both=True),
]


def data(shape):
    """(ids [batch, time], labels [batch] or [batch, time])."""
    random = np.random.default_rng(0)
    ids = random.integers(1, VOCABULARY, [shape.batch, shape.time])
    labels = random.integers(0, VOCABULARY, ids.shape) if shape.every else ids[:, 0] % 2
    return ids, labels


def keras_step(contender, kind, shape):
    """A function that takes one step of training and gives the loss."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    import keras
    import tensorflow as tf

    from seqapps.layers import recurrent
    from seqapps.training.adam import Adam

    ours = contender == "ours"
    reader = getattr(recurrent if ours else keras.layers, kind)
    reader = reader(shape.units, return_sequences=shape.every)
    model = keras.Sequential(
        [
            keras.Input([None], dtype="int64"),
            keras.layers.Embedding(VOCABULARY, shape.inputs),
            keras.layers.Bidirectional(reader) if shape.both else reader,
            keras.layers.Dense(VOCABULARY if shape.every else 2),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    adam = (Adam if ours else keras.optimizers.Adam)(1e-3)
    model.compile(adam, loss, jit_compile=contender == "jit")
    model.make_train_function()
    batches = iter(tf.data.Dataset.from_tensors(data(shape)).repeat())
    return lambda: float(model.train_function(batches)["loss"])


def torch_step(kind, shape):
    """The same with PyTorch."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(VOCABULARY, shape.inputs)
            self.reader = getattr(torch.nn, kind)(
                shape.inputs, shape.units, batch_first=True, bidirectional=shape.both
            )
            width = shape.units * (1 + shape.both)
            self.out = torch.nn.Linear(width, VOCABULARY if shape.every else 2)

        def forward(self, ids):
            states, last = self.reader(self.embedding(ids))
            if shape.every:
                return self.out(states).transpose(1, 2)
            hidden = last[0] if kind == "LSTM" else last
            return self.out(hidden.transpose(0, 1).flatten(1))

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    loss_of = torch.nn.CrossEntropyLoss()
    ids, labels = map(torch.from_numpy, data(shape))

    def step():
        optimizer.zero_grad()
        loss = loss_of(model(ids), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", choices=("LSTM", "GRU"), default="LSTM")
    parser.add_argument("--turns", type=int, default=10)
    given = parser.parse_args()
    print(f"| {given.kind} | ours, ms | Keras | Keras, jit | PyTorch | Keras / ours "
          "| PyTorch / ours | first step, s: ours (Keras, jit) |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    ratios = []
    for shape in SHAPES:
        makers = {name: (keras_step, (name, given.kind, shape)) for name in CONTENDERS}
        makers["torch"] = (torch_step, (given.kind, shape))
        spent, first = measured(makers, given.turns)
        ratios.append(ratio(spent, "torch", to="ours"))
        cells = [f"{1000 * statistics.median(times):.1f}" for times in spent.values()]
        cells += [f"{ratio(spent, 'keras', to='ours'):.2f}", f"{ratios[-1]:.2f}"]
        cells.append(f"{first['ours']:.1f} ({first['keras']:.1f}, {first['jit']:.1f})")
        print(f"| {shape} | {' | '.join(cells)} |", flush=True)
    mean = statistics.geometric_mean(ratios)
    print(f"\nPyTorch / ours: geometric mean {mean:.2f}, least {min(ratios):.2f}")


if __name__ == "__main__":
    main()
