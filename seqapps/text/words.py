"""Words of a text, the same in training and inside the served graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

import tensorflow as tf
import tensorflow_text as tf_text

NO_WORD = r"[^\p{L}\p{M}\p{N}'!?]+"
AT_ONCE = 4096  # texts; enough to hide the cost of a call, small beside any model


def words(text: tf.Tensor) -> tf.RaggedTensor:
    """Normalised words and the marks ! and ?: string [batch] -> string [batch, (words)].

    "A lovely film!" -> a, lovely, film, !. Unicode is normalised (NFKC) and case folded, so that
    "Straße", "STRASSE" and composed or decomposed accents are the same words.
    """
    plain = tf_text.case_fold_utf8(tf_text.normalize_utf8(text, "NFKC"))
    plain = tf.strings.regex_replace(plain, "[’‘]", "'")
    plain = tf.strings.regex_replace(plain, "([!?])", r" \1 ")
    return tf.strings.split(tf.strings.regex_replace(plain, NO_WORD, " "))


def most_frequent(texts: Iterable[str], *, size: int) -> list[str]:
    """The `size` most frequent words, ties in alphabetical order."""
    counts: Counter[bytes] = Counter()
    for chunk in _chunks(texts):
        counts.update(words(tf.constant(chunk)).flat_values.numpy().tolist())
    return ranked(counts, size=size)


def ranked(counts: Counter[bytes], *, size: int) -> list[str]:
    """The `size` most frequent of words that are counted already."""
    found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [word.decode() for word, _ in found[:size]]


def padded(tokens: tf.RaggedTensor, *, longest: int) -> tf.Tensor:
    """Right padded with "": [batch, (tokens)] -> [batch, time], time from 1 to `longest`.

    One column remains even when no row has a token, so that recurrent layers have a step to take.
    """
    dense = tokens[:, :longest].to_tensor("")  # [batch, time]
    missing = tf.maximum(0, 1 - tf.shape(dense)[1])
    return tf.pad(dense, [[0, 0], [0, missing]], constant_values="")


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(texts)
    while chunk := list(islice(iterator, AT_ONCE)):
        yield chunk
