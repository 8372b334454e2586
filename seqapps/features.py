"""Where raw values become tensors, for training and for serving alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf


class Features(tf.Module):
    """Built from settings and state alone; tables and scalers are attributes, so they export.

    Each further signature that the task declares is a method `name(model, raw)` like `respond`.
    """

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        """Batch of cases, each column [batch, ...] -> (model inputs, targets). Runs in tf.data."""
        raise NotImplementedError

    def once(self, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Raw inputs, those that cost much to read as what they are read to; [batch, ...].

        Such as pictures, as a frozen encoder's features. `respond` takes the result in place of raw
        inputs and answers the same: validation cases, which are answered after every round, are
        read once. By default nothing costs much, and raw inputs are left as they are.
        """
        return raw

    def once_by(self) -> tuple[str, Sequence[Any]] | None:
        """(what people call that by which `once` reads, all that decides what it makes of a row).

        Such as an encoder: its name; and the hash of its weights, the size of pictures, and a
        number that is raised when they are prepared otherwise, as values that JSON has. Then what
        is made is kept for later runs, each row by its content, and training takes it, too: `pair`
        takes the result of `once` in place of raw inputs, as `respond` does. It is numbers, all of
        fixed shape. By default None: nothing outlasts a training.
        """
        return None

    def entries(self, raw: dict[str, tf.Tensor]) -> Mapping[str, Sequence[Mapping[str, float]]]:
        """What is counted or weighted in raw inputs, such as n-grams: name -> a dict for each row.

        `seqapps explain` shows the numbers that are not zero, beside the names that they are of.
        """
        return {}

    def known_values(self) -> Mapping[str, Sequence[str]]:
        """The values of inputs that training showed, where all others are one to the model.

        Such as names of series. They stand in the export's `bundle.json`, and `seqapps predict`
        says which series it is asked about are none of them.
        """
        return {}

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Batch of raw inputs -> the task's `answer`, each [batch, ...]. Is exported."""
        raise NotImplementedError
