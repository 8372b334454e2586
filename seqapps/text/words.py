"""Words or characters of a text, the same in training and inside the served graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import tensorflow as tf
import tensorflow_text as tf_text

NO_WORD = r"[^\p{L}\p{M}\p{N}'!?]+"
AT_ONCE = 4096  # texts; enough to hide the cost of a call, small beside any model
MOST_COUNTED = 5_000_000  # different tokens held at a time: about 600 MB
CHARACTERS_AT_ONCE = 300_000  # their n-grams up to 5 are 1.5 million strings, about 200 MB
Tokens = Callable[[tf.Tensor], tf.RaggedTensor]  # string [batch] -> string [batch, (tokens)]


def words(text: tf.Tensor) -> tf.RaggedTensor:
    """Normalised words and the marks ! and ?: string [batch] -> string [batch, (words)].

    "A lovely film!" -> a, lovely, film, !. Unicode is normalised (NFKC) and case folded, so that
    "Straße", "STRASSE" and composed or decomposed accents are the same words.
    """
    plain = normalised(text)
    plain = tf.strings.regex_replace(plain, "[’‘]", "'")
    plain = tf.strings.regex_replace(plain, "([!?])", r" \1 ")
    return tf.strings.split(tf.strings.regex_replace(plain, NO_WORD, " "))


def characters(text: tf.Tensor) -> tf.RaggedTensor:
    """Normalised characters, single spaces among them: string [batch] -> string [batch, (chars)].

    "A film!" -> a, " ", f, i, l, m, !. What scripts without spaces between words want: a Hangul
    syllable, a Chinese or a Japanese character is one token.
    """
    plain = tf.strings.regex_replace(normalised(text), r"\s+", " ")
    return tf.strings.unicode_split(tf.strings.strip(plain), "UTF-8", errors="replace")


TOKENS: dict[str, Tokens] = {"words": words, "characters": characters}  # by the setting `tokens`


class Frequency:
    """How often each token occurs, counted as texts come by.

    Where too many different ones are held, those seen rarest so far are dropped (Manku and Motwani
    2002, lossy counting): what is frequent in a large corpus survives, its count a little low.
    """

    def __init__(self, *, most: int = MOST_COUNTED) -> None:
        self.counts: Counter[bytes] = Counter()
        self._most_counted = most
        self._rarest = 1

    def add(self, tokens: tf.RaggedTensor) -> None:
        """Count the tokens of some texts: string [batch, (tokens)]."""
        self.counts.update(tokens.flat_values.numpy().tolist())
        while len(self.counts) > self._most_counted:
            self.counts = Counter({k: n for k, n in self.counts.items() if n > self._rarest})
            self._rarest += 1

    def most(self, size: int) -> list[str]:
        """The `size` most frequent tokens, ties in alphabetical order."""
        return ranked(self.counts, size=size)


def ranked(counts: Counter[bytes], *, size: int) -> list[str]:
    """The `size` most frequent of words that are counted already."""
    found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [word.decode() for word, _ in found[:size]]


def padded(tokens: tf.RaggedTensor) -> tf.Tensor:
    """Right padded with "" or 0: [batch, (tokens)] -> [batch, time], time at least 1.

    One column remains even when no row has a token, so that recurrent layers have a step to take.
    """
    nothing = tf.zeros([], tokens.dtype)  # "" of strings
    dense = tokens.to_tensor(nothing)  # [batch, time]
    missing = tf.maximum(0, 1 - tf.shape(dense)[1])
    return tf.pad(dense, [[0, 0], [0, missing]], constant_values=nothing)


def chunks(
    rows: Iterable[Any], *, characters: Callable[[Any], int] | None = None
) -> Iterator[list[Any]]:
    """The rows or texts, some thousands at a time; fewer where their `characters` are many."""
    chunk: list[Any] = []
    held = 0
    for row in rows:
        chunk.append(row)
        held += characters(row) if characters else 0
        if len(chunk) == AT_ONCE or held >= CHARACTERS_AT_ONCE:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def normalised(text: tf.Tensor) -> tf.Tensor:
    """Unicode normalised (NFKC) and case folded: string [...] -> string [...]."""
    return tf_text.case_fold_utf8(tf_text.normalize_utf8(text, "NFKC"))
