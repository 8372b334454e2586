"""What is different where a model is trained on JAX; `train` knows nothing else of it.

Rows and features stay TensorFlow's, on the CPU; a batch becomes arrays where the model takes it.

- JAX compiles for every shape anew, so batches are filled up to few shapes: see `batches_of`.
- `Features.respond` is TensorFlow code that calls the model, so it is run op by op and the model
  in it is compiled by JAX: see `InTensors`.
- The norms of gradients, by step, by layer and by time lag, are not measured: they are made of
  TensorFlow's tapes. `gradients.json` has no layers, `history.csv` no `gradient_norm`, `clipped`.
- A loss that is not finite stops training, but the layer that broke is not looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from seqapps.backends import JAX
from seqapps.data.batching import Batch, plan
from seqapps.data.paired import Source
from seqapps.errors import RunError
from seqapps.features import Features
from seqapps.layers.steps import padded_size
from seqapps.predict import answers, in_process
from seqapps.task import Predict, Task
from seqapps.training.failure import STEPS, Finding, Guard, in_data
from seqapps.training.feed import Feed
from seqapps.training.gradients import Probes
from seqapps.training.replicas import row_weights, shares, sum_first
from seqapps.training.rounds import Rounds, StreamRounds
from seqapps.training.watch import Watch


def on_jax() -> bool:
    """Whether Keras in this process computes with JAX."""
    return bool(keras.backend.backend() == JAX)


def batches_of(
    source: Source, batches: Callable[[], Sequence[Batch]], *, model: Any, rounds: Rounds
) -> Any:
    """What `fit` reads; of a model on several devices, each one's shares of the batches.

    On JAX every batch has as many rows as its bucket's whole batches, and as many steps as the
    bucket's longest case or a few more. Rows that are added are cases of the batch once more, with
    a weight of 0; the others weigh more than 1 by as much as there are more rows, since Keras
    divides the loss by their number. Steps are added on the right, as zeros, which is padding
    everywhere in seqapps.
    """
    if isinstance(rounds, StreamRounds):
        return source(batches)  # all of one shape
    if not on_jax():
        strategy = model.distribute_strategy
        if strategy.num_replicas_in_sync > 1:
            return shares(strategy, source, batches)
        return source(batches)

    def filled() -> list[Batch]:
        return [np.resize(batch, rounds.whole(batch)[0]) for batch in batches()]

    def shapes() -> Any:
        for batch in batches():
            rows, steps = rounds.whole(batch)
            yield row_weights(len(batch), rows), steps

    def longer(pair: tuple[Any, Any], shape: tuple[Any, Any]) -> tuple[Any, Any, Any]:
        (inputs, targets), (weights, steps) = pair, shape
        return (
            _longer(inputs, model.inputs, steps),
            _longer(targets, model.outputs, steps),
            weights,
        )

    signature = (tf.TensorSpec([None, 1], "float32"), tf.TensorSpec([], "int32"))
    return tf.data.Dataset.zip(
        source(filled),
        tf.data.Dataset.from_generator(shapes, output_signature=signature),
    ).map(longer)


def _longer(values: Any, specs: Sequence[Any], least: Any = 0) -> Any:
    """Tensors [batch, time, ...] with more steps, where the model leaves their number open.

    They have one of a few numbers of steps, `least` or more.
    """
    flat = keras.tree.flatten(values)
    # A model may have more outputs than targets, or a target without steps for an output with some.
    free = [len(spec.shape) > 1 and spec.shape[1] is None for spec in specs]
    free += [False] * (len(flat) - len(free))
    pairs = zip(flat, free, strict=False)
    longer = [_padded(value, least) if open_ else value for value, open_ in pairs]
    return keras.tree.pack_sequence_as(values, longer)


def _padded(value: Any, least: Any) -> Any:
    """[batch, time, ...] -> [batch, padded time, ...]; [batch] as it is."""
    if len(value.shape) < 2:
        return value
    time = tf.shape(value)[1]
    more = padded_size(tf.maximum(time, least)) - time
    return tf.pad(value, [[0, 0], [0, more], *[[0, 0]] * (len(value.shape) - 2)])


def optimizer_now(model: Any) -> Any:
    """The optimizer of a model that is being fitted, its variables up to date.

    On JAX Keras takes them out of the model for the time of `fit`, unless it is asked for them.
    """
    if on_jax():
        model.jax_state_sync()
    return model.optimizer


def predictor(task: Task, settings: Any, model: Any, features: Features) -> Predict:
    """The model of the moment: cases -> responses."""
    if not on_jax():
        return in_process(task, settings, model, features)
    standing = in_tensors(model)
    return lambda cases: answers(
        lambda raw: features.respond(standing, raw),
        cases,
        task.inputs,
        plan(cases, task.batching, settings),
    )


def in_tensors(model: Any) -> Any:
    """The model as features call it: with TensorFlow's tensors, whatever backend it is on."""
    return InTensors(model) if on_jax() else model


