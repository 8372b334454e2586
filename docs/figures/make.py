"""Make the figures of docs/recurrent-networks.md anew: `python docs/figures/make.py`.

Small models are trained on `sample:toy`, made-up sentences of our own, and drawn by `seqapps
explain`. It takes four minutes on 2 CPU cores that others use too. On other processors the numbers
may differ, because sums are taken in another order: read again then what the page says of them.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

HERE = Path(__file__).parent
TEXT = "The cast is not dull but lovely"
MODELS = {  # name -> settings beside those of small.toml
    "one-way": ["bidirectional=false", "pooling=last"],
    "gru": ["encoder=gru", "bidirectional=false", "pooling=last"],
    "last": ["pooling=last"],
    "mean": ["pooling=mean"],
    "max": ["pooling=max"],
    "attention": ["pooling=attention"],
}
GATES = {"lstm-gates": "one-way", "gru-gates": "gru", "both-ways": "max"}  # figure -> model
POOLINGS = ("last", "mean", "max", "attention")
LOOK = {"svg.hashsalt": "seqapps", "font.size": 10.0, "figure.facecolor": "white"}
BLUE, ORANGE, GREY = "#2c6fbb", "#d9741a", "#666666"
STEPS, UNITS, SEEDS = 60, 64, 20  # of the layers whose gradients are measured


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, values in MODELS.items():
            train(name, values, folder)
        for figure, name in GATES.items():
            seqapps("explain", name, TEXT, "--gates", str(HERE / f"{figure}.svg"), inside=folder)
        explained = {name: explain(name, folder) for name in POOLINGS}
    save(poolings(explained), "poolings")
    save(gradients(), "gradients")
    save(reading(TEXT.lower().split()), "reading")


def train(name: str, values: list[str], folder: str) -> None:
    sets = [part for value in values for part in ("--set", value)]
    seqapps(
        "run", "sentiment", "--data", "sample:toy", "--config", str(HERE / "small.toml"), *sets,
        "--name", name, "--publish-as", name, "--quiet", inside=folder,
    )  # fmt: skip


def explain(name: str, folder: str) -> dict:
    """The example's tokens, weights and answer."""
    return json.loads(seqapps("explain", name, TEXT, "--json", inside=folder))["examples"][0]


def seqapps(*arguments: str, inside: str) -> str:
    """What the command prints."""
    command = [str(Path(sys.executable).with_name("seqapps")), *arguments]
    return subprocess.run(command, cwd=inside, check=True, stdout=subprocess.PIPE, text=True).stdout


def poolings(explained: dict[str, dict]) -> Figure:
    """A row for each pooling, a column for each word, shaded by the word's weight."""
    weights = np.array([explained[name]["weights"] for name in POOLINGS])  # [poolings, time]
    tokens = explained["last"]["tokens"]
    figure = Figure(figsize=(7.2, 2.7), layout="constrained")
    axis = figure.subplots()
    axis.pcolormesh(weights, cmap="Oranges", vmin=0, vmax=1, edgecolors="white", linewidth=2)
    for row, column in np.ndindex(*weights.shape):
        value = weights[row, column]
        axis.text(
            column + 0.5, row + 0.5, f"{value:.2f}", ha="center", va="center",
            color="white" if value > 0.6 else "black",
        )  # fmt: skip
    axis.set_xticks(np.arange(len(tokens)) + 0.5, tokens, fontsize=11)
    axis.set_yticks(np.arange(len(POOLINGS)) + 0.5, POOLINGS, fontsize=11)
    axis.set_ylim(len(POOLINGS), 0)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    axis.set_title("how much of the pooled vector each word gives", loc="left", fontsize=10.5)
    return figure


