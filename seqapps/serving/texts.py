"""How long texts may be, where a signature's type alone does not tell a text from a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

from seqapps import files
from seqapps.export.manifest import CLASSIFY, EXTRA
from seqapps.serving.errors import Refused, invalid
from seqapps.serving.limits import Limits
from seqapps.serving.loaded import Arrays

TEXTS = ("text", "category")  # kinds of columns; that of a picture is a string of bytes as well


def declared_texts(folder: Path) -> dict[str, frozenset[str]]:
    """Signature -> its inputs that `bundle.json` declares as text; {} for what is no bundle."""
    try:
        signatures = files.read_json(folder / EXTRA / "bundle.json")["signatures"]
        return {
            name: frozenset(
                key for key, column in told["inputs"].items() if column["kind"] in TEXTS
            )
            for name, told in signatures.items()
            if name != CLASSIFY  # whose input is declared as text, and is a serialized example
        }
    except (AttributeError, KeyError, OSError, TypeError, ValueError):
        return {}


def check_texts(inputs: Arrays, texts: Set[str], limits: Limits) -> None:
    """Raise Refused where an input of these names has a text that is too long."""
    for name in texts & inputs.keys():
        _check(inputs[name].flat, limits)


def check_features(features: Mapping[str, Any], texts: Set[str], limits: Limits) -> None:
    """The same for the features of a tf.train.Example."""
    for name in texts:
        if name in features:  # a map of protocol buffers makes what is looked up in vain
            _check(features[name].bytes_list.value, limits)


def too_long(characters: int, limits: Limits) -> Refused:
    """What is told of a text of so many characters."""
    return invalid(f"A text of {characters} characters; this server takes {limits.text}.")


def _check(texts: Iterable[Any], limits: Limits) -> None:
    for text in texts:
        if isinstance(text, bytes) and len(text) > limits.text:  # else it has no more characters
            characters = len(text.decode("utf-8", errors="replace"))
            if characters > limits.text:
                raise too_long(characters, limits)
