"""Fit a task's model, round by round, going on where an earlier process stopped."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqapps import files
from seqapps.cost import Meter
from seqapps.data.batching import Batch, batch_of
from seqapps.data.paired import source_of
from seqapps.errors import RunError
from seqapps.features import Features
from seqapps.interruption import AT_ONCE, Interruption
from seqapps.layers import recurrent
from seqapps.metrics.judge import better, values_of
from seqapps.progress import SILENT, Advance, Progress
from seqapps.task import Case, State, Task
from seqapps.training import backend, checkpoint
from seqapps.training.averaging import KeepsRaw, put_averages
from seqapps.training.checkpoint import Position
from seqapps.training.events import Events
from seqapps.training.gradients import GradientLog
from seqapps.training.live import Live
from seqapps.training.monitor import monitor_of
from seqapps.training.rounds import Rounds
from seqapps.training.schedule import rate_callbacks
from seqapps.training.variables import draw_alike


def build(task: Task, settings: Any, state: State, *, seed: int) -> tuple[Any, Features]:
    """A fresh (model, features), the same for the same seed, with deterministic operations."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    features = task.features(settings, state)
    return task.build_model(settings, features), features


def train(
    task: Task,
    settings: Any,
    state: State,
    *,
    cases: Sequence[Case],
    valid: Sequence[Case],
    seed: int,
    folder: Path,
    history: Path,
    lengths: np.ndarray | None = None,
    max_memory: int | None = None,
    progress: Progress = SILENT,
    interruption: Interruption = AT_ONCE,
) -> tuple[Any, Features]:
    """(model with its best weights, features); checkpoints lie in `folder`.

    `lengths` are the steps of the cases (int [cases]), counted here where they are not given.
    `max_memory` is how many bytes the cases' tensors may take, see `source_of`. An interruption is
    looked at between the rounds. Beside `history` are written `gradients.json` and TensorBoard's
    `events`.

    Raises RunError where loss or gradient are not finite, UserError where `monitor` is no metric.
    """
    monitor = monitor_of(task, settings)
    model, features = build(task, settings, state, seed=seed)
    rounds = Rounds(task, cases, settings, seed=seed, lengths=lengths)
    recurrent.set_compiled(rounds.pays_to_compile)
    position = _resume(folder, model)
    predict = backend.predictor(task, settings, model, features)
    batches: list[Batch] = []  # of the round that is being trained
    source = source_of(
        task,
        settings,
        features,
        cases,
        folder=folder,
        max_memory=max_memory,
        progress=progress,
    )
    data = backend.batches_of(source, lambda: batches, model=model, rounds=rounds)
    live = Live(
        progress,
        rounds,
        monitor=monitor,
        rate=lambda: backend.optimizer_now(model).learning_rate,
    )
    watch, raw = backend.watch(model), KeepsRaw()
    probes = backend.probes(task, settings, model, features, cases, rounds.batches(0))
    gradients = GradientLog(history.with_name("gradients.json"), rounds_done=position.rounds_done)
    events = Events(history.with_name("events"), position.history, gradients.rounds)

    def again(place: int) -> Any:
        """The inputs and targets of a batch of this round."""
        return features.pair(batch_of([cases[case] for case in batches[place]], task.columns))

    while not position.finished:
        interruption.check()
        number = position.rounds_done
        meter = Meter()
        draw_alike(seed, number)
        batches[:] = rounds.batches(number)
        watch.start()
        guard = backend.guard(
            watch, round_=number + 1, batches=len(batches), folder=folder, again=again
        )
        rates = rate_callbacks(task, settings, position, rounds)
        with live.round(batches, position) as advance:
            losses = model.fit(
                data,
                initial_epoch=number,
                epochs=number + 1,
                steps_per_epoch=len(batches),
                shuffle=False,  # the pipeline shuffles
                verbose=0,
                callbacks=[*rates, raw, guard, _Steps(advance)],
            ).history
        scores = values_of(task.metrics, valid, predict(valid))
        raw.put_back()
        found = probes.take()
        entry = {"round": number + 1, "steps": len(batches), **live.entry(), **_flat(losses)}
        entry |= {f"valid_{name}": value for name, value in scores.items()}
        entry |= watch.columns()
        spent = meter.take("train")
        entry |= {"seconds": spent.wall_seconds, "cpu_seconds": spent.cpu_seconds}
        _take_up(position, entry, scores[monitor], task, settings, rounds)
        gradients.add(number + 1, found)  # before the checkpoint, see GradientLog
        checkpoint.save(folder, model, position)
        write_history(history, position)
        events.add(entry, found["layers"])
        progress.say(_line(entry, position, rounds, task, pace=live.pace()))
    checkpoint.restore(folder, position.best_round, model)
    put_averages(model)
    return model, features


def trained(
    task: Task, settings: Any, state: State, *, seed: int, folder: Path
) -> tuple[Any, Features]:
    """(model with its best weights, features) of a training that is finished."""
    model, features = build(task, settings, state, seed=seed)
    position = checkpoint.newest(folder)
    if position is None or not position.finished:
        raise RunError(f"{folder}: the training is not finished.")
    checkpoint.restore(folder, position.best_round, model)
    put_averages(model)
    return model, features


def write_history(file: Path, position: Position) -> None:
    """`history.csv`: one line per round."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(position.history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(position.history)
    files.write_text(file, text.getvalue())


class _Steps(keras.callbacks.Callback):
    """Tells the progress bar of every step."""

    def __init__(self, advance: Advance) -> None:
        super().__init__()
        self._advance = advance

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._advance(1, **(logs or {}))


def _resume(folder: Path, model: Any) -> Position:
    position = checkpoint.newest(folder)
    if position is None:
        return Position()
    checkpoint.restore(folder, position.rounds_done, model)
    return position


def _take_up(
    position: Position,
    entry: dict[str, float],
    value: float,
    task: Task,
    settings: Any,
    rounds: Rounds,
) -> None:
    """Count the finished round: best so far, patience in whole epochs, end."""
    position.rounds_done += 1
    position.history.append(entry)
    position.best_before = position.best_round
    metric = task.metrics[settings.monitor]
    if position.best_value is None or better(metric, value, position.best_value):
        position.best_round, position.best_value = position.rounds_done, value
    position.waited = (position.rounds_done - position.best_round) // rounds.per_epoch
    position.finished = position.rounds_done == rounds.total or position.waited >= settings.patience


def _flat(losses: dict[str, list[float]]) -> dict[str, float]:
    return {name: float(values[-1]) for name, values in losses.items()}


def _line(
    entry: dict[str, float], position: Position, rounds: Rounds, task: Task, *, pace: str
) -> str:
    scores = ", ".join(f"valid {name} {entry[f'valid_{name}']:.4f}" for name in task.metrics)
    best = ", best so far" if position.best_round == position.rounds_done else ""
    return (
        f"round {position.rounds_done} of at most {rounds.total}: loss {entry['loss']:.4f}, "
        f"{scores}{best} ({entry['seconds']:.1f} s{pace})"
    )
