"""The learning-rate range test (Smith 2017): the loss while the rate grows from tiny to absurd."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import keras
import numpy as np

from seqapps.errors import RunError, UserError
from seqapps.layers import recurrent
from seqapps.progress import SILENT, Advance, Progress
from seqapps.task import Case, State, Task
from seqapps.training.feed import feed_of
from seqapps.training.schedule import SetsRate
from seqapps.training.train import build

FIRST, LAST, STEPS = 1e-6, 10.0, 150
WIDTH = 4.0  # steps, the standard deviation of the smoothing
DIVERGED = 4.0  # times the smallest loss: larger rates would only make it worse
FEWEST = 20  # steps, of which a curve can be told; rates of the first ones change nothing
SHARE = 0.25  # of the fall: gives 0.002 on sample:toy and 0.004 on sample:rotten-tomatoes


@dataclass(frozen=True)
class RateRange:
    """One loss for each rate, smoothed too, and the rate to train with."""

    rates: np.ndarray  # [steps], growing by one factor
    losses: np.ndarray  # [steps], of the batch that was trained with that rate, before it was
    smoothed: np.ndarray  # [steps]
    suggested: float


def find_rate(
    task: Task,
    settings: Any,
    state: State,
    *,
    cases: Sequence[Case],
    seed: int,
    folder: Path,
    lengths: np.ndarray | None = None,
    progress: Progress = SILENT,
) -> RateRange:
    """Train a model that is thrown away for some steps, each with a larger rate than the last.

    Everything but the rate and its schedule is as in a training with these settings: batches,
    dropout, clipping, weight decay. Tensors that do not fit memory lie in `folder`. Raises
    UserError where the task's optimizer takes no rate, RunError where the loss never fell.
    """
    recurrent.set_compiled(False)  # too few steps to win that back
    model, features = build(task, settings, state, seed=seed)
    rates = np.geomspace(FIRST, LAST, STEPS)
    _check_takes(model, rates[0])
    feed = feed_of(
        task,
        settings,
        features,
        cases,
        seed=seed,
        folder=folder,
        lengths=lengths,
        progress=progress,
    )
    rounds = feed.rounds
    endless = (batch for number in count() for batch in rounds.batches(number))
    batches = list(islice(endless, STEPS))
    data = feed.source(lambda: batches)
    with progress.track("trying learning rates", STEPS) as advance:
        seen = _Losses(advance)
        model.fit(
            data,
            steps_per_epoch=STEPS,
            shuffle=False,
            verbose=0,
            callbacks=[SetsRate(lambda batch: float(rates[batch])), seen],
        )
    losses = np.array(seen.losses)
    suggested = suggest(rates, losses)
    return RateRange(rates[: len(losses)], losses, smooth(losses), suggested)


def smooth(losses: np.ndarray) -> np.ndarray:
    """Means weighted by a bell curve, which lag behind neither way: float [steps]."""
    places = np.arange(len(losses))
    weights = np.exp(-0.5 * ((places[:, None] - places) / WIDTH) ** 2)
    return np.asarray(weights @ losses / weights.sum(axis=1))


def suggest(rates: np.ndarray, losses: np.ndarray) -> float:
    """The rate at which the smoothed loss has made a quarter of its fall, to one digit.

    Between the rate at which it begins to fall and the one at which it is lowest lies what Smith
    trains with. Where it is lowest, a training of more than these few steps would break; where it
    is steepest depends on noise. Raises RunError where the loss does not fall, or breaks at once.
    """
    if len(losses) < FEWEST:
        raise RunError(
            f"The loss broke at the learning rate {rates[len(losses)]:.1g}, after {len(losses)} "
            "steps: too few to tell a curve. Look at data and model first."
        )
    smoothed = smooth(losses)
    start = losses[:FEWEST].mean()
    noise = (losses - smoothed)[:FEWEST].std()
    fall = start - smoothed.min()
    if fall <= 2 * noise:
        raise RunError(
            f"The loss did not fall at any learning rate in {len(losses)} steps, so there is none "
            "to suggest. A model that begins to learn late takes a training to tell; else look at "
            "the data."
        )
    place = int(np.argmax(smoothed <= start - SHARE * fall))
    return float(f"{rates[place]:.0e}")


class _Losses(keras.callbacks.Callback):
    """Keeps the loss of each batch, and stops where there is nothing more to learn."""

    def __init__(self, advance: Advance) -> None:
        super().__init__()
        self.losses: list[float] = []
        self._advance = advance

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.model.reset_metrics()  # else what Keras tells is the mean of all batches so far

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = float((logs or {})["loss"])
        if not math.isfinite(loss):
            self.model.stop_training = True
            return
        self.losses.append(loss)
        self._advance(1, loss=loss)
        if len(self.losses) >= FEWEST:
            smoothed = smooth(np.array(self.losses))
            self.model.stop_training = bool(smoothed[-1] > DIVERGED * abs(smoothed.min()))


def _check_takes(model: Any, rate: float) -> None:
    try:
        model.optimizer.learning_rate = rate
    except TypeError:
        raise UserError(
            "The optimizer of this task has a learning-rate schedule of its own, so no rate can be "
            "tried. Make it with seqapps.training.optimizer.optimizer_of, which leaves the "
            "schedule to training."
        ) from None
