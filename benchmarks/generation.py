"""Characters written per second: the export's graph, a loop over `model.predict`, and PyTorch.

Run: `.venv/bin/python benchmarks/generation.py` after `pip install -e '.[bench]'`. All have the
same sizes and untrained weights: a character LSTM draws TOKENS characters at temperature 1. The
loop over `model.predict` gives the last WINDOW characters anew for each (what is usually shown for
Keras models); PyTorch carries its state. Each has a process of its own and they take turns; a
ratio is the median over the turns.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from dataclasses import dataclass, replace

import numpy as np

CHARACTERS = 97  # different ones
TOKENS = 500
WINDOW = 100
BOUNDARY = 1  # the token that ends a document
SLOW = 25  # tokens of the loop over `model.predict`
CONTENDERS = ("graph", "loop", "torch")


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


def graph(shape, batch):
    """A function that draws so many tokens by the exported signature `generate`."""
    import tensorflow as tf

    from seqapps.export.signatures import module_of

    folder = tempfile.mkdtemp()
    module, functions = module_of(*task_parts(shape))
    tf.saved_model.save(module, folder, signatures=functions)
    loaded = tf.saved_model.load(folder)
    generate = loaded.signatures["generate"]

    def draw(tokens):
        def full(value, kind):
            return tf.fill([batch], tf.constant(value, kind))

        told = generate(
            prompt=tf.constant([f"row {number}" for number in range(batch)]),
            max_tokens=full(tokens, tf.int32), temperature=full(1.0, tf.float32),
            top_k=full(0, tf.int32), top_p=full(1.0, tf.float32), seed=full(3, tf.int32),
        )  # fmt: skip
        return told["log_probability"].numpy(), loaded  # which keeps the variables alive

    return draw


def loop(shape, batch):
    """The same by `model.predict`, which reads the window anew for every character."""
    _, _, model, _ = task_parts(shape)
    keep = np.zeros([batch, 1], "float32")
    random = np.random.default_rng(0)

    def draw(tokens):
        ids = np.full([batch, WINDOW], 5, "int32")
        for _ in range(tokens):
            logits = model.predict(
                {"ids": ids[:, -WINDOW:], "keep": keep}, batch_size=batch, verbose=0
            )[:, -1]
            noisy = logits + random.gumbel(size=logits.shape)
            ids = np.concatenate([ids, noisy.argmax(-1)[:, None].astype("int32")], axis=1)

    return draw


def torch(shape, batch):
    """The same with PyTorch's LSTM, which carries its state."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    embedding = torch.nn.Embedding(3 + CHARACTERS, shape.embedding)
    reader = torch.nn.LSTM(shape.embedding, shape.units, shape.layers, batch_first=True)
    out = torch.nn.Linear(shape.units, 3 + CHARACTERS)

    @torch.inference_mode()
    def draw(tokens):
        ids, state = torch.full([batch, 6], 5), None
        hidden, state = reader(embedding(ids), state)
        for _ in range(tokens):
            shares = torch.softmax(out(hidden[:, -1]), -1)
            ids = torch.multinomial(shares, 1)
            hidden, state = reader(embedding(ids), state)

    return draw


def work(pipe, contender, shape, batch):
    """Take turns: at each message draw; answers the seconds a token took."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    draw = globals()[contender](shape, batch)
    tokens = SLOW if contender == "loop" else TOKENS
    draw(3)
    while pipe.recv():
        draw(3)  # wakes threads and caches
        start = time.perf_counter()
        draw(tokens)
        pipe.send((time.perf_counter() - start) / tokens)


def measured(shape, batch, turns):
    """{contender: [seconds a token, turn by turn]}."""
    context = multiprocessing.get_context("spawn")
    pipes = {}
    for name in CONTENDERS:
        pipes[name], other = context.Pipe()
        context.Process(target=work, args=(other, name, shape, batch), daemon=True).start()
    spent = {name: [] for name in CONTENDERS}
    for _ in range(turns):
        for name, pipe in pipes.items():
            pipe.send(True)
            spent[name].append(pipe.recv())
    for pipe in pipes.values():
        pipe.send(False)
    return spent


def by_length(shape):
    """Microseconds a token when 100 and when 4,000 are drawn."""
    draw = graph(shape, 1)
    found = {}
    for tokens in (100, 4000):
        draw(3)
        start = time.perf_counter()
        draw(tokens)
        found[tokens] = (time.perf_counter() - start) / tokens * 1e6
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=7)
    turns = parser.parse_args().turns
    print("| LSTM | batch | graph, characters/s | PyTorch | model.predict | PyTorch / graph "
          "| model.predict / graph |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    for shape in SHAPES:
        for batch in (1, 32):
            spent = measured(shape, batch, turns)
            rates = {name: batch / statistics.median(times) for name, times in spent.items()}
            ratios = {
                name: statistics.median(
                    other / own for other, own in zip(spent[name], spent["graph"], strict=True)
                )
                for name in ("torch", "loop")
            }
            print(f"| {shape} | {batch} | {rates['graph']:,.0f} | {rates['torch']:,.0f} "
                  f"| {rates['loop']:,.0f} | {ratios['torch']:.2f} | {ratios['loop']:.0f} |",
                  flush=True)  # fmt: skip
    found = by_length(SHAPES[0])
    print("\n" + ", ".join(f"{us:.0f} us a token of {n:,}" for n, us in found.items()))


if __name__ == "__main__":
    main()
