"""How fast tokens are drawn, without a model: its logits are looked up in a table.

Run: `.venv/bin/python benchmarks/sampling.py`. The shares of a row fall as 1 / rank^1.2, which is
flatter than most that a trained model gives, so that top_p has many tokens to keep. The best of
three takes of 500 tokens each.
"""

import time

import numpy as np
import tensorflow as tf

from seqapps.decoding.randomness import keys
from seqapps.decoding.sampling import sample

TOKENS = 500
WAYS = {  # temperature, top_k, top_p
    "temperature 0": (0.0, 0, 1.0),
    "temperature 1": (1.0, 0, 1.0),
    "top_k 40": (1.0, 40, 1.0),
    "top_p 0.9": (1.0, 0, 0.9),
    "top_k 40, top_p 0.9": (1.0, 40, 0.9),
}


def generator(vocabulary: int):
    """A function that draws TOKENS of a table's logits for the rows of a batch."""
    shares = 1 / np.arange(1, vocabulary + 1) ** 1.2
    rows = np.random.default_rng(0).permuted(np.tile(np.log(shares), [67, 1]), axis=1)
    table = tf.constant(rows, tf.float32)

    def step(ids, state):
        return tf.gather(table, ids % 67), state

    @tf.function(reduce_retracing=True)
    def generate(text, temperature, top_k, top_p):
        none = tf.zeros_like(top_k)
        return sample(
            step, none, tf.gather(table, none), keys=keys(none, text), max_tokens=none + TOKENS,
            limit=TOKENS, temperature=temperature, top_k=top_k, top_p=top_p, end=-1,
        )  # fmt: skip

    return generate


def seconds(generate, batch: int, way: tuple[float, int, float]) -> float:
    text = tf.constant([f"row {number}" for number in range(batch)])
    options = [tf.fill([batch], value) for value in way]
    takes = []
    for _ in range(4):
        started = time.perf_counter()
        generate(text, *options).ids.numpy()
        takes.append(time.perf_counter() - started)
    return min(takes[1:])  # the first one traces


def main() -> None:
    print(
        "| vocabulary | batch | drawn by | microseconds a step | tokens/s |\n|---|---|---|---|---|"
    )
    for vocabulary in (65, 10_000):
        generate = generator(vocabulary)
        for batch in (1, 32):
            for name, way in WAYS.items():
                took = seconds(generate, batch, way)
                step, rate = took / TOKENS * 1e6, TOKENS * batch / took
                print(f"| {vocabulary:,} | {batch} | {name} | {step:.0f} | {rate:,.0f} |")


if __name__ == "__main__":
    main()
