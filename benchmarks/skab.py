"""How well charts and small networks find the faults of SKAB's water circuit, by step.

Run: `.venv/bin/python benchmarks/skab.py FOLDER`, the folder of SKAB with `other`, `valve1` and
`valve2`; `--networks` trains LSTM autoencoders and a forecaster, too (5 minutes);
`--groups other` shows those runs alone, which all choices were made on.

The customary convention: the first 400 rows of a run are its training part, from which means,
deviations and thresholds come; all rows of all runs are judged together. Networks learn from the
first 400 rows of all runs that are shown, each run standardised by its own.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from seqapps.baselines.ewma import Ewma
from seqapps.baselines.isolation_forest import IsolationForest
from seqapps.baselines.shewhart import Shewhart
from seqapps.baselines.standard import Standard
from seqapps.baselines.t_squared import TSquared

TRAINING = 400  # rows
GROUPS = ("other", "valve1", "valve2")
AVERAGED = 20  # steps of the moving average of deviations and residuals
MARGIN = 1.25  # times the highest score of the training part is alarming
CLIP = 6.0  # standard deviations: what networks see of a value
EPOCHS = 15


@dataclass(frozen=True)
class Run:
    """One recording; `anomaly` is 0 or 1."""

    group: str
    values: np.ndarray  # float64 [time, sensors]
    anomaly: np.ndarray  # int [time]

    @property
    def deviations(self) -> np.ndarray:
        """Standardised by the training part: float64 [time, sensors]."""
        return Standard.fit(self.values[:TRAINING]).deviations(self.values)


def runs_of(folder: Path, groups: list[str]) -> list[Run]:
    found = []
    for group in groups:
        for file in sorted((folder / group).glob("*.csv"), key=lambda path: int(path.stem)):
            table = pd.read_csv(file)
            sensors = table.drop(columns=["datetime", "anomaly", "changepoint"])
            found.append(Run(group, sensors.to_numpy("float64"), table["anomaly"].to_numpy(int)))
    return found


# scores and thresholds


def chart(fit: Callable) -> Callable[[list[Run]], list[np.ndarray]]:
    """As textbooks have it: alarming is what 1 % of the training part exceeds."""

    def alarms(runs: list[Run]) -> list[np.ndarray]:
        found = []
        for run in runs:
            fitted = fit(run.values[:TRAINING])
            more = {"blame": False} if isinstance(fitted, IsolationForest) else {}
            scores = fitted.score(run.values, **more).scores
            found.append(scores > np.quantile(scores[:TRAINING], 0.99))
        return found

    return alarms


def alarms_of(parts: list[np.ndarray]) -> np.ndarray:
    """From residuals [time, sensors] of one or more models of a run: bool [time].

    The moving average of each sensor's residual, in its own standard deviations over the training
    part, so that a sensor that wanders by itself has to wander further; the mean over the models;
    the worst sensor. Alarming is what is clearly above all of the training part.
    """
    deviations = []
    for residuals in parts:
        moving = pd.DataFrame(residuals).rolling(AVERAGED, min_periods=1).mean().to_numpy()
        usual = moving[:TRAINING]
        deviations.append(np.abs(moving - usual.mean(axis=0)) / usual.std(axis=0))
    scores = np.mean(deviations, axis=0).max(axis=1)  # [time]
    return scores > MARGIN * scores[:TRAINING].max()


# networks


def windows(values: np.ndarray, lookback: int) -> np.ndarray:
    """The window that ends at each step, float32 [time, lookback, sensors].

    Before a run begins it is taken to have stood at its first step.
    """
    padded = np.concatenate([np.repeat(values[:1], lookback - 1, axis=0), values])
    cut = np.lib.stride_tricks.sliding_window_view(padded, lookback, axis=0)
    return cut.transpose(0, 2, 1).astype("float32")


def autoencoder(series: list[np.ndarray], lookback: int) -> list[np.ndarray]:
    """Residuals [time, sensors] of each run at the last step of the window that ends there."""
    import keras
    from keras import layers

    inputs = keras.Input([lookback, series[0].shape[1]])
    x = layers.Dense(8)(layers.LSTM(32)(inputs))  # [batch, 8]: what a window is reduced to
    x = layers.LSTM(32, return_sequences=True)(layers.RepeatVector(lookback)(x))
    model = keras.Model(inputs, layers.Dense(inputs.shape[-1])(x))
    usual = np.concatenate([windows(run[:TRAINING], lookback)[lookback - 1 :] for run in series])
    trained(model, usual, usual)
    return [
        model.predict(windows(run, lookback), batch_size=512, verbose=0)[:, -1] - run
        for run in series
    ]


def forecaster(series: list[np.ndarray], lookback: int) -> list[np.ndarray]:
    """Residuals [time, sensors] of each run against what the steps before let expect."""
    import keras
    from keras import layers

    inputs = keras.Input([lookback, series[0].shape[1]])
    model = keras.Model(inputs, layers.Dense(inputs.shape[-1])(layers.LSTM(32)(inputs)))
    pasts = [windows(run[:TRAINING], lookback)[lookback - 1 : -1] for run in series]
    trained(model, np.concatenate(pasts), np.concatenate([r[lookback:TRAINING] for r in series]))
    found = []
    for run in series:
        expected = model.predict(windows(run, lookback), batch_size=512, verbose=0)[:-1]
        found.append(np.concatenate([np.zeros_like(expected[:1]), expected - run[1:]]))
    return found


def trained(model, inputs: np.ndarray, targets: np.ndarray) -> None:
    import keras

    model.compile(keras.optimizers.Adam(2e-3), "mse")
    model.fit(inputs, targets, batch_size=128, epochs=EPOCHS, verbose=0)


def networks(runs: list[Run]) -> dict[str, list[np.ndarray]]:
    """Alarms by name: two autoencoders, a forecaster, all three."""
    import keras

    keras.utils.set_random_seed(0)
    series = [np.clip(run.deviations, -CLIP, CLIP).astype("float32") for run in runs]
    short, long = autoencoder(series, 30), autoencoder(series, 60)
    ahead = forecaster(series, 30)
    by_name = {
        "LSTM autoencoders": [short, long],
        "LSTM forecaster": [ahead],
        "both": [short, long, ahead],
    }
    return {
        name: [alarms_of([part[place] for part in parts]) for place in range(len(runs))]
        for name, parts in by_name.items()
    }


# the table


def scores_of(runs: list[Run], alarms: list[np.ndarray]) -> tuple[float, float, float]:
    """F1, false-alarm rate, missed-alarm rate, over the steps of all runs."""
    told = np.concatenate(alarms)
    true = np.concatenate([run.anomaly for run in runs]) == 1
    hits, wrong, missed = (told & true).sum(), (told & ~true).sum(), (~told & true).sum()
    return 2 * hits / (2 * hits + wrong + missed), wrong / (~true).sum(), missed / true.sum()


def shown(name: str, runs: list[Run], alarms: list[np.ndarray], seconds: float) -> None:
    cells = [f"| {name}"]
    for groups in (("other",), ("valve1", "valve2"), GROUPS):
        if not {run.group for run in runs} >= set(groups):
            continue
        part = [(r, a) for r, a in zip(runs, alarms, strict=True) if r.group in groups]
        scores = scores_of([run for run, _ in part], [alarm for _, alarm in part])
        cells.append(" / ".join(f"{score:.3f}" for score in scores))
    print(" | ".join([*cells, f"{seconds:.0f} |"]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--networks", action="store_true")
    arguments = parser.parse_args()
    runs = runs_of(arguments.folder, arguments.groups)
    detectors = {
        "Shewhart": chart(Shewhart.fit),
        "EWMA, as in textbooks": chart(lambda v: Ewma.fit(v, weight=0.2, independent=True)),
        "EWMA, measured spread": chart(Ewma.fit),
        "T-squared with Q": chart(TSquared.fit),
        "isolation forest": chart(IsolationForest.fit),
        "moving average, measured spread": lambda runs: [alarms_of([r.deviations]) for r in runs],
    }
    print("F1 / false-alarm rate / missed-alarm rate, by group; seconds")
    for name, detect in detectors.items():
        begun = time.perf_counter()
        shown(name, runs, detect(runs), time.perf_counter() - begun)
    if arguments.networks:
        begun = time.perf_counter()
        for name, alarms in networks(runs).items():
            shown(name, runs, alarms, time.perf_counter() - begun)


if __name__ == "__main__":
    main()
