"""What a training reads: its rounds, and what makes tensors of their batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqapps.data.batching import Batch, batch_of
from seqapps.data.paired import Source, source_of
from seqapps.data.streams import Documents, goes_on_of, stream_source
from seqapps.features import Features
from seqapps.progress import SILENT, Progress
from seqapps.task import Case, Streams, Task
from seqapps.training.rounds import Rounds, StreamRounds


@dataclass(frozen=True)
class Feed:
    """The rounds of a training, a maker of pipelines, and (inputs, targets) of a single batch."""

    rounds: Rounds
    source: Source
    pair: Callable[[Batch], tuple[Any, Any]]


def feed_of(
    task: Task,
    settings: Any,
    features: Features,
    cases: Sequence[Case],
    *,
    seed: int,
    folder: Path,
    lengths: np.ndarray | None = None,
    max_memory: int | None = None,
    progress: Progress = SILENT,
) -> Feed:
    """What this training reads; see `train` for what it is given."""
    if isinstance(task.batching, Streams):
        stream = stream_source(
            task,
            settings,
            features,
            cases,
            folder=folder,
            max_memory=max_memory,
            progress=progress,
        )
        documents = Documents(
            stream.lengths,
            goes_on_of(cases, task.batching),
            rows=settings.batch_size,
            steps=settings.steps,
            seed=seed,
        )
        return Feed(StreamRounds(documents, settings), stream, stream.pair)

    def pair(batch: Batch) -> tuple[Any, Any]:
        return features.pair(batch_of([cases[case] for case in batch], task.columns))

    rounds = Rounds(task, cases, settings, seed=seed, lengths=lengths)
    source = source_of(
        task,
        settings,
        features,
        cases,
        folder=folder,
        lengths=lengths,
        max_memory=max_memory,
        progress=progress,
    )
    return Feed(rounds, source, pair)
