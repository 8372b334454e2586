"""Whole numbers for tokens: what the first three mean, and what every codec can do."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

PADDING = 0
BOUNDARY = 1  # where a document starts and where it ends: one token for both, as in GPT-2
UNKNOWN = 2
SPECIAL = 3  # the first id of the vocabulary
NAMES = ("<padding>", "<boundary>", "<unk>")
VISIBLE = str.maketrans({" ": "␣", "\n": "↵", "\t": "⇥"})


class Codec(tf.Module):
    """Text to token ids and back, as TensorFlow graph code that exports with its vocabulary.

    `pieces` is the text of each id, `size` their number. Texts of ids in sequence are those of
    their parts one after the other: what a model adds to a prompt is decoded by itself, and
    decode(prompt + new) is decode(prompt) followed by decode(new). In subwords, that holds where
    the cut is not inside of a character.

    `unfinished` are ids that stand before a word which is not known: a search that must not write
    the unknown one must not write them either.
    """

    unfinished: Sequence[int] = ()

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__()
        self.size = len(pieces)
        self.pieces = tf.constant(list(pieces), tf.string)  # [size]

    def encode(self, text: tf.Tensor) -> tf.RaggedTensor:
        """Ids without boundaries: string [batch] -> int32 [batch, (tokens)].

        Bytes that are no UTF-8 are read as U+FFFD.
        """
        raise NotImplementedError

    def cut(self, text: tf.Tensor) -> tf.RaggedTensor:
        """The part of the text that each id stands for: string [batch] -> string [batch, (tokens)].

        As it is in the text where it is unknown, too.
        """
        raise NotImplementedError

    def decode(self, ids: tf.Tensor, *, partial: bool = False) -> tf.Tensor:
        """The text of ids: int32 [batch, time] -> string [batch], valid UTF-8.

        Padding and boundaries are skipped. `partial` leaves out a character at the end of which
        bytes may still be missing, so that the text of ids that come one by one only grows.
        Raises InvalidArgumentError for an id outside of the vocabulary.
        """
        return tf.strings.reduce_join(tf.gather(self.pieces, ids), axis=1)

    def names(self) -> list[str]:
        """A readable name of each id, spaces and newlines visible: [size]."""
        pieces = self.pieces.numpy()[SPECIAL:]
        return [*NAMES, *(visible(piece.decode(errors="replace")) for piece in pieces)]


def visible(token: str) -> str:
    r"""The token as it is shown to people.

    >>> visible(" the\n\x00")
    '␣the↵\\x00'
    """
    shown = token.translate(VISIBLE)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def valid(text: tf.Tensor) -> tf.Tensor:
    """Each sequence of bytes that is no UTF-8 becomes U+FFFD; all else stays: string [batch]."""
    return tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