def gradients() -> Figure:
    """How much of the gradient at the last step reaches the input of an earlier one.

    Untrained layers, random inputs; the geometric mean over some layers, as a share of what the
    last step's own input gets.
    """
    import keras

    simple, lstm = keras.layers.SimpleRNN, keras.layers.LSTM
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    axis = figure.subplots()
    for label, kind, bias, colour in (
        ("simple RNN", simple, None, GREY),
        ("LSTM, forget gates about 0.5 (bias 0)", lstm, 0.0, BLUE),
        ("LSTM, forget gates about 0.73 (bias 1, as Keras starts)", lstm, 1.0, "#6fa8dc"),
        ("LSTM, forget gates about 0.98 (bias 4)", lstm, 4.0, ORANGE),
    ):
        shares = [reached(kind, bias, seed) for seed in range(SEEDS)]  # [seeds, steps]
        axis.semilogy(np.exp(np.log(shares).mean(axis=0)), label=label, color=colour, linewidth=2)
    axis.set_ylim(1e-9, 30)
    axis.set_xlabel("words between the input and the end")
    axis.set_ylabel("share of the gradient")
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9, loc="lower left")
    return figure


def reached(kind: type, forget_bias: float | None, seed: int) -> np.ndarray:
    """The gradient's length at each input, the last one first, the last one's being 1: [steps]."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    layer = kind(UNITS)
    inputs = tf.random.normal([1, STEPS, UNITS], stddev=0.3)
    layer.build(inputs.shape)
    if forget_bias is not None:
        bias = np.zeros(4 * UNITS, "float32")
        bias[UNITS : 2 * UNITS] = forget_bias  # input, forget, candidate, output
        layer.cell.bias.assign(bias)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        answer = tf.reduce_sum(layer(inputs) * tf.random.normal([UNITS]))
    length = np.linalg.norm(tape.gradient(answer, inputs)[0], axis=-1)[::-1]  # [steps]
    return length / length[0]


def reading(words: list[str]) -> Figure:
    """Two chains of cells, one for each direction, and what is made of their states."""
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    axis = figure.subplots()
    for place, word in enumerate(words):
        axis.text(place, 0, word, ha="center", va="center", fontsize=11)
        for height, colour, step in ((1, BLUE, 1), (2, ORANGE, -1)):
            box(axis, place, height, "cell", colour)
            # From the word, past the other direction's cell, and on to the pooling.
            side = -0.22 if height == 1 else 0.22
            arrow(axis, (place + side, 0.25), (place + side, height - 0.28), colour)
            arrow(axis, (place + side, height + 0.28), (place + side, 2.98), colour)
            beside = place + step
            if 0 <= beside < len(words):
                arrow(axis, (place + 0.34 * step, height), (beside - 0.34 * step, height), colour)
    middle = (len(words) - 1) / 2
    box(
        axis, middle, 3.25, "pooling: from [time, 2 x units] to [2 x units]", GREY, len(words) - 0.2
    )
    arrow(axis, (middle, 3.53), (middle, 4.0), GREY)
    axis.text(middle, 4.2, "scores", ha="center", va="center", fontsize=11)
    axis.text(-0.75, 1, "reads from\nthe left", ha="right", va="center", color=BLUE)
    axis.text(-0.75, 2, "reads from\nthe right", ha="right", va="center", color=ORANGE)
    axis.set_xlim(-1.9, len(words) - 0.3)
    axis.set_ylim(-0.4, 4.5)
    axis.set_axis_off()
    return figure


def box(axis, x: float, y: float, text: str, colour: str, width: float = 0.68) -> None:
    from matplotlib.patches import FancyBboxPatch

    shape = "round,pad=0,rounding_size=0.1"
    axis.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - 0.25), width, 0.5, shape, facecolor="white", edgecolor=colour,
            linewidth=1.6, zorder=2,
        )
    )  # fmt: skip
    axis.text(x, y, text, ha="center", va="center", color=colour, zorder=3)


def arrow(axis, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    style = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.2}
    axis.annotate("", end, start, arrowprops=style, zorder=1)


def save(figure: Figure, name: str) -> None:
    with rc_context(LOOK):
        figure.savefig(HERE / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")


if __name__ == "__main__":
    with rc_context(LOOK):
        main()
