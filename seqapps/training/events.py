"""TensorBoard's event files of a run: `tensorboard --logdir runs`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

UNTOLD = ("round", "steps", "cpu_seconds")


class Events:
    """Writes a round at a time into `folder`; scalars by the number of steps taken so far.

    What an earlier process left is written anew, from the history and the rounds of
    `gradients.json`, so that no round is there twice, whatever was killed. TensorBoard itself
    need not be installed.
    """

    def __init__(
        self,
        folder: Path,
        history: Sequence[Mapping[str, float]],
        gradients: Sequence[Mapping[str, Any]],
    ) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._writer = tf.summary.create_file_writer(str(folder))
        self._steps = 0
        layers = {found["round"]: found["layers"] for found in gradients}
        for entry in history:
            self.add(entry, layers.get(entry["round"], {}))

    def add(self, entry: Mapping[str, float], layers: Mapping[str, float]) -> None:
        """A line of the history, and the gradient's norm by layer."""
        self._steps += int(entry["steps"])
        with self._writer.as_default(step=self._steps):
            for name, value in entry.items():
                if name not in UNTOLD:
                    _scalar(_tag(name), value)
            for name, value in layers.items():
                _scalar(f"gradient/{name}", value)
        self._writer.flush()


def _tag(name: str) -> str:
    """valid_accuracy -> validation/accuracy; TensorBoard groups by what is before the stroke."""
    if name.startswith("valid_"):
        return f"validation/{name.removeprefix('valid_')}"
    return f"training/{name}"


def _scalar(tag: str, value: float) -> None:
    """What `tf.summary.scalar` writes; that one needs TensorBoard's own package."""
    metadata: Any = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"
    tf.summary.write(tag, tf.constant(value, "float32"), metadata=metadata)
