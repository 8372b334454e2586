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
from seqapps.data.batching import Batch
from seqapps.errors import RunError, UserError
from seqapps.features import Features
from seqapps.interruption import AT_ONCE, Interruption
from seqapps.layers import recurrent
from seqapps.metrics.judge import better, values_of
from seqapps.progress import SILENT, Advance, Progress
from seqapps.task import Case, State, Streams, Task
from seqapps.training import backend, checkpoint
from seqapps.training.averaging import KeepsRaw, put_averages
from seqapps.training.checkpoint import Position
from seqapps.training.events import Events
from seqapps.training.feed import feed_of
from seqapps.training.forcing import say_where_it_ends
from seqapps.training.gradients import GradientLog
from seqapps.training.live import Live
from seqapps.training.monitor import check_tells, monitor_of
from seqapps.training.optimizer import FLOAT32
from seqapps.training.precision import computing_in, precision_of, warn_where_slow
from seqapps.training.replicas import strategy_of
from seqapps.training.rounds import Rounds
from seqapps.training.schedule import rate_callbacks
from seqapps.training.validation import validator
from seqapps.training.variables import copy_variables, draw_alike


def build(task: Task, settings: Any, state: State, *, seed: int) -> tuple[Any, Features]:
    """A fresh (model, features), the same for the same seed, with deterministic operations.

    The model computes in float32 and on one device: it answers, and is exported.
    """
    return _built(task, settings, state, seed=seed, precision=FLOAT32)


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
    devices: int = 1,
    progress: Progress = SILENT,
    interruption: Interruption = AT_ONCE,
) -> tuple[Any, Features]:
    """(model with its best weights, features); checkpoints lie in `folder`.

    `lengths` are the steps of the cases (int [cases]), counted here where they are not given.
    `max_memory` is how many bytes the cases' tensors may take, see `source_of`. An interruption is
    looked at between the rounds. Beside `history` are written `gradients.json` and TensorBoard's
    `events`. Several `devices` share each batch.

    Raises RunError where loss or gradient are not finite, UserError where `monitor` is no metric,
    or where there are fewer devices.
    """
    monitor = monitor_of(task, settings)
    check_tells(task, monitor, valid)
    if devices > 1 and isinstance(task.batching, Streams):
        raise UserError(
            f"--devices {devices}: {task.name} carries a state in the rows of its batches, which "
            "several devices cannot share. Leave --devices out."
        )
    warn_where_slow(settings, progress)
    model, features = _built(
        task, settings, state, seed=seed, precision=precision_of(settings), devices=devices
    )
    judged = _judged(task, settings, model, features)
    position = _resume(folder, model)
    valid = _looked_at(valid, settings)
    answer = validator(
        task,
        settings,
        judged,
        features,
        valid,
        folder=folder,
        max_memory=max_memory,
        progress=progress,
    )
    batches: list[Batch] = []  # of the round that is being trained
    feed = feed_of(
        task,
        settings,
        features,
        cases,
        seed=seed,
        folder=folder,
        lengths=lengths,
        max_memory=max_memory,
        progress=progress,
    )
    rounds = feed.rounds
    say_where_it_ends(settings, rounds.steps_per_epoch * settings.epochs, progress)
    recurrent.set_compiled(rounds.pays_to_compile)
    data = backend.batches_of(feed.source, lambda: batches, model=model, rounds=rounds)
    watch, raw = backend.watch(model), KeepsRaw()
    live = Live(
        progress,
        rounds,
        monitor=monitor,
        rate=lambda: backend.optimizer_now(model).learning_rate,
        norm=watch.norm,
    )
    probes = backend.probes(settings, judged, feed)
    gradients = GradientLog(history.with_name("gradients.json"), rounds_done=position.rounds_done)
    events = Events(history.with_name("events"), position.history, gradients.rounds)

    while not position.finished:
        interruption.check()
        number = position.rounds_done
        meter = Meter()
        draw_alike(seed, number)
        batches[:] = rounds.batches(number)
        watch.start()
        guard = backend.guard(
            watch,
            round_=number + 1,
            batches=len(batches),
            folder=folder,
            again=lambda place: feed.pair(batches[place]),
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
        _take_over(model, judged)
        scores = values_of(task.watching(valid), valid, answer())
        watched = task.watch(settings, backend.in_tensors(judged), features, valid)
        raw.put_back()
        _take_over(model, judged)
        found = probes.take()
        entry = {"round": number + 1, "steps": len(batches), **live.entry(), **_flat(losses)}
        entry |= {f"valid_{name}": value for name, value in scores.items()}
        entry |= {**watched, **watch.columns(len(batches))}
        spent = meter.take("train")
        entry |= {"seconds": spent.wall_seconds, "cpu_seconds": spent.cpu_seconds}
        _take_up(position, entry, scores[monitor], task, settings, rounds)
        gradients.add(number + 1, found)  # before the checkpoint, see GradientLog
        checkpoint.save(folder, model, position)
        write_history(history, position)
        events.add(entry, found["layers"])
        progress.say(_line(entry, position, rounds, task, pace=live.pace()))
        interruption.after_round(entry, per_epoch=rounds.per_epoch)
    return _with_best(folder, position, model, judged), features


def trained(
    task: Task, settings: Any, state: State, *, seed: int, folder: Path
) -> tuple[Any, Features]:
    """(model with its best weights, features) of a training that is finished."""
    position = checkpoint.newest(folder)
    if position is None or not position.finished:
        raise RunError(f"{folder}: the training is not finished.")
    model, features = _built(
        task, settings, state, seed=seed, precision=precision_of(settings)
    )  # on one device: who exports may have no other
    judged = _judged(task, settings, model, features)
    return _with_best(folder, position, model, judged), features


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


def _built(
    task: Task, settings: Any, state: State, *, seed: int, precision: str, devices: int = 1
) -> tuple[Any, Features]:
    """(model that computes in `precision` on that many devices, features)."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    features = task.features(settings, state)
    with strategy_of(devices).scope(), computing_in(precision):
        model = task.build_model(settings, features)
        if not model.optimizer.built:  # its variables lie where the model's do
            model.optimizer.build(model.trainable_variables)
    return model, features


def _judged(task: Task, settings: Any, model: Any, features: Features) -> Any:
    """The float32 model on one device that answers for a model in training; often the same."""
    if precision_of(settings) == FLOAT32 and not _is_shared(model):
        return model
    with computing_in(FLOAT32):
        return task.build_model(settings, features)


def _is_shared(model: Any) -> bool:
    return not backend.on_jax() and model.distribute_strategy.num_replicas_in_sync > 1


def _take_over(model: Any, judged: Any) -> None:
    """Let the judged model be as the one in training is."""
    if judged is not model:
        copy_variables(model, judged)


def _with_best(folder: Path, position: Position, model: Any, judged: Any) -> Any:
    """The judged model with the weights of the best round."""
    checkpoint.restore(folder, position.best_round, model)
    put_averages(model)
    _take_over(model, judged)
    return judged


def _looked_at(valid: Sequence[Case], settings: Any) -> Sequence[Case]:
    """The validation cases that are answered after each round: those of even distances."""
    most = getattr(settings, "validation_cases", 0)
    if not most or len(valid) <= most:
        return valid
    return [valid[int(place)] for place in np.linspace(0, len(valid) - 1, most).round()]


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
    told = [name for name in task.metrics if f"valid_{name}" in entry]
    scores = ", ".join(f"valid {name} {entry[f'valid_{name}']:.4f}" for name in told)
    best = ", best so far" if position.best_round == position.rounds_done else ""
    return (
        f"round {position.rounds_done} of at most {rounds.total}: loss {entry['loss']:.4f}, "
        f"{scores}{best} ({entry['seconds']:.1f} s{pace})"
    )
