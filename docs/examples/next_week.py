"""What will the next seven days be like? A task in a single file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np
import tensorflow as tf

from seqapps.features import Features
from seqapps.metrics.mean import mean_of
from seqapps.settings import setting
from seqapps.task import Case, Column, Example, Fixed, Goal, Output, Predict, Row, Sample, Task
from seqapps.training.optimizer import Optimization, optimizer_of

LOOKBACK, HORIZON, SEASON = 21, 7, 7  # days


@dataclass(frozen=True)
class Settings(Optimization):
    units: int = setting(32, "size of the GRU's state", at_least=1)
    batch_size: int = setting(32, "windows in a batch", at_least=1)
    epochs: int = setting(20, "most passes over the training data", at_least=1)
    learning_rate: float = setting(3e-3, "size of the steps", at_least=0.0)
    monitor: str = setting("mae", "validation metric that chooses the best round")
    patience: int = setting(5, "epochs without a better value before stopping", at_least=1)


def part_of_series(first: int, last: int) -> Iterator[Row]:
    """One row: days `first` to `last` of a made-up series with a week's rhythm and noise."""
    day = np.arange(1400)
    noise = np.random.default_rng(0).normal(0, 1, day.size)
    series = 10 + 0.01 * day + 3 * np.sin(2 * np.pi * day / SEASON) + noise
    yield {"series": series[first:last].astype("float32")}


def cases(rows: Iterable[Row], settings: Settings) -> Iterator[Case]:
    """Windows, cut lazily: LOOKBACK days, and the HORIZON days that follow them."""
    for row in rows:
        series = row["series"]
        for origin in range(LOOKBACK, len(series) - HORIZON + 1):
            yield {
                "values": series[origin - LOOKBACK : origin],
                "following": series[origin : origin + HORIZON],
            }


def fit(rows: Iterable[Row], settings: Settings) -> dict[str, float]:
    """The spread of the training series, in its own units."""
    return {"deviation": float(np.std(np.concatenate([row["series"] for row in rows])))}


class ScaledWindows(Features):
    """Each window is measured from its own mean, in units of the training spread."""

    def __init__(self, settings, state):
        super().__init__()
        self.deviation = tf.constant(state["deviation"], tf.float32)

    def scale(self, values):
        level = tf.reduce_mean(values, axis=1, keepdims=True)  # [batch, 1]
        return (values - level) / self.deviation, level

    def pair(self, batch):
        values, level = self.scale(batch["values"])  # [batch, lookback]
        return values[:, :, None], (batch["following"] - level) / self.deviation

    def respond(self, model, raw):
        values, level = self.scale(raw["values"])
        forecast = model(values[:, :, None]) * self.deviation + level  # [batch, horizon]
        return {"forecast": forecast, "level": level[:, 0]}


def build_model(settings, features):
    values = keras.Input([LOOKBACK, 1])
    state = keras.layers.GRU(settings.units)(values)  # [batch, units]
    model = keras.Model(values, keras.layers.Dense(HORIZON)(state))
    model.compile(optimizer_of(settings), "mse")
    return model


def same_as_last_week(training_cases: Sequence[Case]) -> Predict:
    """Baseline: seasonal naive."""
    return lambda cases: [{"forecast": case["values"][-SEASON:].tolist()} for case in cases]


TASK = Task(
    name="next_week",
    summary="What will the next seven days be like? A task in a single file.",
    inputs={"values": Column("series", "the last 21 days", (LOOKBACK,))},
    targets={"following": Column("series", "the 7 days after them", (HORIZON,))},
    row={"series": Column("series", "one value a day, any length", (None,))},
    samples={
        "rhythm": Sample(
            summary="1,400 made-up days with a weekly rhythm, cut in time order",
            rows={
                "train": lambda: part_of_series(0, 1000),
                "valid": lambda: part_of_series(1000, 1200),
                "test": lambda: part_of_series(1200, 1400),
            },
            goal=Goal("mae", 1.0),
        )
    },
    settings=Settings(),
    tiny=replace(Settings(), units=11, epochs=8, gradient_batches=0),
    cases=cases,
    fit=fit,
    features=ScaledWindows,
    build_model=build_model,
    batching=Fixed(),
    answer={
        "forecast": Output("series", "the coming 7 days, in the series' own units"),
        "level": Output("number", "the mean of the window that was given"),
    },
    baselines={"same_as_last_week": same_as_last_week},
    metrics={
        "mae": mean_of(
            lambda case, response: float(np.abs(case["following"] - response["forecast"]).mean()),
            example=Example([{"following": [1.0, 2.0]}], [{"forecast": np.array([2.0, 5.0])}], 2.0),
            higher_is_better=False,
        )
    },
)
