"""Characters written per second: the export's graph, a loop over `model.predict`, and PyTorch.

Run: `.venv/bin/python benchmarks/generation.py` after `pip install -e '.[bench]'`. All have the
same sizes and untrained weights: a character LSTM draws TOKENS characters at temperature 1. The
loop over `model.predict` gives the last WINDOW characters anew for each (what is usually shown for
Keras models); PyTorch carries its state. They take turns, see `turns`.
"""

import argparse
import os
import statistics
import tempfile
from dataclasses import dataclass, replace

import numpy as np
from turns import measured, ratio

CHARACTERS = 97  # different ones
TOKENS = 500
WINDOW = 100
BOUNDARY = 1  # the token that ends a document
SLOW = 25  # tokens of the loop over `model.predict`
LONG = 4000  # tokens, to see whether a token costs more the longer a text is


@dataclass(frozen=True)
class Shape:
    layers: int
    units: int
    embedding: int = 64

    def __str__(self):
        return f"{self.layers} layer{'s' if self.layers > 1 else ''} of {self.units}"


SHAPES = [Shape(1, 320), Shape(2, 512)]


def task_parts(shape):
    """(task, settings, model, features) of an untrained language model."""
    from seqapps import registry
    from seqapps.training.train import build

    task = registry.load("language_model")
    settings = replace(
        task.settings, layers=shape.layers, units=shape.units, embedding=shape.embedding
    )
    letters = [chr(33 + place) for place in range(CHARACTERS)]
    state = {"tokens": "characters", "punctuation": True, "vocabulary": letters, "styles": []}
    model, features = build(task.under(settings), settings, state, seed=0)
    bias = np.zeros(3 + CHARACTERS)
    bias[BOUNDARY] = -1e9  # else documents end, sooner or later, and nothing more is drawn
    model.get_layer("logits").bias.assign(bias)
    return task, settings, model, features


def graph(shape, batch, tokens=TOKENS):
    """A function that draws so many tokens by the exported signature `generate`."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    import tensorflow as tf

    from seqapps.export.signatures import module_of

    folder = tempfile.mkdtemp()
    module, functions = module_of(*task_parts(shape))
    tf.saved_model.save(module, folder, signatures=functions)
    loaded = tf.saved_model.load(folder)
    generate = loaded.signatures["generate"]

    def draw():
        def full(value, kind):
            return tf.fill([batch], tf.constant(value, kind))

        told = generate(
            prompt=tf.constant([f"row {number}" for number in range(batch)]),
            max_tokens=full(tokens, tf.int32), temperature=full(1.0, tf.float32),
            top_k=full(0, tf.int32), top_p=full(1.0, tf.float32), seed=full(3, tf.int32),
        )  # fmt: skip
        return told["log_probability"].numpy(), loaded  # which keeps the variables alive

    return draw


def loop(shape, batch, tokens=SLOW):
    """The same by `model.predict`, which reads the window anew for every character."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    _, _, model, _ = task_parts(shape)
    keep = np.zeros([batch, 1], "float32")
    random = np.random.default_rng(0)

    def draw():
        ids = np.full([batch, WINDOW], 5, "int32")
        for _ in range(tokens):
            logits = model.predict(
                {"ids": ids[:, -WINDOW:], "keep": keep}, batch_size=batch, verbose=0
            )[:, -1]
            noisy = logits + random.gumbel(size=logits.shape)
            ids = np.concatenate([ids, noisy.argmax(-1)[:, None].astype("int32")], axis=1)

    return draw


def torch(shape, batch, tokens=TOKENS):
    """The same with PyTorch's LSTM, which carries its state."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    embedding = torch.nn.Embedding(3 + CHARACTERS, shape.embedding)
    reader = torch.nn.LSTM(shape.embedding, shape.units, shape.layers, batch_first=True)
    out = torch.nn.Linear(shape.units, 3 + CHARACTERS)

    @torch.inference_mode()
    def draw():
        ids, state = torch.full([batch, 6], 5), None
        hidden, state = reader(embedding(ids), state)
        for _ in range(tokens):
            shares = torch.softmax(out(hidden[:, -1]), -1)
            ids = torch.multinomial(shares, 1)
            hidden, state = reader(embedding(ids), state)

    return draw


def contenders(shape, batch):
    """What takes turns, and how many tokens a step of each draws."""
    found = {"graph": (graph, TOKENS), "torch": (torch, TOKENS), "loop": (loop, SLOW)}
    if batch == 1:
        found["long"] = (graph, LONG)
    makers = {name: (maker, (shape, batch, tokens)) for name, (maker, tokens) in found.items()}
    return makers, {name: tokens for name, (_, tokens) in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=7)
    turns = parser.parse_args().turns
    print("| LSTM | batch | graph, characters/s | PyTorch | model.predict | graph / PyTorch "
          f"| graph / model.predict | a token of {LONG:,} / one of {TOKENS} |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    for shape in SHAPES:
        for batch in (1, 32):
            makers, tokens = contenders(shape, batch)
            spent, _ = measured(makers, turns)
            spent = {name: [t / tokens[name] for t in each] for name, each in spent.items()}
            cells = [f"{batch / statistics.median(spent[name]):,.0f}"
                     for name in ("graph", "torch", "loop")]  # fmt: skip
            cells.append(f"{ratio(spent, 'torch', to='graph'):.2f}")
            cells.append(f"{ratio(spent, 'loop', to='graph'):.0f}")
            cells.append(f"{ratio(spent, 'long', to='graph'):.2f}" if "long" in spent else "")
            print(f"| {shape} | {batch} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
