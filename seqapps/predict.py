"""Whatever answers cases: the trained model in this process, or the exported artefact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seqapps.data.batching import Batch, batch_of, plan
from seqapps.errors import UserError
from seqapps.features import Features
from seqapps.progress import SILENT, Progress
from seqapps.start import stderr_aside
from seqapps.task import Ask, Case, Column, Predict, Response, Task
from seqapps.text.tokens import is_unicode

ASKED = 100  # cases in a batch of a signature with inputs of its own, whose length nobody knows
Serve = Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]]


def in_process(task: Task, settings: Any, model: Any, features: Features) -> Predict:
    """The trained model: cases -> responses, through the code that is exported."""
    respond = traced(features, model, method="respond", inputs=task.inputs)
    return lambda cases: answers(respond, cases, task.inputs, plan(cases, task.batching, settings))


def traced(features: Features, model: Any, *, method: str, inputs: Mapping[str, Column]) -> Serve:
    """A method of the features as a function of named tensors, as it is exported."""
    answer = getattr(features, method)
    found: Serve = tf.function(
        lambda raw: answer(model, raw), input_signature=[input_signature(inputs)]
    )
    return found


def exported(
    folder: Path,
    task: Task,
    settings: Any,
    *,
    signature: str | None = None,
    progress: Progress = SILENT,
) -> Predict:
    """The exported artefact: cases -> responses, by raw inputs only."""
    serve = load_signature(folder, signature or task.exported_as)

    def predict(cases: Sequence[Case]) -> list[Response]:
        batches = plan(cases, task.batching, settings)
        return answers(serve, cases, task.inputs, batches, progress=progress)

    return predict


def asking(folder: Path, task: Task, settings: Any) -> Ask:
    """Every signature of the exported artefact, by name; loaded once."""
    loaded = load_export(folder)
    return ask_by(task, settings, lambda name: signature(loaded, name, folder))


def ask_by(task: Task, settings: Any, serve_of: Callable[[str], Serve]) -> Ask:
    """Any signature, by what serves the one of a name; batched as that signature can be."""
    declared = task.declared(settings)

    def ask(name: str, cases: Sequence[Case]) -> list[Response]:
        inputs = declared[name].inputs
        return answers(serve_of(name), cases, inputs, _plan(task, settings, inputs, cases))

    return ask


def _plan(
    task: Task, settings: Any, inputs: Mapping[str, Column], cases: Sequence[Case]
) -> list[Batch]:
    if inputs == task.inputs:
        return plan(cases, task.batching, settings)
    return [
        np.arange(start, min(start + ASKED, len(cases))) for start in range(0, len(cases), ASKED)
    ]


def load_signature(folder: Path, name: str) -> Serve:
    """One signature of a SavedModel as a function of named tensors.

    Raises UserError where the folder holds no SavedModel or one without that signature.
    """
    return signature(load_export(folder), name, folder)


def load_export(folder: Path) -> Any:
    """A SavedModel. Raises UserError where the folder holds none that loads."""
    import tensorflow_text  # noqa: F401  # registers the operations that exports may use

    try:
        with stderr_aside():  # subwords tell that nothing is normalised
            return tf.saved_model.load(str(folder))
    except Exception as error:  # a damaged file makes TensorFlow raise nearly anything
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(f"{folder}: not a SavedModel that loads: {reason}") from None


def signature(loaded: Any, name: str, folder: Path) -> Serve:
    """A signature of the SavedModel that was loaded from `folder`."""
    if name not in loaded.signatures:
        raise UserError(f"{folder}: no signature {name!r}; it has {', '.join(loaded.signatures)}.")
    function = loaded.signatures[name]

    def serve(raw: dict[str, tf.Tensor], _keep: Any = loaded) -> dict[str, tf.Tensor]:
        answer: dict[str, tf.Tensor] = function(**raw)
        return answer  # the signature alone does not keep its variables alive

    return serve


def input_signature(inputs: Mapping[str, Column]) -> dict[str, tf.TensorSpec]:
    """Every raw input with a free batch axis in front."""
    return {
        name: tf.TensorSpec([None, *column.shape], column.dtype, name=name)
        for name, column in inputs.items()
    }


def answers(
    serve: Serve,
    cases: Sequence[Case],
    inputs: Mapping[str, Column],
    batches: Sequence[Batch],
    *,
    progress: Progress = SILENT,
) -> list[Response]:
    """The responses in the order of the cases, computed batch by batch."""
    with progress.track("answering", len(cases)) as advance:

        def answered() -> Iterator[tuple[Batch, dict[str, tf.Tensor]]]:
            for batch in batches:
                yield batch, serve(batch_of([cases[i] for i in batch], inputs))
                advance(len(batch))

        return in_order(answered(), len(cases))


def in_order(
    answered: Iterable[tuple[Batch, Mapping[str, tf.Tensor]]], cases: int
) -> list[Response]:
    """(positions, answer) of every batch -> the responses in the order of the cases."""
    found: list[Response] = [{}] * cases
    for batch, answer in answered:
        for position, response in zip(batch, split_batch(answer), strict=True):
            found[position] = response
    return found


def answer_raw(serve: Serve, rows: Sequence[Case], inputs: Mapping[str, Column]) -> list[Response]:
    """One batch of raw rows answered. Raises UserError where a value does not fit the model."""
    for row in rows:
        for name, column in inputs.items():
            _check_fits(name, column, row[name])
    return split_batch(serve(batch_of(rows, inputs)))


def _check_fits(name: str, column: Column, value: Any) -> None:
    if column.dtype == "string":
        if not isinstance(value, str | bytes):
            raise UserError(f"{name} is {value!r}, expected text.")
        if isinstance(value, str) and not is_unicode(value):
            raise UserError(f"{name} is {value[:60]!r}, which is not UTF-8 text.")
        return
    try:
        shape = np.asarray(value, column.dtype).shape
    except (TypeError, ValueError, OverflowError):
        kind = "a whole number" if column.kind == "integer" else "numbers"
        raise UserError(f"{name} is {str(value)[:60]}, expected {kind}.") from None
    if shape != column.shape:
        raise UserError(f"{name} has the shape {shape}, the model takes {column.shape}.")


def split_batch(batch: Mapping[str, tf.Tensor]) -> list[Response]:
    """A dict of [batch, ...] tensors as one plain dict per row: str, numbers, nested lists."""
    columns = {name: [plain(row) for row in tensor.numpy()] for name, tensor in batch.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def plain(value: Any) -> Any:
    """A NumPy value as str, number or nested list; bytes are UTF-8."""
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value.item() if isinstance(value, np.generic) else value
