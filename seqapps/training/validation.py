"""Answers to the validation cases after each round; what costs much to read is read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from seqapps.data.batching import plan
from seqapps.data.once import reading
from seqapps.data.paired import Source, kept_source
from seqapps.features import Features
from seqapps.predict import in_order
from seqapps.progress import SILENT, Progress
from seqapps.task import Case, Response, Task
from seqapps.training import backend


def validator(
    task: Task,
    settings: Any,
    model: Any,
    features: Features,
    valid: Sequence[Case],
    *,
    folder: Path,
    max_memory: int | None = None,
    progress: Progress = SILENT,
) -> Callable[[], list[Response]]:
    """What answers the validation cases by the model of the moment, as `backend.predictor` does.

    What `Features.once` makes of them is kept, see `kept_source`.
    """
    parts = plan(valid, task.batching, settings)

    def kept() -> Source | None:
        if type(features).once is Features.once or settings.epochs < 2:
            return None
        with reading(features, task.inputs, progress=progress) as once:
            return kept_source(
                features.once,
                task.inputs,
                valid,
                parts,
                split="validation",
                folder=folder,
                once=once,
                max_memory=max_memory,
                progress=progress,
            )

    source = kept()
    if source is None:
        predict = backend.predictor(task, settings, model, features)
        return lambda: predict(valid)
    data, standing = source(lambda: parts), backend.in_tensors(model)

    def respond(raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return features.respond(standing, raw)

    traced = tf.function(respond, input_signature=[data.element_spec])
    serve = respond if backend.on_jax() else traced
    return lambda: in_order(zip(parts, map(serve, data), strict=True), len(valid))