class InTensors:
    """A model on JAX that takes and gives TensorFlow's tensors, in few shapes; else the model."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        if training:
            raise ValueError("Features.respond answers; it calls the model with training=False")
        flat = keras.tree.flatten(inputs)
        rows = len(flat[0])
        steps = next(
            (
                value.shape[1]
                for value, spec in zip(flat, self._model.inputs, strict=True)
                if spec.shape[1:2] == (None,)
            ),
            None,
        )
        longer = keras.tree.map_structure(_more_rows, _longer(inputs, self._model.inputs))
        told = keras.tree.flatten(self._model.predict_on_batch(longer))
        cut = [
            value[:rows, :steps] if len(spec.shape) > 2 and spec.shape[1] is None else value[:rows]
            for value, spec in zip(told, self._model.outputs, strict=True)
        ]
        return keras.tree.pack_sequence_as(
            self._model.output, [tf.convert_to_tensor(value) for value in cut]
        )


def _more_rows(value: Any) -> np.ndarray:
    """[batch, ...] -> NumPy [padded batch, ...], the last row being repeated."""
    array = np.asarray(value)
    more = int(padded_size(len(array))) - len(array)
    return np.concatenate([array, np.repeat(array[-1:], more, axis=0)])


class NotWatched:
    """In place of Watch."""

    broken = False

    def start(self) -> None:
        """There is nothing to count."""

    def norm(self) -> None:
        """None is known."""

    def columns(self, steps: int) -> dict[str, float]:
        """None."""
        return {}


class NoProbes:
    """In place of Probes."""

    def take(self) -> dict[str, Any]:
        """None found."""
        return {"layers": {}, "lags": {}}


def watch(model: Any) -> Watch | NotWatched:
    """What counts the gradients of every step, and sees those of the whole batch."""
    if on_jax():
        return NotWatched()
    watch = Watch(model)
    if model.distribute_strategy.num_replicas_in_sync > 1:
        sum_first(model)
    return watch


def probes(settings: Any, model: Any, feed: Feed) -> Probes | NoProbes:
    """What looks at the gradients of some batches after a round."""
    return NoProbes() if on_jax() else Probes(settings, model, feed)


def guard(watch: Any, *, round_: int, batches: int, folder: Path, again: Any) -> Guard:
    """What stops training that broke."""
    kind = GuardOnJax if on_jax() else Guard
    return kind(watch, round_=round_, batches=batches, folder=folder, again=again)


class GuardOnJax(Guard):
    """Looks at the loss of every step, and at the weights at the end of the round."""

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if not all(
            np.isfinite(keras.ops.convert_to_numpy(v)).all() for v in self.model.trainable_variables
        ):
            raise RunError(
                f"Weights are not finite after round {self._round}. {STEPS} {self.last_good}"
            )

    def find(self, inputs: Any, targets: Any) -> Finding:
        return in_data(inputs, targets) or Finding(
            "Which layer broke is looked for on the TensorFlow backend only.", STEPS
        )
