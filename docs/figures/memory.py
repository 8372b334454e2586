"""Make the figures of docs/gradients.md anew: `python docs/figures/memory.py`.

The memory task: of a row of random symbols the first one, which is marked, must be told at the end.
Small networks are trained on it and their gradients looked at by what seqapps itself looks with.
It prints the numbers that the page names. It takes four minutes on 2 CPU cores; on other
processors the numbers may differ, because sums are taken in another order.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from matplotlib import rc_context
from matplotlib.figure import Figure

from seqapps.training.lags import by_lag, state_gradients
from seqapps.training.recording import recorded
from seqapps.training.watch import Watch

HERE = Path(__file__).parent
LOOK = {"svg.hashsalt": "seqapps", "font.size": 10.0, "figure.facecolor": "white"}
SYMBOLS, UNITS, BATCH = 8, 32, 32
SEEDS = (0, 1, 2)
STEPS, EVERY = 3000, 50  # of training; accuracy is the mean over so many steps
TIME = 100  # steps between the first symbol and the answer
NETWORKS: dict[str, tuple[str, float | None]] = {  # label -> layer, bias of the forget gate
    "simple RNN": ("simple_rnn", None),
    "LSTM, forget bias 1 (Keras)": ("lstm", 1.0),
    "LSTM, forget bias 5": ("lstm", 5.0),
}
COLOURS = dict(zip(NETWORKS, ("#666666", "#2c6fbb", "#d9741a"), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=STEPS)
    steps = parser.parse_args().steps
    learnt, before, after = {}, {}, {}
    for label, (kind, bias) in NETWORKS.items():
        made = [network(kind, forget_bias=bias, seed=seed) for seed in SEEDS]
        before[label] = typical([reach(model) for model in made])
        learnt[label] = np.array(
            [train(model, steps=steps, seed=seed)["accuracy"]
             for model, seed in zip(made, SEEDS, strict=True)]
        )  # fmt: skip
        after[label] = typical([reach(model) for model in made])
        ends = ", ".join(f"{values[-EVERY:].mean():.2f}" for values in learnt[label])
        shares = [line[-1] / line[0] for line in (before[label], after[label])]
        print(f"{label}: accuracy of the last {EVERY} steps, by seed: {ends}; share of the "
              f"gradient that reaches the first symbol: untrained {shares[0]:.1e}, trained "
              f"{shares[1]:.1e}", flush=True)  # fmt: skip
    save(accuracies(learnt), "memory-accuracy")
    save(reaches(before, after), "memory-reach")
    exploded = {
        clip: train(network("simple_rnn", recurrent_scale=1.5), clip=clip, time=20, steps=400,
                    optimizer=lambda c: keras.optimizers.SGD(0.3, global_clipnorm=c))
        for clip in (None, 1.0)
    }  # fmt: skip
    for clip, found in exploded.items():
        print(f"clip {clip}: largest gradient {found['norm'].max():.3g}, loss of the last {EVERY} "
              f"steps {found['loss'][-EVERY:].mean():.3g}, largest {found['loss'].max():.3g}",
              flush=True)  # fmt: skip
    save(clipping(exploded), "memory-clipping")


def examples(random: np.random.Generator, time: int) -> tuple[np.ndarray, np.ndarray]:
    """(symbols, one-hot, and a mark at the first [batch, time, symbols + 1]; the first [batch])."""
    symbols = random.integers(SYMBOLS, size=[BATCH, time])
    mark = np.zeros([BATCH, time, 1])
    mark[:, 0] = 1
    rows = np.concatenate([np.eye(SYMBOLS)[symbols], mark], axis=-1)
    return rows.astype("float32"), symbols[:, 0]


def network(
    kind: str, *, forget_bias: float | None = None, recurrent_scale: float = 1.0, seed: int = 0
) -> Any:
    keras.utils.set_random_seed(seed)
    layer = {"simple_rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM}[kind](UNITS)
    inputs = keras.Input([None, SYMBOLS + 1])
    scores = keras.layers.Dense(SYMBOLS, activation="softmax")(layer(inputs))
    if forget_bias is not None:
        bias = np.zeros(4 * UNITS, "float32")
        bias[UNITS : 2 * UNITS] = forget_bias  # input, forget, candidate, output
        layer.cell.bias.assign(bias)
    layer.cell.recurrent_kernel.assign(recurrent_scale * layer.cell.recurrent_kernel)
    return keras.Model(inputs, scores)


def adam(clip: float | None) -> Any:
    return keras.optimizers.Adam(3e-3, global_clipnorm=clip)


def train(
    model: Any,
    *,
    steps: int,
    time: int = TIME,
    seed: int = 0,
    clip: float | None = 1.0,
    optimizer: Callable[[float | None], Any] = adam,
) -> dict[str, np.ndarray]:
    """Loss, accuracy and gradient norm of every step, each [steps]."""
    model.compile(optimizer(clip), "sparse_categorical_crossentropy", metrics=["accuracy"])
    watch, random, found = Watch(model), np.random.default_rng(seed), []
    for _ in range(steps):
        watch.start()
        model.reset_metrics()
        told = model.train_on_batch(*examples(random, time), return_dict=True)
        found.append([told["loss"], told["accuracy"], watch.columns()["gradient_norm"]])
    loss, accuracy, norm = np.array(found, "float64").T
    return {"loss": loss, "accuracy": accuracy, "norm": norm}


def reach(model: Any) -> np.ndarray:
    """The norm of the gradient by the state at each lag, [TIME]: what the report shows too."""
    rows, first = examples(np.random.default_rng(len(SEEDS)), TIME)
    layer = model.layers[1]
    with recorded([layer]) as calls, tf.GradientTape() as tape:
        scores = model(rows, training=True)
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(first, scores))
    norms, mask = state_gradients(calls[0], [tape.gradient(loss, calls[0].output)])
    return BATCH * by_lag(norms.numpy(), mask.numpy())


def typical(lines: list[np.ndarray]) -> np.ndarray:
    """The geometric mean over the seeds, [TIME]; what underflows counts as 1e-40."""
    return np.exp(np.log(np.maximum(lines, 1e-40)).mean(axis=0))


def accuracies(learnt: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    axis = figure.subplots()
    for label, values in learnt.items():  # [seeds, steps]
        count = values.shape[1] // EVERY
        parts = values[:, : count * EVERY].reshape(len(values), count, EVERY).mean(axis=2)
        places = EVERY * np.arange(1, count + 1)
        for seed, line in enumerate(parts):
            name = None if seed else label
            axis.plot(places, line, label=name, color=COLOURS[label], lw=1.6, alpha=0.85)
    axis.axhline(1 / SYMBOLS, color="black", lw=1, ls=":")
    axis.text(0, 1 / SYMBOLS + 0.02, "chance", fontsize=8)
    axis.set_ylim(0, 1.03)
    axis.set_xlabel("steps of training")
    axis.set_ylabel(f"accuracy, mean over {EVERY} steps")
    finished(axis)
    axis.legend(frameon=False, fontsize=9, loc=(0.5, 0.18))
    return figure


def reaches(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> Figure:
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    for axis, title, lines in zip(
        figure.subplots(1, 2, sharey=True), ("untrained", "trained"), (before, after), strict=True
    ):
        for label, values in lines.items():
            axis.semilogy(np.maximum(values, 1e-30), label=label, color=COLOURS[label], lw=2)
        axis.set_title(title, loc="left", fontsize=10.5)
        axis.set_ylim(1e-16, 1e2)
        axis.set_xlabel("steps from the end")
        finished(axis)
        axis.get_legend().remove()
    figure.axes[0].set_ylabel("gradient by the state")
    figure.axes[0].legend(frameon=False, fontsize=8, loc="lower left")
    return figure


def clipping(exploded: dict[float | None, dict[str, np.ndarray]]) -> Figure:
    figure = Figure(figsize=(8.4, 3.2), layout="constrained")
    labels = {None: ("not clipped", "#c0392b"), 1.0: ("clipped to 1", "#2c6fbb")}
    for axis, name, title in zip(
        figure.subplots(1, 2), ("norm", "loss"), ("gradient norm, before clipping", "loss"),
        strict=True,
    ):  # fmt: skip
        for clip, found in exploded.items():
            label, colour = labels[clip]
            axis.semilogy(found[name], label=label, color=colour, lw=0.9)
        axis.set_title(title, loc="left", fontsize=10.5)
        axis.set_xlabel("steps of training")
        finished(axis)
    return figure


def finished(axis: Any) -> Figure:
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9)
    return axis.figure


def save(figure: Figure, name: str) -> None:
    with rc_context(LOOK):
        figure.savefig(HERE / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")


if __name__ == "__main__":
    with rc_context(LOOK):
        main()
