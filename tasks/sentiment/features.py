"""Texts to what the model takes, scores back to labels."""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from seqapps.features import Features
from seqapps.task import Row, State
from seqapps.text.words import chunks, padded

from .reader import Counting, Reader


def fit(rows: Iterable[Row], settings: Any) -> State:
    """Each member's vocabulary of the training texts, and the labels in alphabetical order."""
    labels: set[str] = set()
    members = {name: Counting(member) for name, member in settings.members().items()}
    for chunk in chunks(rows, characters=lambda row: len(row["text"])):
        labels.update(row["label"] for row in chunk)
        for member in members.values():
            member.add([row["text"] for row in chunk], [row["label"] for row in chunk])
    state: State = {"labels": sorted(labels)}
    for name, member in members.items():
        state |= {f"{name}_{key}": value for key, value in member.state().items()}
    return state


class TextFeatures(Features):
    """One reader for each member, of an ensemble or of a wide and deep network, or one alone."""

    def __init__(self, settings: Any, state: State) -> None:
        super().__init__()
        self.ensemble = settings.ensemble
        self.label_ids = keras.layers.StringLookup(vocabulary=state["labels"], num_oov_indices=0)
        self.labels = tf.constant(state["labels"])  # [labels]
        self.readers = {
            name: Reader(member, _of(name, state)) for name, member in settings.members().items()
        }

    def encode(self, text: tf.Tensor) -> Any:
        """String [batch] -> what the members take, one after the other; alone if it is one."""
        found = tuple(tensor for reader in self.readers.values() for tensor in reader.encode(text))
        return found if len(found) > 1 else found[0]

    def pair(self, batch: dict[str, tf.Tensor]) -> tuple[Any, Any]:
        inputs, labels = self.encode(batch["text"]), self.label_ids(batch["label"])  # [batch]
        if not self.ensemble:
            return inputs, labels
        return inputs, (labels,) * (1 + len(self.readers))  # the pool's and each member's scores

    def respond(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        scores = model(self.encode(raw["text"]))
        return self._answer(scores[0] if self.ensemble else scores)

    def entries(self, raw: dict[str, tf.Tensor]) -> dict[str, list[dict[str, float]]]:
        """The n-grams of each member that takes them."""
        return {
            f"{name}_terms": reader.entries(raw["text"])
            for name, reader in self.readers.items()
            if hasattr(reader, "terms")
        }

    def naive_bayes(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return self._member(model, raw, "naive_bayes")

    def recurrent(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return self._member(model, raw, "recurrent")

    def characters(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return self._member(model, raw, "characters")

    def explain(self, model: Any, raw: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """How much of the pooled vector each token gives."""
        name, reader = next(pair for pair in self.readers.items() if hasattr(pair[1], "ids"))
        tokens = padded(reader.tokens(raw["text"]))  # [batch, time]
        ids = reader.ids(tokens)
        pooling = model.get_layer("pooling")
        before = keras.tree.flatten(pooling.input)[0]  # the mask is an input of the layer too
        taken = model.get_layer(f"{name}_ids").output
        states = keras.Model(taken, before)(ids)  # [batch, time, units]
        weights = pooling.shares(states, mask=ids != 0)  # [batch, time]
        return {"tokens": tokens, "ids": ids, "weights": weights}

    def _member(self, model: Any, raw: dict[str, tf.Tensor], name: str) -> dict[str, tf.Tensor]:
        place = list(self.readers).index(name)
        reader, output = self.readers[name], model.output[1 + place]
        taken = [model.get_layer(f"{name}_{what}").output for what in reader.takes]
        return self._answer(keras.Model(taken, output)(list(reader.encode(raw["text"]))))

    def _answer(self, scores: tf.Tensor) -> dict[str, tf.Tensor]:
        return {
            "label": tf.gather(self.labels, tf.argmax(scores, axis=-1)),  # [batch]
            "scores": scores,  # [batch, labels]
            "labels": tf.tile(self.labels[None, :], [tf.shape(scores)[0], 1]),  # [batch, labels]
        }


def _of(name: str, state: State) -> State:
    """The member's own part of the state."""
    start = f"{name}_"
    return {key.removeprefix(start): state[key] for key in state if key.startswith(start)}
